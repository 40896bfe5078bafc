// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisations against values worked out by hand.
#include "kernels/mel/normalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace npumel {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

Normalization of(Preset preset, const RecipeOverrides& overrides = {}) {
  return resolve(preset, overrides, 16000).normalization;
}

// One bin, a row a value.
std::vector<float> normalized(const Normalization& norm, std::vector<float> values, int64_t valid,
                              double maximum) {
  const RowBlock block{values.data(), static_cast<int64_t>(values.size()), 1, 1, 1};
  normalize(norm, block, valid, maximum);
  return values;
}

auto near(double value) { return FloatNear(static_cast<float>(value), 1e-6F); }

TEST(Normalize, WhisperClampsEightBelowTheMaximumOfTheClip) {
  EXPECT_THAT(normalized(of(Preset::whisper80), {1, -6, -9}, 3, 1),
              ElementsAre(near(1.25), near(-0.5), near(-0.75)));
  // The maximum may lie outside of the block.
  EXPECT_THAT(normalized(of(Preset::whisper80), {1, -6, -9}, 3, 2),
              ElementsAre(near(1.25), near(-0.5), near(-0.5)));
}

TEST(Normalize, VoxtralRealtimeClampsBelowAFixedMaximum) {
  EXPECT_THAT(normalized(of(Preset::voxtral_rt128), {3, -6, -9}, 3, 3),
              ElementsAre(near(1.75), near(-0.5), near(-0.625)));
}

TEST(Normalize, GraniteIsWhispersInAnotherSpelling) {
  EXPECT_THAT(normalized(of(Preset::granite80), {1, -9}, 2, 1),
              ElementsAre(near(1.0 / 4 + 1), near(-7.0 / 4 + 1)));
}

TEST(Normalize, OpenWakeWordClampsEightyDecibelsAndScales) {
  EXPECT_THAT(normalized(of(Preset::openwakeword), {50, -10, -50}, 3, 50),
              ElementsAre(near(7), near(1), near(-1)));
}

TEST(Normalize, LibrosaOnlyClamps) {
  EXPECT_THAT(normalized(of(Preset::librosa, {.log = LogType::db}), {0, -79, -90}, 3, 0),
              ElementsAre(near(0), near(-79), near(-80)));
}

TEST(Normalize, AstScalesByTheStatisticsOfAudioSet) {
  EXPECT_THAT(normalized(of(Preset::ast128), {0}, 1, 0),
              ElementsAre(near(4.2677393 / (2 * 4.5689974))));
}

TEST(Normalize, NemoDividesByTheSampleDeviationAndMasksTheRest) {
  // mean 2, deviation with n-1: sqrt(2).
  const double scale = 1 / (std::sqrt(2.0) + 1e-5);
  EXPECT_THAT(normalized(of(Preset::nemo80), {1, 3, 77}, 2, 0),
              ElementsAre(near(-scale), near(scale), near(0)));
}

TEST(Normalize, SeamlessAddsEpsilonUnderTheRoot) {
  const double scale = 1e-3 / std::sqrt(2e-6 + 1e-7);
  EXPECT_THAT(normalized(of(Preset::seamless80), {-1e-3F, 1e-3F}, 2, 0),
              ElementsAre(near(-scale), near(scale)));
}

TEST(Normalize, S2tDividesByThePopulationDeviation) {
  EXPECT_THAT(normalized(of(Preset::s2t80), {1, 3}, 2, 0), ElementsAre(near(-1), near(1)));
}

TEST(Normalize, WeSpeakerSubtractsTheMean) {
  EXPECT_THAT(normalized(of(Preset::wespeaker80), {1, 4}, 2, 0),
              ElementsAre(near(-1.5), near(1.5)));
}

TEST(Normalize, ASingleRowAndAConstantBinBecomeZero) {
  for (const Preset preset : {Preset::nemo80, Preset::seamless80, Preset::s2t80}) {
    EXPECT_THAT(normalized(of(preset), {5}, 1, 5), ElementsAre(near(0))) << nick(preset);
    EXPECT_THAT(normalized(of(preset), {5, 5}, 2, 5), ElementsAre(near(0), near(0)))
        << nick(preset);
  }
}

TEST(Normalize, WithoutAValidRowAllBecomesZero) {
  EXPECT_THAT(normalized(of(Preset::nemo80), {5, 6}, 0, 5), ElementsAre(near(0), near(0)));
}

TEST(Normalize, WithoutAPublishedNormalisationChangesNothing) {
  EXPECT_THAT(normalized(of(Preset::kaldi80), {5, -60}, 2, 5), ElementsAre(near(5), near(-60)));
}

TEST(Normalize, TreatsEachBinOnItsOwnInBothLayouts) {
  std::vector<float> frame_major = {1, 10, 3, 30};
  std::vector<float> mel_major = {1, 3, 10, 30};
  normalize(of(Preset::s2t80), RowBlock{frame_major.data(), 2, 2, 2, 1}, 2, 0);
  normalize(of(Preset::s2t80), RowBlock{mel_major.data(), 2, 2, 1, 2}, 2, 0);
  EXPECT_THAT(frame_major, ElementsAre(near(-1), near(-1), near(1), near(1)));
  EXPECT_THAT(mel_major, ElementsAre(near(-1), near(1), near(-1), near(1)));
}

TEST(MaximumClamp, IsWhatRunningAndFixedNormalisationNeed) {
  for (const Preset preset : {Preset::whisper80, Preset::whisper128, Preset::granite80,
                              Preset::voxtral_rt128, Preset::openwakeword})
    EXPECT_TRUE(is_maximum_clamp(of(preset))) << nick(preset);
  EXPECT_TRUE(is_maximum_clamp(of(Preset::librosa, {.log = LogType::db})));
  for (const Preset preset :
       {Preset::librosa, Preset::nemo80, Preset::kaldi80, Preset::ast128, Preset::seamless80})
    EXPECT_FALSE(is_maximum_clamp(of(preset))) << nick(preset);
}

}  // namespace
}  // namespace npumel
