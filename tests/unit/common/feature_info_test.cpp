// SPDX-License-Identifier: LGPL-2.1-or-later
// The caps contract of audio/x-speech-features: what is read, what is written, what differs.
#include "gst/common/feature_info.h"

#include <gtest/gtest.h>

#include <string>

namespace npumel {
namespace {

CapsPtr feature_caps(const std::string& text) {
  return CapsPtr(gst_caps_from_string(text.c_str()));
}

std::optional<FeatureInfo> parse_features(const std::string& text) {
  return FeatureInfo::from_caps(feature_caps(text).get());
}

constexpr const char* kFewest =
    "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39, frames=100";

FeatureInfo mfcc() {
  FeatureInfo info;
  info.dims = 39;
  info.kind = "mel+dct+deltas";
  info.frames = 50;
  info.rate = 16000;
  info.hop_length = 160;
  info.buffers_n = 2;
  info.recipe_id = "0123456789abcdef";
  info.transform_id = "fedcba9876543210";
  info.more = {{"log", "ln"}, {"normalize", "none"}};
  return info;
}

TEST(FeatureInfo, SpellsEveryField) {
  const CapsPtr expected = feature_caps(
      "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39, frames=50, "
      "framerate=2/1, kind=mel+dct+deltas, rate=16000, hop-length=160, "
      "recipe-id=(string)0123456789abcdef, transform-id=(string)fedcba9876543210, log=ln, "
      "normalize=none");
  const CapsPtr made = mfcc().to_caps();
  const TextPtr text(gst_caps_to_string(made.get()));
  EXPECT_TRUE(gst_caps_is_equal(made.get(), expected.get())) << text.get();
}

TEST(FeatureInfo, IsTheSameAfterCaps) {
  FeatureInfo info = mfcc();
  info.type = ElementType::f16;
  info.layout = Layout::mel_major;
  info.more.emplace("later", 7);
  EXPECT_EQ(FeatureInfo::from_caps(info.to_caps().get()), info);
  EXPECT_EQ(FeatureInfo::from_caps(parse_features(kFewest)->to_caps().get()),
            parse_features(kFewest));
}

TEST(FeatureInfo, NeedsWhatABufferIsReadWith) {
  ASSERT_TRUE(parse_features(kFewest));
  EXPECT_EQ(parse_features(kFewest)->rate, 0);
  EXPECT_EQ(parse_features(kFewest)->kind, "");
  EXPECT_FALSE(FeatureInfo::from_caps(nullptr));
  for (const char* broken :
       {"audio/x-mel-spectrogram, format=F32LE, layout=frame-major, dims=39, frames=100",
        "audio/x-speech-features, layout=frame-major, dims=39, frames=100",
        "audio/x-speech-features, format=S16LE, layout=frame-major, dims=39, frames=100",
        "audio/x-speech-features, format=F32LE, dims=39, frames=100",
        "audio/x-speech-features, format=F32LE, layout=frame-major, mels=39, frames=100",
        "audio/x-speech-features, format=F32LE, layout=frame-major, dims=0, frames=100",
        "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39",
        "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39, frames=-1",
        "audio/x-speech-features, format=F32LE, layout=frame-major, dims=39, frames=[1,2]"})
    EXPECT_FALSE(parse_features(broken)) << broken;
}

TEST(FeatureInfo, BuffersOfAnotherLengthAreTheSameFeatures) {
  FeatureInfo shorter = mfcc();
  shorter.frames = 7;
  shorter.buffers_d = 3;
  EXPECT_NE(shorter, mfcc());
  EXPECT_TRUE(shorter.same_features(mfcc()));
  shorter.transform_id = "0";
  EXPECT_FALSE(shorter.same_features(mfcc()));
}

TEST(FeatureInfo, SaysWhichFieldsDifferAndTheIdsLast) {
  FeatureInfo have = mfcc();
  have.dims = 13;
  have.kind = "mel+dct";
  have.transform_id = "1111111111111111";
  have.recipe_id = "";
  have.more.erase("log");
  EXPECT_EQ(to_text(have.differs(mfcc())),
            "kind: wanted mel+dct+deltas, have mel+dct; dims: wanted 39, have 13; log: wanted ln, "
            "have (none); transform-id: wanted fedcba9876543210, have 1111111111111111; recipe-id: "
            "wanted 0123456789abcdef, have ");
}

TEST(FeatureInfo, EachMemberIsCompared) {
  const auto changed = [&](auto change) {
    FeatureInfo other = mfcc();
    change(other);
    EXPECT_NE(other, mfcc());
    const auto differences = other.differs(mfcc());
    EXPECT_EQ(differences.size(), 1U);
    return differences.empty() ? std::string() : differences[0].field;
  };
  EXPECT_EQ(changed([](FeatureInfo& i) { i.type = ElementType::f16; }), "format");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.layout = Layout::mel_major; }), "layout");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.dims = 1; }), "dims");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.kind = "mel"; }), "kind");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.frames = 1; }), "frames");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.rate = 8000; }), "rate");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.hop_length = 8; }), "hop-length");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.buffers_n = 1; }), "framerate");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.recipe_id = "2"; }), "recipe-id");
  EXPECT_EQ(changed([](FeatureInfo& i) { i.transform_id = "2"; }), "transform-id");
}

TEST(FeatureInfo, RowsAreOfMelsWhereNoStepMixedThem) {
  const auto of_mels = [](const char* kind) {
    FeatureInfo info;
    info.kind = kind;
    return info.rows_of_mels();
  };
  for (const char* kind : {"mel", "mel+cmvn", "mel+pcen", "mel+pcen+cmvn"})
    EXPECT_TRUE(of_mels(kind)) << kind;
  for (const char* kind : {"", "mel+dct", "mel+deltas", "mel+stack", "mel+cmvn+stack", "cmvn",
                           "melody", "mel+", "mel+cmvn+", "mel+mel", "+mel", "mel+cmvnx"})
    EXPECT_FALSE(of_mels(kind)) << kind;
}

TEST(FeatureInfo, Stride) {
  EXPECT_EQ(mfcc().stride(), 50);
  FeatureInfo info = mfcc();
  info.buffers_n = 4;
  EXPECT_EQ(info.stride(), 25);
  info.hop_length = 0;
  EXPECT_EQ(info.stride(), 0);
}

}  // namespace
}  // namespace npumel
