// SPDX-License-Identifier: LGPL-2.1-or-later
// Resolving, validating and spelling recipes.
#include "kernels/mel/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/unit/mel/refusal.h"

namespace npumel {
namespace {

using test::refusal;

using ::testing::HasSubstr;
using ::testing::Not;

int any_rate(Preset preset) {
  const int rate = published_rate(preset);
  return rate != 0 ? rate : 16000;
}

TEST(Presets, KeepTheirNameAndAreValid) {
  for (const auto& name : enum_names<Preset>()) {
    const Recipe recipe = resolve(name.value, {}, any_rate(name.value));
    EXPECT_EQ(recipe.preset, name.value) << name.nick;
  }
}

TEST(Presets, HaveDistinctIdsExceptWhereOnlyTheNameDiffers) {
  std::set<std::string> ids;
  for (const auto& name : enum_names<Preset>())
    ids.insert(recipe_id(resolve(name.value, {}, any_rate(name.value))));
  // custom is whisper80 until something is changed.
  EXPECT_EQ(ids.size(), enum_names<Preset>().size() - 1);
}

TEST(Presets, NicksAreThePublishedOnes) {
  EXPECT_STREQ(nick(Preset::voxtral_rt128), "voxtral-rt128");
  EXPECT_STREQ(nick(Preset::gemma4_128), "gemma4-128");
  EXPECT_STREQ(nick(Preset::gemma3n128), "gemma3n128");
  EXPECT_STREQ(nick(WindowFunction::hann_symmetric), "hann-symmetric");
  EXPECT_STREQ(nick(FrameCount::drop_last), "drop-last");
  EXPECT_EQ(from_nick<Preset>("phi4mm80"), Preset::phi4mm80);
  EXPECT_EQ(from_nick<Preset>("gemma4_128"), std::nullopt);
}

TEST(Rates, APublishedRateIsTheOnlyOne) {
  EXPECT_EQ(published_rate(Preset::whisper80), 16000);
  EXPECT_EQ(published_rate(Preset::clap64), 48000);
  EXPECT_EQ(published_rate(Preset::librosa), 0);
  EXPECT_EQ(published_rate(Preset::torchaudio), 0);
  EXPECT_EQ(published_rate(Preset::custom), 0);
  EXPECT_THAT(refusal(Preset::whisper80, {}, 44100), HasSubstr("16000 Hz, not for 44100 Hz"));
  EXPECT_THAT(refusal(Preset::librosa, {}, 3999), HasSubstr("rate (3999)"));
  EXPECT_THAT(refusal(Preset::librosa, {}, 192001), HasSubstr("rate (192001)"));
  EXPECT_EQ(resolve(Preset::librosa, {}, 192000).fmax, 96000);
}

TEST(Rates, AnOverriddenPresetKeepsItsRateRule) {
  EXPECT_THAT(refusal(Preset::kaldi80, {.mels = 40}, 8000), HasSubstr("16000 Hz"));
}

TEST(Overrides, AnyDifferenceMakesTheRecipeCustom) {
  EXPECT_EQ(resolve(Preset::whisper80, {.mels = 64}, 16000).preset, Preset::custom);
  EXPECT_EQ(resolve(Preset::kaldi80, {.window = WindowFunction::hann}, 16000).preset,
            Preset::custom);
}

TEST(Overrides, AnEqualRecipeKeepsThePresetsName) {
  EXPECT_EQ(resolve(Preset::whisper80, {.mels = 80, .fmax = 8000}, 16000).preset,
            Preset::whisper80);
  // Nyquist written in another way.
  EXPECT_EQ(resolve(Preset::whisper80, {.fmax = 0}, 16000).preset, Preset::whisper80);
}

TEST(Overrides, CustomStaysCustom) {
  EXPECT_EQ(resolve(Preset::custom, {}, 16000).preset, Preset::custom);
}

TEST(Overrides, FmaxZeroIsNyquistAndNegativeIsBelow) {
  EXPECT_EQ(resolve(Preset::kaldi80, {.fmax = 0}, 16000).fmax, 8000);
  EXPECT_EQ(resolve(Preset::kaldi80, {.fmax = -400}, 16000).fmax, 7600);
  EXPECT_EQ(resolve(Preset::custom, {.fmax = 0}, 44100).fmax, 22050);
}

TEST(Overrides, CustomsFmaxNeverExceedsNyquistUnasked) {
  EXPECT_EQ(resolve(Preset::custom, {}, 44100).fmax, 8000);
  EXPECT_EQ(resolve(Preset::custom, {}, 8000).fmax, 4000);
  EXPECT_THAT(refusal(Preset::custom, {.fmax = 8000}, 8000), HasSubstr("fmax (8000 Hz)"));
}

TEST(Overrides, AnotherLogTypeRemovesThePublishedNormalisation) {
  EXPECT_TRUE(resolve(Preset::whisper80, {}, 16000).normalization.published());
  EXPECT_FALSE(resolve(Preset::whisper80, {.log = LogType::ln}, 16000).normalization.published());
  // librosa's default has no logarithm; its clamp belongs to power_to_db.
  EXPECT_FALSE(resolve(Preset::librosa, {}, 16000).normalization.published());
  const Recipe db = resolve(Preset::librosa, {.log = LogType::db}, 16000);
  EXPECT_EQ(db.normalization.clamp_range, 80);
  EXPECT_EQ(db.normalization.multiply, 1);
}

TEST(Overrides, AWiderFftCentresWhispersWindowAsTorchDoes) {
  EXPECT_EQ(resolve(Preset::whisper80, {.n_fft = 512}, 16000).window_place, WindowPlace::center);
}

TEST(Overrides, FieldsWithoutEffectDoNotChangeTheId) {
  const std::string id = recipe_id(resolve(Preset::whisper80, {}, 16000));
  EXPECT_EQ(recipe_id(resolve(Preset::whisper80, {.window_place = WindowPlace::center}, 16000)),
            id);
  EXPECT_EQ(
      recipe_id(resolve(Preset::whisper80, {.preemphasis_mode = PreemphasisMode::waveform}, 16000)),
      id);
  EXPECT_EQ(recipe_id(resolve(Preset::torchaudio, {.log_floor = 1e-3}, 16000)),
            recipe_id(resolve(Preset::torchaudio, {}, 16000)));
}

TEST(CanonicalText, NamesEveryFieldWithSeventeenDigits) {
  const std::string text = canonical_text(resolve(Preset::nemo80, {}, 16000));
  EXPECT_THAT(text, HasSubstr("window=hann-symmetric\n"));
  EXPECT_THAT(text, HasSubstr("preemphasis=0.96999999999999997\n"));
  EXPECT_THAT(text, HasSubstr("log-floor=5.9604644775390625e-08\n"));
  EXPECT_THAT(text, HasSubstr("tail-rule=zero-row\n"));
  EXPECT_THAT(text, HasSubstr("norm-ddof=1\n"));
}

// The id is in the caps of recorded files: it must not change by accident.
TEST(RecipeId, OfWhisperIsStable) {
  EXPECT_EQ(recipe_id(resolve(Preset::whisper80, {}, 16000)), "d92c76f089c9c89e");
}

TEST(RecipeId, HasALineForTheDftOnlyWhereItIsNotExact) {
  EXPECT_THAT(canonical_text(resolve(Preset::openwakeword, {}, 16000)),
              HasSubstr("\ndft=convolution\n"));
  EXPECT_THAT(canonical_text(resolve(Preset::whisper80, {}, 16000)), Not(HasSubstr("dft=")));
}

TEST(RecipeId, ChangesWithEveryField) {
  const Recipe base = resolve(Preset::nemo80, {}, 16000);
  std::set<std::string> ids = {recipe_id(base)};
  size_t variants = 1;
  const auto vary = [&](auto&& change) {
    Recipe recipe = base;
    change(recipe);
    ids.insert(recipe_id(recipe));
    ++variants;
  };
  vary([](Recipe& r) { r.rate = 8000; });
  vary([](Recipe& r) { r.mels = 81; });
  vary([](Recipe& r) { r.n_fft = 1024; });
  vary([](Recipe& r) { r.win_length = 401; });
  vary([](Recipe& r) { r.hop_length = 161; });
  vary([](Recipe& r) { r.window = WindowFunction::povey; });
  vary([](Recipe& r) { r.window_place = WindowPlace::start; });
  vary([](Recipe& r) { r.spectrum = Spectrum::magnitude; });
  vary([](Recipe& r) { r.dft = Dft::convolution; });
  vary([](Recipe& r) { r.mel_scale = MelScale::htk; });
  vary([](Recipe& r) { r.mel_norm = MelNorm::none; });
  vary([](Recipe& r) { r.fmin = 1; });
  vary([](Recipe& r) { r.fmax = 7999; });
  vary([](Recipe& r) { r.padding = Padding::reflect; });
  vary([](Recipe& r) { r.frame_count = FrameCount::centered; });
  vary([](Recipe& r) { r.tail_rule = TailRule::none; });
  vary([](Recipe& r) { r.log = LogType::log10; });
  vary([](Recipe& r) { r.log_floor = 1e-9; });
  vary([](Recipe& r) { r.floor_mode = FloorMode::max; });
  vary([](Recipe& r) { r.preemphasis = 0.5; });
  vary([](Recipe& r) { r.preemphasis_mode = PreemphasisMode::frame; });
  vary([](Recipe& r) { r.remove_dc = true; });
  vary([](Recipe& r) { r.input_scale = 32768; });
  vary([](Recipe& r) { r.normalization.log = LogType::none; });
  vary([](Recipe& r) { r.normalization.clamp = Normalization::Clamp::fixed; });
  vary([](Recipe& r) { r.normalization.clamp_range = 1; });
  vary([](Recipe& r) { r.normalization.fixed_max = 1; });
  vary([](Recipe& r) { r.normalization.statistic = Normalization::Statistic::mean; });
  vary([](Recipe& r) { r.normalization.ddof = 0; });
  vary([](Recipe& r) { r.normalization.epsilon = 0; });
  vary([](Recipe& r) { r.normalization.epsilon_in_sqrt = true; });
  vary([](Recipe& r) { r.normalization.add = 1; });
  vary([](Recipe& r) { r.normalization.multiply = 2; });
  EXPECT_EQ(ids.size(), variants);

  Recipe renamed = base;
  renamed.preset = Preset::custom;
  EXPECT_EQ(recipe_id(renamed), recipe_id(base)) << "the name changes no number";
}

TEST(Validation, NamesTheOffendingValues) {
  const auto whisper = [](const RecipeOverrides& o) { return refusal(Preset::whisper80, o); };
  EXPECT_THAT(whisper({.fmin = 9000}), HasSubstr("fmin (9000 Hz) must be below fmax (8000 Hz)"));
  EXPECT_THAT(whisper({.fmin = 8000}), HasSubstr("fmin (8000 Hz)"));
  EXPECT_THAT(whisper({.fmin = -1}), HasSubstr("fmin (-1 Hz)"));
  EXPECT_THAT(whisper({.fmax = 8001}), HasSubstr("fmax (8001 Hz)"));
  EXPECT_THAT(whisper({.fmax = -8000}), HasSubstr("fmax (0 Hz)"));
  EXPECT_THAT(whisper({.n_fft = 256}),
              HasSubstr("n-fft (256) must not be smaller than win-length (400)"));
  EXPECT_THAT(whisper({.n_fft = 65537}), HasSubstr("n-fft (65537)"));
  EXPECT_THAT(whisper({.win_length = 1}), HasSubstr("win-length (1)"));
  EXPECT_THAT(whisper({.hop_length = 0}), HasSubstr("hop-length (0)"));
  EXPECT_THAT(whisper({.mels = 0}), HasSubstr("mels (0)"));
  EXPECT_THAT(whisper({.mels = 513}), HasSubstr("mels (513) must lie between 1 and 512"));
  EXPECT_THAT(whisper({.preemphasis = 1.0}), HasSubstr("preemphasis (1.000000)"));
  EXPECT_THAT(whisper({.preemphasis = -0.1}), HasSubstr("preemphasis (-0.1"));
  EXPECT_THAT(whisper({.preemphasis = std::nan("")}), HasSubstr("preemphasis (nan)"));
  EXPECT_THAT(whisper({.log_floor = 0.0}), HasSubstr("log-floor (0"));
  EXPECT_THAT(whisper({.log_floor = 1e-38}), HasSubstr("log-floor (1e-38)"));
  EXPECT_THAT(whisper({.input_scale = 2}), HasSubstr("input-scale (2) must be 1 or 32768"));
  EXPECT_THAT(whisper({.dft = Dft::convolution, .remove_dc = true}),
              HasSubstr("dft=convolution does not go with remove-dc"));
  EXPECT_THAT(whisper({.dft = Dft::convolution, .preemphasis = 0.5}),
              HasSubstr("dft=convolution does not go with pre-emphasis inside frames"));
  EXPECT_THAT(whisper({.n_fft = 2049, .dft = Dft::convolution}), HasSubstr("n-fft (2049)"));
  EXPECT_EQ(whisper({.n_fft = 2048, .dft = Dft::convolution}), "");
}

TEST(Validation, RefusesFramesOfSamplesThatNothingDefines) {
  EXPECT_THAT(refusal(Preset::whisper80, {.padding = Padding::none}),
              HasSubstr("frame-count=drop-last counts frames that read past the end"));
  EXPECT_THAT(refusal(Preset::openwakeword, {.frame_count = FrameCount::snip}),
              HasSubstr("window-place center"));
  EXPECT_EQ(refusal(Preset::kaldi80, {.frame_count = FrameCount::snip_fft}), "");
  // A hop as long as the window leaves nothing to read past the end.
  EXPECT_EQ(refusal(Preset::whisper80, {.hop_length = 400, .padding = Padding::none}), "");
}

TEST(Validation, RefusesANormalisationOfAnotherLogType) {
  Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  recipe.log = LogType::ln;
  EXPECT_THROW(validate(recipe), std::invalid_argument);
}

TEST(SameMel, IgnoresNameLogBaseNormalisationAndTail) {
  const Recipe whisper = resolve(Preset::whisper128, {}, 16000);
  EXPECT_TRUE(same_mel(whisper, resolve(Preset::voxtral_rt128, {}, 16000)));
  EXPECT_TRUE(same_mel(whisper, resolve(Preset::whisper128, {.log = LogType::db}, 16000)));
  EXPECT_TRUE(same_mel(resolve(Preset::kaldi80, {}, 16000), resolve(Preset::s2t80, {}, 16000)));
  EXPECT_TRUE(
      same_mel(resolve(Preset::kaldi80, {}, 16000), resolve(Preset::seamless80, {}, 16000)));
}

TEST(SameMel, SeesWhatChangesNumbers) {
  const Recipe whisper = resolve(Preset::whisper80, {}, 16000);
  EXPECT_FALSE(same_mel(whisper, resolve(Preset::whisper128, {}, 16000)));
  EXPECT_FALSE(same_mel(whisper, resolve(Preset::whisper80, {.log = LogType::none}, 16000)));
  EXPECT_FALSE(same_mel(whisper, resolve(Preset::whisper80, {.log_floor = 1e-9}, 16000)));
  EXPECT_FALSE(
      same_mel(whisper, resolve(Preset::whisper80, {.floor_mode = FloorMode::add}, 16000)));
  EXPECT_FALSE(
      same_mel(whisper, resolve(Preset::whisper80, {.frame_count = FrameCount::centered}, 16000)));
}

}  // namespace
}  // namespace npumel
