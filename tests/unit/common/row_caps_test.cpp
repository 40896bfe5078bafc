// SPDX-License-Identifier: LGPL-2.1-or-later
// Tensors that are offered, caps of short buffers, and why nothing links.
#include "gst/common/row_caps.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

CapsPtr row_caps(const char* text) { return CapsPtr(gst_caps_from_string(text)); }

bool offers(const GstCaps* offer, const char* dimensions) {
  const CapsPtr wanted(
      gst_caps_new_simple(kTensorMediaType, "dimensions", G_TYPE_STRING, dimensions, nullptr));
  return gst_caps_can_intersect(offer, wanted.get()) != FALSE;
}

TEST(TensorOffer, SpellsTheShapeAsAnyPeerDoes) {
  const CapsPtr both = tensor_offer({}, 80, 50, 2, 1);
  for (const char* dimensions : {"80:50", "80:50:1", "80:50:1:1", "50:80:1"})
    EXPECT_TRUE(offers(both.get(), dimensions)) << dimensions;
  for (const char* dimensions : {"81:50:1", "80:50:2", "80:5"})
    EXPECT_FALSE(offers(both.get(), dimensions)) << dimensions;
  const CapsPtr one = tensor_offer({.frame_major = false, .mel_major = true}, 80, 50, 2, 1);
  EXPECT_FALSE(offers(one.get(), "80:50:1"));
  EXPECT_TRUE(offers(one.get(), "50:80:1"));
}

TEST(TensorOffer, TheLayoutIsToldByTheInnerDimension) {
  const auto layout = [](Layouts layouts, const char* dimensions) {
    const CapsPtr caps(
        gst_caps_new_simple(kTensorMediaType, "dimensions", G_TYPE_STRING, dimensions, nullptr));
    return layout_of_tensor(layouts, 80, gst_caps_get_structure(caps.get(), 0));
  };
  EXPECT_EQ(layout({}, "80:50:1"), Layout::frame_major);
  EXPECT_EQ(layout({}, "50:80:1"), Layout::mel_major);
  EXPECT_EQ(layout({}, "80:80:1"), Layout::frame_major);
  EXPECT_EQ(layout({.frame_major = false, .mel_major = true}, "80:80:1"), Layout::mel_major);
}

TEST(WithFrames, ChangesTheNumberOfRowsAlone) {
  const CapsPtr features = row_caps(
      "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39, frames=10, "
      "framerate=1/1");
  const CapsPtr shorter(
      gst_caps_make_writable(with_frames(features.get(), Layout::frame_major, 3).release()));
  // The same number once more, with GStreamer 1.28.
  gst_structure_remove_field(gst_caps_get_structure(shorter.get(), 0), "tensors");
  const CapsPtr expected = row_caps(
      "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39, frames=3, "
      "framerate=1/1");
  EXPECT_TRUE(gst_caps_is_equal(shorter.get(), expected.get()));
  const CapsPtr tensor = row_caps("other/tensors, dimensions=(string)39:10:1:1");
  EXPECT_TRUE(gst_caps_is_equal(with_frames(tensor.get(), Layout::frame_major, 3).get(),
                                row_caps("other/tensors, dimensions=(string)39:3:1:1").get()));
  EXPECT_TRUE(gst_caps_is_equal(with_frames(tensor.get(), Layout::mel_major, 3).get(),
                                row_caps("other/tensors, dimensions=(string)3:10:1:1").get()));
}

TEST(ExplainMismatch, NamesTheFieldOrTheMediaTypes) {
  const CapsPtr have = row_caps("audio/x-speech-features, dims=39, kind=mel+dct; other/tensors");
  EXPECT_EQ(explain_mismatch(have.get(), row_caps("audio/x-speech-features, dims=13").get(), "it",
                             "rows"),
            "dims: wanted 13, have 39");
  EXPECT_EQ(explain_mismatch(have.get(), row_caps("video/x-raw; audio/x-raw").get(), "it", "rows"),
            "the next element takes video/x-raw, audio/x-raw and it makes rows");
}

}  // namespace
}  // namespace npumel
