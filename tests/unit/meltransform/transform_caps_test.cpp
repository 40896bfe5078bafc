// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps that are offered for rows of a fixed kind, and for rows that are not
// known yet.
#include "gst/meltransform/transform_caps.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

CapsPtr made_of(const TransformRecipe& recipe, const char* sink) {
  const CapsPtr caps(gst_caps_from_string(sink));
  return transform_source_caps(recipe, caps.get());
}

bool links(const CapsPtr& offer, const char* wanted) {
  const CapsPtr caps(gst_caps_from_string(wanted));
  return gst_caps_can_intersect(offer.get(), caps.get()) != FALSE;
}

TransformRecipe mfcc() { return resolve_transform(TransformPreset::mfcc13_kaldi, {}); }

// As npumelspec offers them: format and layout are open.
constexpr const char* kOffered =
    "audio/x-mel-spectrogram, format={F32LE,F16LE}, "
    "layout={frame-major,mel-major}, mels=23, "
    "frames=10, framerate=10/1, rate=16000, hop-length=160, log=ln, "
    "normalize=none, channels=1";

TEST(TransformCaps, OfRowsThatAreKnownButForTheirForm) {
  const CapsPtr offer = made_of(mfcc(), kOffered);
  EXPECT_TRUE(links(offer, "audio/x-speech-features, dims=13, kind=mel+dct, frames=10"));
  EXPECT_TRUE(links(offer, "audio/x-speech-features, format=F16LE, layout=mel-major"));
  EXPECT_FALSE(links(offer, "audio/x-speech-features, dims=14"));
  EXPECT_FALSE(links(offer, "audio/x-speech-features, transform-id=(string)0123456789abcdef"));
  EXPECT_TRUE(links(
      offer, ("audio/x-speech-features, transform-id=(string)" + transform_id(mfcc())).c_str()));
  EXPECT_TRUE(links(offer, "other/tensors, dimensions=(string)13:10:1"));
  EXPECT_TRUE(links(offer, "other/tensors, dimensions=(string)10:13:1"));
  EXPECT_FALSE(links(offer, "other/tensors, dimensions=(string)13:11:1"));
  EXPECT_FALSE(links(offer, "audio/x-mel-spectrogram"));
}

TEST(TransformCaps, ClipsAreNoTensorsAndPowersNoHalves) {
  const CapsPtr clips = made_of(mfcc(),
                                "audio/x-mel-spectrogram, format=F32LE, "
                                "layout=frame-major, mels=23, frames=0");
  EXPECT_FALSE(links(clips, "other/tensors"));
  EXPECT_TRUE(links(clips, "audio/x-speech-features, frames=0"));
  const char* powers =
      "audio/x-mel-spectrogram, format=F32LE, "
      "layout=frame-major, mels=23, frames=10, log=none, "
      "rate=16000, hop-length=160";
  EXPECT_FALSE(links(made_of(mfcc(), powers), "audio/x-speech-features, format=F16LE"));
  TransformOverrides pcen;
  pcen.pcen = PcenType::librosa;
  EXPECT_TRUE(links(made_of(resolve_transform(TransformPreset::none, pcen), powers),
                    "audio/x-speech-features, format=F16LE"));
}

TEST(TransformCaps, OfRowsThatAreNotKnownYetAnything) {
  EXPECT_TRUE(links(made_of(mfcc(), "audio/x-mel-spectrogram, mels=[1,100]"),
                    "audio/x-speech-features, dims=99"));
  // And of those that the recipe does not go with: the reason is told when caps
  // come.
  EXPECT_TRUE(links(made_of(mfcc(),
                            "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, "
                            "mels=12, frames=10, rate=16000, hop-length=160"),
                    "audio/x-speech-features, dims=99"));
}

TEST(TransformCaps, TheRateThatIsWantedIsTheOneThatIsAskedFor) {
  const CapsPtr wanted(gst_caps_from_string("audio/x-speech-features, rate=8000"));
  const CapsPtr rows = transform_sink_caps(wanted.get());
  EXPECT_TRUE(links(rows, "audio/x-mel-spectrogram, rate=8000"));
  EXPECT_FALSE(links(rows, "audio/x-mel-spectrogram, rate=16000"));
  EXPECT_TRUE(links(rows, "audio/x-speech-features, rate=8000"));
}

TEST(FormatOf, WhatWasNegotiated) {
  const auto format = [](const char* text) {
    const CapsPtr caps(gst_caps_from_string(text));
    return format_of(caps.get(), 13);
  };
  const RowFormat features = format(
      "audio/x-speech-features, format=F16LE, "
      "layout=mel-major, dims=13, frames=10");
  EXPECT_EQ(features.type, ElementType::f16);
  EXPECT_EQ(features.layout, Layout::mel_major);
  EXPECT_EQ(format("other/tensors, dimensions=(string)10:13:1").layout, Layout::mel_major);
  EXPECT_EQ(format("other/tensors, dimensions=(string)13:10:1").layout, Layout::frame_major);
}

}  // namespace
}  // namespace npumel
