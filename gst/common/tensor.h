// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows as GStreamer's own tensors (libgstanalytics).
//
// Caps and meta say the same: one tensor, id and group "mel-spectrogram" or "speech-features",
// row-major, dimensions (1, frames, values) for layout=frame-major and (1, values, frames) for
// mel-major, float32 or float16.
#pragma once

#include <gst/gst.h>

#include "kernels/mel/rows.h"

namespace npumel {

inline constexpr const char* kMelTensorId = "mel-spectrogram";
inline constexpr const char* kFeatureTensorId = "speech-features";

/// Whether attach_tensor_meta() does anything: a build with libgstanalytics (GStreamer 1.26).
bool have_tensor_meta() noexcept;

/// Adds the `tensors` field of GStreamer 1.28 to fixed mel or feature caps, or brings it up to
/// date; with an older GStreamer, which cannot parse its syntax, without have_tensor_meta(), which
/// the field promises, and for other caps nothing happens. frames=0 (any number) is dimension 0.
void describe_tensor(GstCaps* caps);

/// Attaches GstTensorMeta to a buffer of `frames` rows of `width` values. `id` is one of those
/// above. The tensor's data is a second buffer that shares the memory: were it the buffer itself,
/// neither would ever be freed. Does nothing without have_tensor_meta().
void attach_tensor_meta(GstBuffer* buffer, const char* id, Layout layout, ElementType type,
                        int width, int frames);

}  // namespace npumel
