// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields beyond the first front ends: vocoder framing, epsilon, energy, linear spectra, librosa's
// dB, odd rates, float32 frames. Expected values are worked out here, not by the code under test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"
#include "kernels/mel/normalize.h"
#include "kernels/mel/reference.h"
#include "kernels/mel/sample_limit.h"
#include "kernels/mel/window_function.h"
#include "tests/unit/mel/refusal.h"

namespace npumel {
namespace {

using test::refusal;

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<double> noise(size_t samples, double offset = 0) {
  std::mt19937 random(7);
  std::vector<double> signal;
  for (size_t i = 0; i < samples; ++i)
    signal.push_back(offset +
                     static_cast<double>(static_cast<int>(random() % 20001) - 10000) / 32768);
  return signal;
}

TEST(Vocoder, FramesAreCentredBetweenHops) {
  const Recipe recipe = resolve(Preset::hifigan80, {}, 22050);
  const Framing frames = framing(recipe);
  EXPECT_EQ(frames.origin, -384);
  EXPECT_EQ(frames.reach, 640);
  for (const int64_t n : {0, 1, 255}) EXPECT_EQ(frame_count(recipe, n), 0) << n;
  for (const int64_t n : {256, 511}) EXPECT_EQ(frame_count(recipe, n), 1) << n;
  EXPECT_EQ(frame_count(recipe, 12345), 48);
  EXPECT_EQ(framing(resolve(Preset::cosyvoice80, {}, 24000)).reach, 1200);
  EXPECT_EQ(framing(resolve(Preset::bigvgan128, {}, 44100)).reach, 1280);
  EXPECT_EQ(framing(resolve(Preset::vocos100, {}, 24000)).reach, 512);
}

// torch.stft(center=False) after int((n_fft - hop)/2) reflected samples.
TEST(Vocoder, AnOddDifferencePadsOneSampleLessOnEachSide) {
  const Recipe recipe = resolve(Preset::hifigan80, {.hop_length = 275}, 22050);
  EXPECT_EQ(framing(recipe).origin, -374);
  for (const int64_t n : {274, 275, 276, 550, 551, 12345})
    EXPECT_EQ(frame_count(recipe, n),
              std::max<int64_t>(0, 1 + (n + 2 * 374 - 1024 < 0 ? -1 : (n + 2 * 374 - 1024) / 275)))
        << n;
  // Counted as n / hop where the user says so.
  EXPECT_EQ(
      frame_count(
          resolve(
              Preset::custom,
              {.n_fft = 1024, .win_length = 1024, .hop_length = 256, .padding = Padding::vocoder},
              16000),
          1024),
      4);
}

TEST(Vocoder, ReflectsAsNumpyAlsoWhatIsShorterThanThePad) {
  EXPECT_EQ(padded_index(Padding::vocoder, -3, 10), 3);
  EXPECT_EQ(padded_index(Padding::vocoder, 11, 10), 7);
  EXPECT_EQ(padded_index(Padding::vocoder, -5, 3), 1);
  EXPECT_EQ(padded_index(Padding::vocoder, -5, 1), 0);
}

TEST(Vocoder, FmaxIsTheNyquistFrequencyWhereThatIsLower) {
  EXPECT_EQ(resolve(Preset::hifigan80, {}, 22050).fmax, 8000);
  EXPECT_EQ(resolve(Preset::hifigan80, {}, 8000).fmax, 4000);
  EXPECT_EQ(resolve(Preset::hifigan80, {}, 11025).highest_frequency(), 5512.5);
  EXPECT_EQ(resolve(Preset::hifigan80, {}, 8000).preset, Preset::hifigan80);
}

TEST(Vocoder, NeedsAHopNoLongerThanTheFft) {
  EXPECT_THAT(refusal(Preset::hifigan80, {.hop_length = 1025}), HasSubstr("hop-length (1025)"));
  EXPECT_EQ(refusal(Preset::hifigan80, {.hop_length = 1024}), "");
}

TEST(MagnitudeEpsilon, LiesUnderTheRoot) {
  const RecipeOverrides linear = {.mel_scale = MelScale::none, .log = LogType::none};
  RecipeOverrides with = linear;
  with.magnitude_epsilon = 0.25;
  const auto x = noise(2000);
  const auto plain = reference_rows(resolve(Preset::tacotron2_80, linear, 22050), x);
  const auto raised = reference_rows(resolve(Preset::tacotron2_80, with, 22050), x);
  ASSERT_EQ(plain.size(), raised.size());
  for (size_t i = 0; i < plain.size(); ++i)
    ASSERT_NEAR(raised[i], std::sqrt(plain[i] * plain[i] + 0.25), 1e-12);
  // It has no effect on powers, and no line where it is 0.
  EXPECT_EQ(recipe_id(resolve(Preset::whisper80, {.magnitude_epsilon = 1e-3}, 16000)),
            recipe_id(resolve(Preset::whisper80, {}, 16000)));
  EXPECT_THAT(canonical_text(resolve(Preset::tacotron2_80, {}, 22050)),
              Not(HasSubstr("epsilon=1")));
  EXPECT_THAT(canonical_text(resolve(Preset::hifigan80, {}, 22050)),
              HasSubstr("\nmagnitude-epsilon=1.0000000000000001e-09\n"));
  EXPECT_THAT(refusal(Preset::hifigan80, {.magnitude_epsilon = -1e-9}),
              HasSubstr("magnitude-epsilon"));
  EXPECT_THAT(refusal(Preset::hifigan80, {.magnitude_epsilon = std::nan("")}),
              HasSubstr("magnitude-epsilon"));
}

// As Kaldi's compute-fbank-feats --use-energy does, written down once more.
double kaldi_energy(const std::vector<double>& x, size_t frame, bool raw) {
  std::vector<double> v(x.begin() + static_cast<ptrdiff_t>(frame * 160),
                        x.begin() + static_cast<ptrdiff_t>(frame * 160 + 400));
  double mean = 0;
  for (double& value : v) mean += (value *= 32768) / 400;
  for (double& value : v) value -= mean;
  if (!raw) {
    for (size_t i = 399; i > 0; --i) v[i] -= 0.97 * v[i - 1];
    v[0] -= 0.97 * v[0];
    for (size_t i = 0; i < 400; ++i)
      v[i] *=
          std::pow(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / 399), 0.85);
  }
  double sum = 0;
  for (const double value : v) sum += value * value;
  return std::log(std::max(sum, 1.1920928955078125e-07));
}

TEST(Energy, StandsInFrontOfEachRow) {
  const auto x = noise(1000, 0.25);
  const Recipe plain = resolve(Preset::kaldi80, {.mels = 23}, 16000);
  const auto mels = reference_rows(plain, x);
  for (const Energy kind : {Energy::raw, Energy::windowed}) {
    const Recipe recipe = resolve(Preset::kaldi80, {.mels = 23, .energy = kind}, 16000);
    EXPECT_EQ(recipe.width(), 24);
    const auto rows = reference_rows(recipe, x);
    ASSERT_EQ(rows.size(), 4U * 24);
    for (size_t frame = 0; frame < 4; ++frame) {
      EXPECT_NEAR(rows[frame * 24], kaldi_energy(x, frame, kind == Energy::raw), 1e-9);
      for (size_t m = 0; m < 23; ++m) EXPECT_EQ(rows[frame * 24 + 1 + m], mels[frame * 23 + m]);
    }
    EXPECT_NE(recipe_id(recipe), recipe_id(plain));
    EXPECT_FALSE(same_mel(recipe, plain));
  }
  // Silence gives the floor.
  EXPECT_EQ(reference_rows(resolve(Preset::kaldi80, {.energy = Energy::raw}, 16000),
                           std::vector<double>(400))[0],
            std::log(1.1920928955078125e-07));
}

TEST(LinearSpectrum, HasEveryBinFromFminToFmax) {
  // The preset's limits are those of its filters.
  EXPECT_EQ(resolve(Preset::hifigan80, {.mel_scale = MelScale::none}, 22050).mels, 513);
  EXPECT_EQ(resolve(Preset::kaldi80, {.mel_scale = MelScale::none}, 16000).mels, 257);
  EXPECT_EQ(resolve(Preset::custom, {.n_fft = 401, .mel_scale = MelScale::none}, 16000).mels, 201);
  EXPECT_EQ(resolve(Preset::custom, {.n_fft = 65536, .mel_scale = MelScale::none}, 16000).mels,
            32769);
  EXPECT_EQ(resolve(Preset::custom, {.mels = 201, .mel_scale = MelScale::none}, 16000).mels, 201);
  const Recipe part =
      resolve(Preset::custom, {.mel_scale = MelScale::none, .fmin = 41, .fmax = 160}, 16000);
  EXPECT_EQ(part.mels, 3);  // 80, 120, 160 Hz
  EXPECT_EQ(bins_in_range(part).first, 2);
  EXPECT_EQ(resolve(Preset::custom, {.n_fft = 512, .mel_scale = MelScale::none}, 11025).mels, 257);
  EXPECT_EQ(
      resolve(Preset::custom, {.n_fft = 512, .mel_scale = MelScale::none, .fmax = 5512}, 11025)
          .mels,
      256);
  EXPECT_THAT(refusal(Preset::custom, {.mels = 80, .mel_scale = MelScale::none}),
              HasSubstr("mels (80) must be left out or 201"));
  EXPECT_THAT(refusal(Preset::custom, {.mel_scale = MelScale::none, .fmin = 41, .fmax = 79}),
              HasSubstr("no bin"));
}

TEST(LinearSpectrum, IsTheDft) {
  const Recipe recipe = resolve(Preset::custom,
                                {.n_fft = 32,
                                 .win_length = 20,
                                 .hop_length = 10,
                                 .window_place = WindowPlace::start,
                                 .mel_scale = MelScale::none,
                                 .padding = Padding::none,
                                 .frame_count = FrameCount::snip,
                                 .log = LogType::none},
                                16000);
  const auto x = noise(20);
  const auto rows = reference_rows(recipe, x);
  ASSERT_EQ(rows.size(), 17U);
  const auto window = window_function(WindowFunction::hann, 20);
  for (size_t bin = 0; bin < 17; ++bin) {
    std::complex<double> sum = 0;
    for (size_t n = 0; n < 20; ++n)
      sum += x[n] * window[n] *
             std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(n * bin) / 32);
    EXPECT_NEAR(rows[bin], std::norm(sum), 1e-12) << bin;
  }
}

std::vector<double> decibels(const RecipeOverrides& overrides) {
  const Recipe recipe = resolve(Preset::librosa, overrides, 16000);
  std::vector<double> values = {-3, -50, -75, -130};
  normalize(recipe.normalization, BasicRowBlock<double>{values.data(), 2, 2, 2, 1}, 2, -3.0);
  return values;
}

TEST(LibrosaDb, HasItsRangeAndReference) {
  const RecipeOverrides db = {.log = LogType::db};
  EXPECT_THAT(decibels(db), ::testing::ElementsAre(-3, -50, -75, -83));
  RecipeOverrides o = db;
  o.top_db = 60;
  EXPECT_THAT(decibels(o), ::testing::ElementsAre(-3, -50, -63, -63));
  o.ref = -1;
  EXPECT_THAT(decibels(o), ::testing::ElementsAre(0, -47, -60, -60));
  o = db;
  o.ref = -1;
  EXPECT_THAT(decibels(o), ::testing::ElementsAre(0, -47, -72, -80));
  o.ref = 100;
  EXPECT_THAT(decibels(o), ::testing::ElementsAre(-23, -70, -95, -103));
  // amin bounds the reference, too.
  o.ref = 1e-20;
  EXPECT_THAT(decibels(o), ::testing::ElementsAre(97, 50, 25, 17));
  o = db;
  o.top_db = 0;
  EXPECT_THAT(decibels(o), ::testing::ElementsAre(-3, -3, -3, -3));
}

TEST(LibrosaDb, IsAllThatTopDbAndRefChange) {
  EXPECT_THAT(refusal(Preset::librosa, {.top_db = 60}),
              HasSubstr("top-db changes librosa's dB clamp"));
  EXPECT_THAT(refusal(Preset::whisper80, {.ref = -1}), HasSubstr("ref changes librosa's dB clamp"));
  EXPECT_THAT(refusal(Preset::openwakeword, {.top_db = 60}), HasSubstr("top-db"));
  EXPECT_EQ(refusal(Preset::torchaudio,
                    {.log = LogType::db, .normalization = Preset::librosa, .top_db = 60}),
            "");
  EXPECT_THAT(refusal(Preset::librosa, {.log = LogType::db, .top_db = std::nan("")}),
              HasSubstr("top-db"));
  const Recipe plain = resolve(Preset::librosa, {.log = LogType::db}, 16000);
  EXPECT_NE(recipe_id(resolve(Preset::librosa, {.log = LogType::db, .ref = -1}, 16000)),
            recipe_id(plain));
  EXPECT_EQ(
      recipe_id(resolve(Preset::librosa, {.log = LogType::db, .top_db = 80, .ref = 1}, 16000)),
      recipe_id(plain));
}

TEST(OddRates, AnExplicitFmaxStaysWhatWasGiven) {
  const Recipe nyquist = resolve(Preset::torchaudio, {.fmax = 0}, 11025);
  const Recipe given = resolve(Preset::torchaudio, {.fmax = 5512}, 11025);
  EXPECT_EQ(nyquist.highest_frequency(), 5512.5);
  EXPECT_EQ(given.highest_frequency(), 5512);
  EXPECT_NE(recipe_id(nyquist), recipe_id(given));
  EXPECT_EQ(nyquist.preset, Preset::torchaudio);
  EXPECT_EQ(given.preset, Preset::custom);
  // Counted from the Nyquist frequency itself.
  EXPECT_EQ(resolve(Preset::torchaudio, {.fmax = -400}, 11025).highest_frequency(), 5112.5);
  EXPECT_EQ(resolve(Preset::torchaudio, {.fmax = -400}, 16000).highest_frequency(), 7600);
  // The upper corner of the last triangle is where its weights reach 0.
  const Recipe fine = resolve(
      Preset::custom, {.mels = 4, .n_fft = 44100, .mel_norm = MelNorm::none, .fmax = 5512}, 11025);
  const FilterBank bank(fine);
  const MelFilter last = bank.filters().back();
  EXPECT_EQ(last.first_bin + static_cast<int>(last.weights.size()) - 1, 22047);  // below 5512 Hz
}

TEST(OddRates, TheNyquistFrequencyKeepsItsId) {
  EXPECT_THAT(canonical_text(resolve(Preset::librosa, {}, 11025)), HasSubstr("\nfmax=5512\n"));
  EXPECT_THAT(canonical_text(resolve(Preset::librosa, {}, 11025)), Not(HasSubstr("fmax-half")));
  EXPECT_THAT(canonical_text(resolve(Preset::librosa, {.fmax = 5512}, 11025)),
              HasSubstr("\nfmax-half=false\n"));
}

// numpy 2.4: (0.5 * (1 - np.cos(2 * np.pi * np.arange(512, dtype=np.float32) / 512))).
TEST(FloatFrames, HaveTheWindowThatNumpyComputesInFloat) {
  const auto window = float_window_function(WindowFunction::hann, 512);
  const auto exact = window_function(WindowFunction::hann, 512);
  int differing = 0;
  double worst = 0;
  for (size_t i = 0; i < 512; ++i) {
    differing += window[i] != static_cast<float>(exact[i]) ? 1 : 0;
    worst = std::max(worst, std::abs(static_cast<double>(window[i]) - exact[i]));
  }
  EXPECT_EQ(differing, 338);
  EXPECT_NEAR(worst, 1.79e-7, 1e-8);
  EXPECT_EQ(window[320], 0.8535533F);  // one unit in the last place below the rounded value
}

TEST(SampleLimit, IsWhereTheLargestSumWouldOverflow) {
  const float whisper = sample_limit(resolve(Preset::whisper80, {}, 16000));
  EXPECT_GT(whisper, 1e16F);
  EXPECT_LT(whisper, 1e18F);
  const float kaldi = sample_limit(resolve(Preset::kaldi80, {}, 16000));
  EXPECT_GT(kaldi, 1e10F);
}

}  // namespace
}  // namespace npumel
