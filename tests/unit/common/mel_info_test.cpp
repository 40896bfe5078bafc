// SPDX-License-Identifier: LGPL-2.1-or-later
// The caps contract of audio/x-mel-spectrogram: what is read, what is written, what differs.
#include "gst/common/mel_info.h"

#include <gtest/gtest.h>

#include <string>

namespace npumel {
namespace {

CapsPtr caps_of(const std::string& text) { return CapsPtr(gst_caps_from_string(text.c_str())); }

std::optional<MelInfo> parse(const std::string& text) {
  return MelInfo::from_caps(caps_of(text).get());
}

constexpr const char* kLeast =
    "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, frames=100";

MelInfo nemo() { return MelInfo::from_recipe(resolve(Preset::nemo128, {}, 16000), "none", 50, 25); }

TEST(MelInfo, OfARecipeSpellsEveryField) {
  const CapsPtr expected = caps_of(
      "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=128, frames=50, rate=16000, "
      "channels=1, framerate=4/1, preset=nemo128, n-fft=512, win-length=400, hop-length=160, "
      "window=hann-symmetric, spectrum=power, mel-scale=slaney, mel-norm=slaney, fmin=0, "
      "fmax=8000, padding=zero, log=ln, preemphasis=970, input-scale=1, energy=none, "
      "normalize=none, "
      "recipe-id=" +
      recipe_id(resolve(Preset::nemo128, {}, 16000)));
  const CapsPtr made = nemo().to_caps();
  const TextPtr text(gst_caps_to_string(made.get()));
  EXPECT_TRUE(gst_caps_is_equal(made.get(), expected.get())) << text.get();
}

TEST(MelInfo, IsTheSameAfterCaps) {
  MelInfo info = nemo();
  info.type = ElementType::f16;
  info.layout = Layout::mel_major;
  info.channels = 2;
  EXPECT_EQ(MelInfo::from_caps(info.to_caps().get()), info);
  const MelInfo whole = MelInfo::from_recipe(resolve(Preset::clap64, {}, 48000), "buffer", 0, 1);
  EXPECT_EQ(whole.buffers_n, 0);
  EXPECT_EQ(whole.buffers_d, 1);
  EXPECT_EQ(MelInfo::from_caps(whole.to_caps().get()), whole);
}

TEST(MelInfo, NeedsWhatABufferIsReadWith) {
  ASSERT_TRUE(parse(kLeast));
  EXPECT_EQ(parse(kLeast)->rate, 0);
  EXPECT_EQ(parse(kLeast)->channels, 1);
  EXPECT_FALSE(MelInfo::from_caps(nullptr));
  for (const char* broken :
       {"audio/x-raw, format=F32LE, layout=frame-major, mels=80, frames=100",
        "audio/x-mel-spectrogram, layout=frame-major, mels=80, frames=100",
        "audio/x-mel-spectrogram, format=S16LE, layout=frame-major, mels=80, frames=100",
        "audio/x-mel-spectrogram, format=F32LE, mels=80, frames=100",
        "audio/x-mel-spectrogram, format=F32LE, layout=interleaved, mels=80, frames=100",
        "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, frames=100",
        "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=0, frames=100",
        "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80",
        "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, frames=-1",
        "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, frames=[1,2]",
        "audio/x-mel-spectrogram, format={F32LE,F16LE}, layout=frame-major, mels=80, frames=1"})
    EXPECT_FALSE(parse(broken)) << broken;
}

TEST(MelInfo, KeepsFieldsThatItDoesNotKnow) {
  const auto info = parse(std::string(kLeast) + ", energy=raw, lifter=22");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->text("energy"), "raw");
  EXPECT_EQ(info->integer("lifter"), 22);
  EXPECT_NE(*info, *parse(std::string(kLeast) + ", energy=windowed, lifter=22"));
  EXPECT_EQ(MelInfo::from_caps(info->to_caps().get()), *info);
}

TEST(MelInfo, LeavesOutWhatIsNeitherIntNorString) {
  EXPECT_EQ(parse(std::string(kLeast) + ", tensors=(structure)[a,b=(int)1;]"), parse(kLeast));
  EXPECT_EQ(parse(std::string(kLeast) + ", extra=(fraction)1/2"), parse(kLeast));
}

TEST(MelInfo, ReadsFieldsByType) {
  const MelInfo info = nemo();
  EXPECT_EQ(info.choice<LogType>("log"), LogType::ln);
  EXPECT_EQ(info.choice<WindowFunction>("window"), WindowFunction::hann_symmetric);
  EXPECT_EQ(info.integer("hop-length"), 160);
  EXPECT_EQ(info.integer("log"), std::nullopt);
  EXPECT_EQ(info.text("hop-length"), std::nullopt);
  EXPECT_EQ(info.text("nothing"), std::nullopt);
  EXPECT_EQ(parse(std::string(kLeast) + ", log=log2")->choice<LogType>("log"), std::nullopt);
}

TEST(MelInfo, BuffersOfAnotherLengthAreTheSameFeatures) {
  const MelInfo info = nemo();
  MelInfo shorter = info;
  shorter.frames = 7;
  shorter.buffers_n = 100;
  shorter.buffers_d = 7;
  EXPECT_NE(shorter, info);
  EXPECT_TRUE(shorter.same_features(info));
  MelInfo other = shorter;
  other.definition["log"] = "log10";
  EXPECT_FALSE(other.same_features(info));
  other = shorter;
  other.type = ElementType::f16;
  EXPECT_FALSE(other.same_features(info));
}

TEST(MelInfo, SaysWhichFieldsDiffer) {
  const MelInfo wanted = nemo();
  EXPECT_TRUE(wanted.differs(wanted).empty());
  MelInfo have = wanted;
  have.mels = 80;
  have.definition["recipe-id"] = "0123456789abcdef";
  have.definition["log"] = "log10";
  have.definition.erase("window");
  have.definition["colour"] = "raw";
  EXPECT_EQ(to_text(have.differs(wanted)),
            "mels: wanted 128, have 80; log: wanted ln, have log10; window: wanted hann-symmetric, "
            "have (none); colour: wanted (none), have raw; recipe-id: wanted " +
                recipe_id(resolve(Preset::nemo128, {}, 16000)) + ", have 0123456789abcdef");
}

TEST(MelInfo, EachMemberIsCompared) {
  const MelInfo info = nemo();
  const auto changed = [&](auto change) {
    MelInfo other = info;
    change(other);
    EXPECT_NE(other, info);
    const auto differences = other.differs(info);
    EXPECT_EQ(differences.size(), 1U);
    return differences.empty() ? std::string() : differences[0].field;
  };
  EXPECT_EQ(changed([](MelInfo& i) { i.type = ElementType::f16; }), "format");
  EXPECT_EQ(changed([](MelInfo& i) { i.layout = Layout::mel_major; }), "layout");
  EXPECT_EQ(changed([](MelInfo& i) { i.channels = 2; }), "channels");
  EXPECT_EQ(changed([](MelInfo& i) { i.mels = 1; }), "mels");
  EXPECT_EQ(changed([](MelInfo& i) { i.frames = 1; }), "frames");
  EXPECT_EQ(changed([](MelInfo& i) { i.rate = 8000; }), "rate");
  EXPECT_EQ(changed([](MelInfo& i) { i.buffers_n = 1; }), "framerate");
  EXPECT_EQ(changed([](MelInfo& i) { i.buffers_d = 3; }), "framerate");
}

TEST(MelInfo, StrideAndOverlap) {
  EXPECT_EQ(nemo().stride(), 25);
  EXPECT_TRUE(nemo().overlaps());
  const Recipe recipe = resolve(Preset::nemo128, {}, 16000);
  EXPECT_EQ(MelInfo::from_recipe(recipe, "none", 50, 50).stride(), 50);
  EXPECT_FALSE(MelInfo::from_recipe(recipe, "none", 50, 50).overlaps());
  EXPECT_EQ(MelInfo::from_recipe(recipe, "none", 0, 1).stride(), 0);
  EXPECT_EQ(parse(kLeast)->stride(), 0);
  EXPECT_FALSE(parse(kLeast)->overlaps());
  EXPECT_EQ(nemo().frame_size(), 512U);
  EXPECT_EQ(parse("audio/x-mel-spectrogram, format=F16LE, layout=mel-major, mels=3, frames=0")
                ->frame_size(),
            6U);
}

TEST(Conflicts, AreFieldsWithoutACommonValue) {
  const CapsPtr have = caps_of(
      "audio/x-mel-spectrogram, format={F32LE,F16LE}, mels=80, log=log10, preset=whisper80");
  const CapsPtr wanted =
      caps_of("audio/x-mel-spectrogram, format=F16LE, mels=[100,128], log={ln,db}, window=hann");
  EXPECT_EQ(to_text(conflicts(gst_caps_get_structure(have.get(), 0),
                              gst_caps_get_structure(wanted.get(), 0))),
            "mels: wanted [ 100, 128 ], have 80; log: wanted { (string)ln, (string)db }, have "
            "log10");
}

}  // namespace
}  // namespace npumel
