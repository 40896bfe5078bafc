// SPDX-License-Identifier: LGPL-2.1-or-later
// One view of both kinds of caps.
#include "gst/common/row_info.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

std::optional<RowInfo> rows_of(const char* text) {
  const CapsPtr caps(gst_caps_from_string(text));
  return RowInfo::from_caps(caps.get());
}

constexpr const char* kMel =
    "audio/x-mel-spectrogram, format=F16LE, layout=mel-major, mels=80, frames=10, rate=16000, "
    "hop-length=160, framerate=20/1";
constexpr const char* kFeatures =
    "audio/x-speech-features, format=F32LE, layout=frame-major, dims=560, frames=3, rate=8000, "
    "hop-length=480, framerate=50/9, kind=mel+stack";

TEST(RowInfo, ReadsBothKinds) {
  const auto mel = rows_of(kMel);
  ASSERT_TRUE(mel && mel->mel() && !mel->features());
  EXPECT_EQ(mel->type(), ElementType::f16);
  EXPECT_EQ(mel->layout(), Layout::mel_major);
  EXPECT_EQ(mel->width(), 80);
  EXPECT_EQ(mel->frames(), 10);
  EXPECT_EQ(mel->rate(), 16000);
  EXPECT_EQ(mel->hop(), 160);
  EXPECT_EQ(mel->stride(), 5);
  EXPECT_TRUE(mel->overlaps());
  EXPECT_EQ(mel->row_size(), 160U);

  const auto features = rows_of(kFeatures);
  ASSERT_TRUE(features && features->features() && !features->mel());
  EXPECT_EQ(features->type(), ElementType::f32);
  EXPECT_EQ(features->layout(), Layout::frame_major);
  EXPECT_EQ(features->width(), 560);
  EXPECT_EQ(features->frames(), 3);
  EXPECT_EQ(features->rate(), 8000);
  EXPECT_EQ(features->hop(), 480);
  EXPECT_EQ(features->buffers_n(), 50);
  EXPECT_EQ(features->buffers_d(), 9);
  EXPECT_EQ(features->stride(), 3);
  EXPECT_FALSE(features->overlaps());
  EXPECT_EQ(features->row_size(), 2240U);

  EXPECT_FALSE(rows_of("audio/x-raw, format=F32LE, layout=interleaved, rate=16000, channels=1"));
}

TEST(RowInfo, TellsDifferences) {
  const auto mel = rows_of(kMel);
  const auto features = rows_of(kFeatures);
  EXPECT_TRUE(mel->same_features(*mel));
  EXPECT_TRUE(features->same_features(*features));
  EXPECT_FALSE(mel->same_features(*features));
  EXPECT_FALSE(features->same_features(*mel));
  EXPECT_EQ(to_text(features->differs(*mel)),
            "caps: wanted audio/x-mel-spectrogram, have audio/x-speech-features");
  const auto other = rows_of(
      "audio/x-speech-features, format=F32LE, layout=frame-major, dims=561, frames=1, rate=8000, "
      "hop-length=480, framerate=50/3, kind=mel+stack");
  EXPECT_FALSE(features->same_features(*other));
  EXPECT_EQ(to_text(features->differs(*other)),
            "dims: wanted 561, have 560; frames: wanted 1, have 3; framerate: wanted 50/3, have "
            "50/9");
}

}  // namespace
}  // namespace npumel
