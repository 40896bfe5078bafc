// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of rows against the float kernel and the host twin: no healthy device is suspected, no
// wrong one trusted.
#include "gst/backend/device/row_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/aie2/host_twin.h"

namespace npumel {
namespace {

using ::testing::HasSubstr;

constexpr int kRowCount = 100;
constexpr int kWidth = 80;
constexpr int kSpotRounds = 13;  // spot checks in which each row of a batch has its turn

/// A batch of silence in whose last frame a tone of full scale begins, 15 samples before its end:
/// the integer kernel is 0.16 from the float kernel there, and right.
class ToneAtTheEdge : public ::testing::Test {
 protected:
  ToneAtTheEdge() : samples(99 * 160 + 400), codes(kRowCount * kWidth) {
    manifest.recipe = resolve(Preset::whisper80, {}, 16000);
    manifest.coding = {};
    manifest.coding.bytes = 2;
    manifest.coding.scale = 1.0 / 2048;
    manifest.tolerance = 0.02;
    manifest.host_twin = aie2::twin_name(2, kWidth);
    const size_t first = samples.size() - 15;
    for (size_t i = first; i < samples.size(); i++)
      samples[i] = static_cast<int16_t>(std::lround(
          32767 * std::sin(2 * std::numbers::pi * 7800 * static_cast<double>(i - first) / 16000)));
    aie2::twin_v2(samples.data(), kWidth, codes.data());
  }

  /// False as soon as one of `kSpotRounds` spot checks fails.
  bool all_spots(RowCheck& check) const {
    const int largest = *std::max_element(codes.begin(), codes.end());
    const RowCheck::Rows rows{samples.data(), codes.data(), kRowCount,
                              static_cast<double>(largest) / 2048};
    for (int i = 0; i < kSpotRounds; i++)
      if (!check.spot(rows)) return false;
    return true;
  }

  KernelManifest manifest;
  std::vector<int16_t> samples;
  std::vector<int16_t> codes;
};

TEST_F(ToneAtTheEdge, IsTheTwinsToJudge) {
  RowCheck check(manifest);
  EXPECT_TRUE(all_spots(check)) << check.mismatch();
}

TEST_F(ToneAtTheEdge, IsAMismatchWithoutATwin) {
  manifest.host_twin = "";
  RowCheck check(manifest);
  EXPECT_FALSE(all_spots(check));
  EXPECT_THAT(check.mismatch(), HasSubstr("frame 99"));
  EXPECT_THAT(check.mismatch(), HasSubstr("software"));
}

TEST_F(ToneAtTheEdge, OfADeviceThatIsNotLikeTheTwinIsAMismatch) {
  codes[99 * kWidth + 40] = static_cast<int16_t>(codes[99 * kWidth + 40] + 2);
  RowCheck check(manifest);
  EXPECT_FALSE(all_spots(check));
  EXPECT_THAT(check.mismatch(), HasSubstr("frame 99 mel 40"));
  EXPECT_THAT(check.mismatch(), HasSubstr("host twin"));
}

// The twin has no say where device and twin both are far from what the recipe demands.
TEST_F(ToneAtTheEdge, OfAnotherRecipeIsAMismatchWhateverTheTwinSays) {
  RecipeOverrides overrides;
  overrides.mel_norm = MelNorm::none;
  manifest.recipe = resolve(Preset::whisper80, overrides, 16000);
  manifest.recipe.preset = Preset::whisper80;
  RowCheck check(manifest);
  EXPECT_FALSE(all_spots(check));
  EXPECT_THAT(check.mismatch(), HasSubstr("software"));
}

/// Noise of 100 different frames, and what a healthy device makes of it.
class Noise : public ::testing::Test {
 protected:
  Noise() : samples(99 * 160 + 400), codes(kRowCount * kWidth) {
    manifest.recipe = resolve(Preset::whisper80, {}, 16000);
    manifest.coding = {};
    manifest.coding.bytes = 2;
    manifest.coding.scale = 1.0 / 2048;
    manifest.coding.step = 1.0 / 2048;
    manifest.tolerance = 0.02;
    manifest.host_twin = aie2::twin_name(2, kWidth);
    uint32_t random = 1;
    for (int16_t& sample : samples) {
      random = random * 1664525U + 1013904223U;
      sample = static_cast<int16_t>(static_cast<int>(random >> 18U) - 8192);
    }
    aie2::twin_v2(samples.data(), kWidth, codes.data());
  }

  RowCheck::Rows rows() const {
    const int largest = *std::max_element(codes.begin(), codes.end());
    return {samples.data(), codes.data(), kRowCount, static_cast<double>(largest) / 2048};
  }
  void put_off(int frame, int mel, int by) {
    int16_t& code = codes[static_cast<size_t>(frame * kWidth + mel)];
    code = static_cast<int16_t>(code + by);
  }
  /// After how many spot checks the device is found wrong; 0: not within 400.
  static int found_after(RowCheck& check, const RowCheck::Rows& rows) {
    for (int batch = 1; batch <= 400; batch++)
      if (!check.spot(rows)) return batch;
    return 0;
  }

  KernelManifest manifest;
  std::vector<int16_t> samples;
  std::vector<int16_t> codes;
};

constexpr int kSomeFrames[] = {0, 1, 7, 8, 50, 95, 96, 98, 99};

TEST_F(Noise, IsRight) {
  put_off(50, 3, 1);
  RowCheck check(manifest);
  EXPECT_EQ(found_after(check, rows()), 0) << "the last bit may differ";
  EXPECT_TRUE(check.full(rows())) << check.mismatch();
}

// 4 frames of every 8th batch: 25 such groups.
TEST_F(Noise, TwoCodesInOneCellAreFoundWithin200BatchesAndByAFullCheck) {
  for (const int frame : kSomeFrames) {
    put_off(frame, 40, 2);
    RowCheck check(manifest);
    const int after = found_after(check, rows());
    EXPECT_GT(after, 0) << "frame " << frame;
    EXPECT_LE(after, 200) << "frame " << frame;
    EXPECT_THAT(check.mismatch(), HasSubstr("host twin"));
    EXPECT_FALSE(RowCheck(manifest).full(rows()));
    put_off(frame, 40, -2);
  }
}

TEST_F(Noise, ACellBeyondTheToleranceIsFoundWithin13Batches) {
  for (const int frame : kSomeFrames) {
    put_off(frame, 40, 60);  // 0.029
    for (const char* twin : {aie2::twin_name(2, kWidth), ""}) {
      manifest.host_twin = twin;
      RowCheck check(manifest);
      const int after = found_after(check, rows());
      EXPECT_GT(after, 0) << "frame " << frame;
      EXPECT_LE(after, kSpotRounds) << "frame " << frame;
    }
    put_off(frame, 40, -60);
  }
}

TEST_F(Noise, OneRowOf100IsFoundWithin13BatchesWhateverIsInIt) {
  const std::vector<int16_t> right = codes;
  for (const int frame : kSomeFrames)
    for (const int other : {-1, (frame + 1) % kRowCount}) {
      codes = right;
      for (size_t m = 0; m < kWidth; m++)
        codes[static_cast<size_t>(frame) * kWidth + m] =
            other < 0 ? int16_t{0} : right[static_cast<size_t>(other) * kWidth + m];
      RowCheck check(manifest);
      const int after = found_after(check, rows());
      EXPECT_GT(after, 0) << "frame " << frame;
      EXPECT_LE(after, kSpotRounds) << "frame " << frame;
    }
}

TEST_F(Noise, RowsOfAnotherBatchAreFoundAtOnce) {
  std::vector<int16_t> stale(codes.size());
  std::rotate(samples.begin(), samples.begin() + 1000, samples.end());
  aie2::twin_v2(samples.data(), kWidth, stale.data());
  for (const std::vector<int16_t>& wrong : {codes, std::vector<int16_t>(codes.size())}) {
    const RowCheck::Rows given{samples.data(), wrong.data(), kRowCount, 1};
    RowCheck check(manifest);
    EXPECT_EQ(found_after(check, given), 1);
  }
  RowCheck check(manifest);
  EXPECT_EQ(found_after(check, {samples.data(), stale.data(), kRowCount, 1}), 0);
}

}  // namespace
}  // namespace npumel
