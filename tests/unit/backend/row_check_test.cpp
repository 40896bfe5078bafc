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

}  // namespace
}  // namespace npumel
