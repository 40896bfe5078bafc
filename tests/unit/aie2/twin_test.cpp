// SPDX-License-Identifier: LGPL-2.1-or-later
// The host twin's interface: addressing, independence of rows, refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "kernels/aie2/host_twin.h"
#include "kernels/aie2/shape.h"

namespace npumel::aie2 {
namespace {

// Noise whose level changes from hop to hop: every frame has rows of its own.
std::vector<int16_t> batch() {
  std::mt19937 random(7);
  std::vector<int16_t> samples(kSamplesV2);
  for (size_t i = 0; i < samples.size(); ++i) {
    const int level = 1 << (i / kHop * 5 % 15);
    samples[i] = static_cast<int16_t>(static_cast<int>(random() % (2U * level)) - level);
  }
  return samples;
}

TEST(Twin, EachRowBelongsToItsOwnFrame) {
  const auto samples = batch();
  std::vector<int16_t> rows(kFrames * 80);
  ASSERT_TRUE(twin_v2(samples.data(), 80, rows.data()));
  for (int frame = 0; frame < kFrames; ++frame) {
    // The frame alone, with nothing of its neighbours in reach.
    const std::vector<int16_t> alone(samples.begin() + frame * kHop,
                                     samples.begin() + frame * kHop + kWin);
    std::vector<int16_t> row(80);
    ASSERT_TRUE(twin_rows_v2(alone.data(), 0, 1, 80, row.data()));
    ASSERT_TRUE(std::equal(row.begin(), row.end(), rows.begin() + frame * 80)) << frame;
    EXPECT_EQ(std::equal(row.begin(), row.end(), rows.begin()), frame == 0) << frame;
  }
}

TEST(Twin, PartOfABatchIsThatPartToTheBit) {
  const auto samples = batch();
  std::vector<int16_t> all(kFrames * 128);
  ASSERT_TRUE(twin_v2(samples.data(), 128, all.data()));
  for (const auto& [first, count] : {std::pair{0, 1}, {3, 6}, {97, 3}, {99, 1}, {50, 0}}) {
    std::vector<int16_t> part(static_cast<size_t>(count) * 128 + 1, 0x5a5a);
    ASSERT_TRUE(twin_rows_v2(samples.data(), first, count, 128, part.data()));
    EXPECT_TRUE(std::equal(part.begin(), part.end() - 1, all.begin() + first * 128));
    EXPECT_EQ(part.back(), 0x5a5a) << "wrote past its rows";
  }
}

TEST(Twin, FramesAreThoseThatWereAskedFor) {
  const auto samples = batch();
  for (const int mels : {80, 128}) {
    const auto width = static_cast<size_t>(mels);
    std::vector<int16_t> all(kFrames * width);
    ASSERT_TRUE(twin_v2(samples.data(), mels, all.data()));
    for (const std::vector<int>& frames :
         {std::vector<int>{0, 99, 23, 46, 69, 92}, {57}, {7, 7, 3, 99, 0}, {}}) {
      std::vector<int16_t> rows(frames.size() * width + 1, 0x5a5a);
      ASSERT_TRUE(twin_frames_v2(samples.data(), frames, mels, rows.data()));
      for (size_t i = 0; i < frames.size(); ++i)
        EXPECT_TRUE(std::equal(rows.begin() + static_cast<ptrdiff_t>(i * width),
                               rows.begin() + static_cast<ptrdiff_t>((i + 1) * width),
                               all.begin() + frames[i] * mels))
            << "frame " << frames[i];
      EXPECT_EQ(rows.back(), 0x5a5a) << "wrote past its rows";
    }
  }
}

TEST(Twin, V1IsV2InEightBits) {
  const auto samples = batch();
  std::vector<int16_t> frames;
  for (int frame = 0; frame < kFrames; ++frame)
    frames.insert(frames.end(), samples.begin() + frame * kHop,
                  samples.begin() + frame * kHop + kWin);
  ASSERT_EQ(frames.size(), static_cast<size_t>(kSamplesV1));
  std::vector<int16_t> v2(kFrames * 80);
  std::vector<int8_t> v1(kFrames * 80);
  ASSERT_TRUE(twin_v2(samples.data(), 80, v2.data()));
  ASSERT_TRUE(twin_v1(frames.data(), v1.data()));
  for (size_t i = 0; i < v1.size(); ++i)
    ASSERT_NEAR(v1[i] / 20.0 - 3.7, v2[i] / 2048.0, 0.02501) << i;
}

// The arithmetic of ABI v3, in whole numbers of its own: to the bit.
float float_row(int q, bool natural) {
  if (!natural) return static_cast<float>(q) / 2048;
  const int64_t product = int64_t{q} * 1236190959;  // ln(10) in Q29
  const int64_t below = product >> 23;              // 2^-17
  const int64_t rest = product - (below << 23);
  const bool up = rest > (1 << 22) || (rest == (1 << 22) && below % 2 != 0);
  return static_cast<float>(below + (up ? 1 : 0)) / 131072;
}

TEST(Twin, V3IsV2AsFloatInTheRecipesOwnLogarithm) {
  struct Case {
    const char* recipe;
    int mels;
    bool natural;
  };
  const auto samples = batch();
  for (const auto& [recipe, mels, natural] : {Case{"whisper80", 80, false},
                                              {"whisper128", 128, false},
                                              {"nemo80", 80, true},
                                              {"nemo128", 128, true},
                                              {"kaldi80", 80, true}}) {
    const auto count = static_cast<size_t>(kFrames * mels);
    std::vector<int16_t> v2(count);
    std::vector<float> v3(count + 1, 7);
    ASSERT_TRUE(twin_v2(samples.data(), recipe, v2.data()));
    ASSERT_TRUE(twin_rows_v3(samples.data(), 0, kFrames, recipe, v3.data()));
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(v3[i], float_row(v2[i], natural)) << recipe << ' ' << i;
      ASSERT_NEAR(v3[i], v2[i] / 2048.0 * (natural ? std::numbers::ln10 : 1), 3.9e-6) << recipe;
    }
    EXPECT_EQ(v3.back(), 7) << "wrote past its rows";
    const std::vector<int> frames{0, 99, 23};
    std::vector<float> some(frames.size() * static_cast<size_t>(mels));
    ASSERT_TRUE(twin_frames_v3(samples.data(), frames, recipe, some.data()));
    for (size_t i = 0; i < frames.size(); ++i)
      EXPECT_TRUE(std::equal(some.begin() + static_cast<ptrdiff_t>(i) * mels,
                             some.begin() + static_cast<ptrdiff_t>(i + 1) * mels,
                             v3.begin() + frames[i] * mels))
          << recipe << ' ' << frames[i];
  }
}

TEST(Twin, RefusesWhatItCannotDo) {
  std::vector<int16_t> samples(kSamplesV2);
  std::vector<int16_t> rows(4, 77);
  EXPECT_FALSE(twin_v2(samples.data(), 64, rows.data()));
  EXPECT_FALSE(twin_rows_v2(samples.data(), -1, 1, 80, rows.data()));
  EXPECT_FALSE(twin_rows_v2(samples.data(), 99, 2, 80, rows.data()));
  EXPECT_FALSE(twin_rows_v2(samples.data(), 0, -1, 80, rows.data()));
  for (const std::vector<int>& frames : {std::vector<int>{0, 100}, {-1, 0}})
    EXPECT_FALSE(twin_frames_v2(samples.data(), frames, 80, rows.data()));
  EXPECT_FALSE(twin_frames_v2(samples.data(), std::vector<int>{0}, 64, rows.data()));
  EXPECT_EQ(rows, std::vector<int16_t>(4, 77));
  std::vector<float> floats(4, 77);
  EXPECT_FALSE(twin_rows_v3(samples.data(), -1, 1, "whisper80", floats.data()));
  EXPECT_FALSE(twin_rows_v3(samples.data(), 0, 1, "icefall80", floats.data()));
  EXPECT_FALSE(twin_frames_v3(samples.data(), std::vector<int>{1000}, "nemo80", floats.data()));
  EXPECT_EQ(floats, std::vector<float>(4, 77));
}

TEST(Twin, NamesAreThoseOfTheManifest) {
  EXPECT_EQ(std::string(twin_name(2, 80)), "npumel-aie2-v2-80");
  EXPECT_EQ(std::string(twin_name(2, 128)), "npumel-aie2-v2-128");
  EXPECT_EQ(std::string(twin_name(1, 80)), "npumel-aie2-v1-80");
  EXPECT_EQ(twin_name(1, 128), nullptr);
  EXPECT_EQ(std::string(twin_name(3, 80)), "npumel-aie2-v3-80");
  EXPECT_EQ(std::string(twin_name(3, "nemo128")), "npumel-aie2-v3-nemo128");
  EXPECT_EQ(twin_name(3, "icefall80"), nullptr);
  EXPECT_EQ(twin_name(4, 80), nullptr);
}

}  // namespace
}  // namespace npumel::aie2
