// SPDX-License-Identifier: LGPL-2.1-or-later
// The `tensors` field of caps.
#include <string>

#include "gst/common/pointers.h"
#include "gst/common/row_info.h"
#include "gst/common/tensor.h"

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
  if (!have_tensor_meta() || !have_tensor_caps() || !gst_caps_is_fixed(caps)) return;
  const auto info = RowInfo::from_caps(caps);
  if (!info) return;
  const bool mel_major = info->layout() == Layout::mel_major;
  const int outer = mel_major ? info->width() : info->frames();
  const int inner = mel_major ? info->frames() : info->width();
  const std::string id = info->mel() != nullptr ? kMelTensorId : kFeatureTensorId;

  // The types of this syntax exist from 1.28 on only: text is the way that needs no newer headers.
  const std::string text = "holder, tensors=(structure)[tensorgroups, " + id +
                           "=(/uniquelist){(GstCaps)[tensor/strided, tensor-id=(string)" + id +
                           ", dims=<(int)1,(int)" + std::to_string(outer) + ",(int)" +
                           std::to_string(inner) +
                           ">, dims-order=(string)row-major, type=(string)" +
                           (info->type() == ElementType::f16 ? "float16" : "float32") + "]}]";
  const StructurePtr holder(gst_structure_from_string(text.c_str(), nullptr));
  if (holder) gst_caps_set_value(caps, "tensors", gst_structure_get_value(holder.get(), "tensors"));
}

}  // namespace npumel
