// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>

#include "gst/common/pointers.h"
#include "gst/npumelspec/tensor.h"

namespace npumel {
namespace {

bool have_tensor_caps() {
  guint major = 0;
  guint minor = 0;
  guint micro = 0;
  guint nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  return major > 1 || (major == 1 && minor >= 28);
}

}  // namespace

void describe_tensor(GstCaps* caps) {
  if (!have_tensor_caps() || !gst_caps_is_fixed(caps)) return;
  GstStructure* structure = gst_caps_get_structure(caps, 0);
  int mels = 0;
  int frames = 0;
  if (!gst_structure_has_name(structure, "audio/x-mel-spectrogram") ||
      !gst_structure_get_int(structure, "mels", &mels) ||
      !gst_structure_get_int(structure, "frames", &frames))
    return;
  const bool mel_major = g_strcmp0(gst_structure_get_string(structure, "layout"), "mel-major") == 0;
  const bool half = g_strcmp0(gst_structure_get_string(structure, "format"), "F16LE") == 0;

  // The types of this syntax exist from 1.28 on only: text is the way that needs no newer headers.
  const std::string text =
      std::string("holder, tensors=(structure)[tensorgroups, ") + kTensorId +
      "=(/uniquelist){(GstCaps)[tensor/strided, tensor-id=(string)" + kTensorId +
      ", dims=<(int)1,(int)" + std::to_string(mel_major ? mels : frames) + ",(int)" +
      std::to_string(mel_major ? frames : mels) + ">, dims-order=(string)row-major, type=(string)" +
      (half ? "float16" : "float32") + "]}]";
  const StructurePtr holder(gst_structure_from_string(text.c_str(), nullptr));
  if (holder)
    gst_structure_set_value(structure, "tensors", gst_structure_get_value(holder.get(), "tensors"));
}

}  // namespace npumel
