// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps promise tensors only where buffers carry them; linked with the build that has no meta.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include "gst/common/pointers.h"
#include "gst/common/tensor.h"

namespace npumel {
namespace {

TEST(TensorCaps, AreNotPromisedByABuildThatAttachesNoMeta) {
  gst_init(nullptr, nullptr);
  ASSERT_FALSE(have_tensor_meta());
  const CapsPtr caps(gst_caps_from_string(
      "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, frames=100"));
  describe_tensor(caps.get());
  EXPECT_FALSE(gst_structure_has_field(gst_caps_get_structure(caps.get(), 0), "tensors"));
}

}  // namespace
}  // namespace npumel
