// SPDX-License-Identifier: LGPL-2.1-or-later
// The features as GStreamer's own tensors (libgstanalytics).
//
// Both say the same: one tensor, id and group "mel-spectrogram", row-major, dimensions
// (1, frames, mels) for layout=frame-major and (1, mels, frames) for mel-major, float32 or float16.
#pragma once

#include <gst/gst.h>

#include "kernels/mel/rows.h"

namespace npumel {

inline constexpr const char* kTensorId = "mel-spectrogram";

/// Whether attach_tensor_meta() does anything: a build with libgstanalytics (GStreamer 1.26).
bool have_tensor_meta() noexcept;

/// Adds the `tensors` field of GStreamer 1.28 to fixed audio/x-mel-spectrogram caps, or brings it
/// up to date; with an older GStreamer, which cannot parse its syntax, without have_tensor_meta(),
/// which the field promises, and for other caps nothing happens. frames=0 (any number) is
/// dimension 0.
void describe_tensor(GstCaps* caps);

/// Attaches GstTensorMeta to a buffer of `frames` frames. The tensor's data is a second buffer that
/// shares the memory: were it the buffer itself, neither would ever be freed. Does nothing
/// without have_tensor_meta().
void attach_tensor_meta(GstBuffer* buffer, Layout layout, ElementType type, int mels, int frames);

}  // namespace npumel
