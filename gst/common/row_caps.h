// SPDX-License-Identifier: LGPL-2.1-or-later
// What producers of rows offer on their source pads besides MelInfo and FeatureInfo: lists of
// formats, NNStreamer's tensors, caps of a short buffer, and why the next element takes none of it.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "gst/common/pointers.h"
#include "kernels/mel/rows.h"

namespace npumel {

inline constexpr const char* kTensorMediaType = "other/tensors";

/// Sets a field to the one of `values`, or to a list of them, the preferred one first.
void set_strings(GstStructure* structure, const char* field,
                 const std::vector<std::string>& values);

/// Layouts that a producer can make.
struct Layouts {
  bool frame_major = true;
  bool mel_major = true;
};

/// other/tensors of one float32 tensor of `width` values times `frames` >= 1 rows.
CapsPtr tensor_offer(Layouts layouts, int width, int frames, int buffers_n, int buffers_d);
/// Which layout fixed other/tensors caps of that offer stand for.
Layout layout_of_tensor(Layouts layouts, int width, const GstStructure* structure);

/// The same fixed caps (of either media type, or other/tensors) for a buffer of another number of
/// rows.
CapsPtr with_frames(const GstCaps* caps, Layout layout, int frames);

/// Why two caps do not intersect: which field differs, what the peer wants, what there is. `maker`
/// is the element's name, `makes` its media type.
std::string explain_mismatch(const GstCaps* have, const GstCaps* wanted, const char* maker,
                             const char* makes);

}  // namespace npumel
