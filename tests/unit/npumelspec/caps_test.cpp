// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings to caps and back, without an element.
#include "gst/npumelspec/caps.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gst/common/mel_info.h"

namespace npumel {
namespace {

CapsPtr parsed_caps(const char* text) { return CapsPtr(gst_caps_from_string(text)); }

CapsPtr audio_caps(const char* rate = "16000") {
  return parsed_caps((std::string("audio/x-raw,format=S16LE,channels=1,rate=") + rate).c_str());
}

bool takes(const CapsPtr& caps, const char* text) {
  return gst_caps_can_intersect(caps.get(), parsed_caps(text).get()) != FALSE;
}

std::vector<std::string> names(const CapsPtr& caps) {
  std::vector<std::string> result;
  for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i)
    result.emplace_back(gst_structure_get_name(gst_caps_get_structure(caps.get(), i)));
  return result;
}

using Names = std::vector<std::string>;

TEST(SinkCaps, HaveThePublishedRateOrTheOneThatIsWanted) {
  Settings settings;
  const CapsPtr any = parsed_caps("audio/x-mel-spectrogram");
  EXPECT_TRUE(takes(sink_caps(settings, any.get()), "audio/x-raw,rate=16000"));
  EXPECT_FALSE(takes(sink_caps(settings, any.get()), "audio/x-raw,rate=44100"));
  settings.preset = Preset::librosa;
  EXPECT_TRUE(takes(sink_caps(settings, any.get()), "audio/x-raw,rate=44100"));
  const CapsPtr wanted = parsed_caps("audio/x-mel-spectrogram,rate=22050");
  EXPECT_TRUE(takes(sink_caps(settings, wanted.get()), "audio/x-raw,rate=22050"));
  EXPECT_FALSE(takes(sink_caps(settings, wanted.get()), "audio/x-raw,rate=44100"));
  // Mono only, in two formats.
  EXPECT_FALSE(takes(sink_caps(settings, any.get()), "audio/x-raw,channels=2"));
  EXPECT_FALSE(takes(sink_caps(settings, any.get()), "audio/x-raw,format=S24LE"));
}

TEST(SourceCaps, OfferFeaturesFirstAndTensorsWhereTheyCan) {
  Settings settings;
  EXPECT_EQ(names(source_caps(settings, audio_caps().get())),
            (Names{"audio/x-mel-spectrogram", "other/tensors"}));
  settings.frames = 0;
  EXPECT_EQ(names(source_caps(settings, audio_caps().get())), Names{"audio/x-mel-spectrogram"});
  settings.frames = 100;
  settings.format = FormatChoice::f16;
  EXPECT_EQ(names(source_caps(settings, audio_caps().get())), Names{"audio/x-mel-spectrogram"});
}

TEST(SourceCaps, SayWhatTheSettingsMake) {
  Settings settings;
  settings.frames = 50;
  settings.stride = 10;
  const CapsPtr caps = source_caps(settings, audio_caps().get());
  EXPECT_TRUE(takes(caps, "audio/x-mel-spectrogram,mels=80,frames=50,framerate=10/1,rate=16000"));
  EXPECT_FALSE(takes(caps, "audio/x-mel-spectrogram,mels=128"));
  EXPECT_TRUE(takes(caps, "audio/x-mel-spectrogram,format=F16LE,layout=mel-major"));
  settings.layout = LayoutChoice::frame_major;
  settings.format = FormatChoice::f32;
  const CapsPtr fixed = source_caps(settings, audio_caps().get());
  EXPECT_FALSE(takes(fixed, "audio/x-mel-spectrogram,format=F16LE"));
  EXPECT_FALSE(takes(fixed, "audio/x-mel-spectrogram,layout=mel-major"));
}

TEST(SourceCaps, HalfPrecisionIsNotOfferedForValuesThatItCannotHold) {
  Settings settings;
  settings.overrides.log = LogType::none;
  const CapsPtr caps = source_caps(settings, audio_caps().get());
  EXPECT_TRUE(takes(caps, "audio/x-mel-spectrogram,format=F32LE"));
  EXPECT_FALSE(takes(caps, "audio/x-mel-spectrogram,format=F16LE"));
}

TEST(SourceCaps, OfSettingsThatCannotWorkAreTheTemplate) {
  Settings settings;
  settings.overrides.fmin = 9000;
  const CapsPtr caps = source_caps(settings, audio_caps().get());
  EXPECT_TRUE(takes(caps, "audio/x-mel-spectrogram,mels=17"));
  EXPECT_TRUE(takes(caps, "other/tensors"));
  EXPECT_FALSE(takes(caps, "audio/x-mel-spectrogram,rate=44100"));
}

TEST(SourceCaps, TensorsAreSpelledInEveryRank) {
  Settings settings;
  const CapsPtr caps = source_caps(settings, audio_caps().get());
  for (const char* dimensions : {"80:100", "80:100:1", "80:100:1:1", "100:80:1"})
    EXPECT_TRUE(
        takes(caps, (std::string("other/tensors,dimensions=(string)") + dimensions).c_str()))
        << dimensions;
  EXPECT_FALSE(takes(caps, "other/tensors,dimensions=(string)80:99"));
  settings.layout = LayoutChoice::frame_major;
  EXPECT_FALSE(takes(source_caps(settings, audio_caps().get()),
                     "other/tensors,dimensions=(string)100:80:1"));
}

TEST(ParseSourceCaps, ReadsLayoutAndFormat) {
  const Settings settings;
  const Recipe recipe = resolve_recipe(settings, 16000);
  const auto parse = [&](const char* text) {
    return parse_source_caps(settings, recipe, parsed_caps(text).get());
  };
  const OutputFormat half =
      parse("audio/x-mel-spectrogram,format=F16LE,layout=mel-major,mels=80,frames=100,rate=16000");
  EXPECT_EQ(half.layout, Layout::mel_major);
  EXPECT_EQ(half.type, ElementType::f16);
  EXPECT_EQ(parse("other/tensors,dimensions=(string)80:100:1").layout, Layout::frame_major);
  EXPECT_EQ(parse("other/tensors,dimensions=(string)100:80:1").layout, Layout::mel_major);
}

TEST(WithFrames, ChangesTheNumberOfFramesAndNothingElse) {
  Settings settings;
  CapsPtr caps = source_caps(settings, audio_caps().get());
  caps.reset(gst_caps_fixate(gst_caps_truncate(caps.release())));
  const CapsPtr shorter = with_frames(caps.get(), Layout::frame_major, 37);
  const auto before = MelInfo::from_caps(caps.get());
  const auto after = MelInfo::from_caps(shorter.get());
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->frames, 37);
  EXPECT_TRUE(after->same_features(*before));
  const auto dimensions = [](const char* text, Layout layout) {
    const CapsPtr changed = with_frames(parsed_caps(text).get(), layout, 37);
    return std::string(
        gst_structure_get_string(gst_caps_get_structure(changed.get(), 0), "dimensions"));
  };
  EXPECT_EQ(dimensions("other/tensors,dimensions=(string)80:100:1:1", Layout::frame_major),
            "80:37:1:1");
  EXPECT_EQ(dimensions("other/tensors,dimensions=(string)100:80", Layout::mel_major), "37:80");
}

TEST(ExplainMismatch, NamesTheFieldOrTheMediaType) {
  const Settings settings;
  const CapsPtr ours = source_caps(settings, audio_caps().get());
  const auto explain = [&](const char* wanted) {
    return explain_mismatch(ours.get(), parsed_caps(wanted).get(), "npumelspec", kMelMediaType);
  };
  EXPECT_EQ(explain("audio/x-mel-spectrogram,mels=128,log=ln"),
            "mels: wanted 128, have 80; log: wanted ln, have log10");
  EXPECT_EQ(explain("audio/x-raw,rate=16000"),
            "the next element takes audio/x-raw and npumelspec makes audio/x-mel-spectrogram");
  // Spellings that differ by trailing 1s are one shape.
  EXPECT_EQ(explain("other/tensors,dimensions=(string)128:100:1"),
            "dimensions: wanted 128:100:1, have 80:100 or 100:80");
  Settings clip;
  clip.frames = 0;
  const CapsPtr whole = source_caps(clip, audio_caps().get());
  EXPECT_NE(
      explain_mismatch(whole.get(), parsed_caps("other/tensors").get(), "npumelspec", kMelMediaType)
          .find("frames above 0"),
      std::string::npos);
}

}  // namespace
}  // namespace npumel
