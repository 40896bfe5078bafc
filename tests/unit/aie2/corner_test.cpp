// SPDX-License-Identifier: LGPL-2.1-or-later
// Rounding, saturation and block exponents, one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "kernels/aie2/host_twin.h"
#include "kernels/aie2/kernels.h"

namespace npumel::aie2 {
namespace {

using Frame = std::array<int16_t, kWin>;

template <typename F>
Frame frame_of(const F& sample) {
  Frame frame;
  for (int n = 0; n < kWin; ++n) frame[static_cast<size_t>(n)] = static_cast<int16_t>(sample(n));
  return frame;
}
Frame sine(double hz, double amplitude) {
  return frame_of([=](int n) {
    return std::clamp(std::rint(amplitude * std::sin(2 * std::numbers::pi * hz * n / 16000)),
                      -32768.0, 32767.0);
  });
}
Frame constant(int value) {
  return frame_of([=](int) { return value; });
}

Scratch integer_stages(const Frame& a, const Frame& b, const Frame& c, const Frame& d) {
  Scratch scratch;
  pack(scratch, a.data(), b.data(), c.data(), d.data());
  stage1(scratch);
  normalize_block(scratch);
  return scratch;
}
std::vector<int16_t> row(const Frame& frame, int mels = 80) {
  std::vector<int16_t> out(static_cast<size_t>(mels));
  EXPECT_TRUE(twin_rows_v2(frame.data(), 0, 1, mels, out.data()));
  return out;
}

TEST(ShiftRoundSaturate, HalvesGoToTheEvenNeighbour) {
  using vec::shift_round_saturate;
  EXPECT_EQ(shift_round_saturate<int32_t>(8, 4), 0);
  EXPECT_EQ(shift_round_saturate<int32_t>(24, 4), 2);
  EXPECT_EQ(shift_round_saturate<int32_t>(40, 4), 2);
  EXPECT_EQ(shift_round_saturate<int32_t>(-8, 4), 0);
  EXPECT_EQ(shift_round_saturate<int32_t>(-24, 4), -2);
  EXPECT_EQ(shift_round_saturate<int32_t>(-40, 4), -2);
  EXPECT_EQ(shift_round_saturate<int32_t>(9, 4), 1);
  EXPECT_EQ(shift_round_saturate<int32_t>(-9, 4), -1);
}

TEST(ShiftRoundSaturate, SaturatesAtTheTypesLimits) {
  using vec::shift_round_saturate;
  EXPECT_EQ(shift_round_saturate<int16_t>(int64_t{32767} * 2 + 1, 1), 32767);
  EXPECT_EQ(shift_round_saturate<int16_t>(int64_t{-32768} * 2 - 2, 1), -32768);
  EXPECT_EQ(shift_round_saturate<int32_t>(int64_t{1} << 40, 4), INT32_MAX);
  EXPECT_EQ(shift_round_saturate<int8_t>(-1000, 1), -128);
}

TEST(Bfloat16, RoundsHalvesToEvenAndCarriesIntoTheExponent) {
  EXPECT_EQ(vec::to_bf16(std::bit_cast<float>(0x3f808000U)), 0x3f80);  // tie, even below
  EXPECT_EQ(vec::to_bf16(std::bit_cast<float>(0x3f818000U)), 0x3f82);  // tie, even above
  EXPECT_EQ(vec::to_bf16(std::bit_cast<float>(0x3f808001U)), 0x3f81);
  EXPECT_EQ(vec::to_bf16(std::bit_cast<float>(0x3fffffffU)), 0x4000);
}

// The CPU's own vectors do three operations in doubles and pairs of products.
TEST(Facade, RoundsAndSaturatesAsTheSpecification) {
  std::mt19937_64 random(5);
  const auto any = [&] {  // of every magnitude up to that of the largest products, 32 by 16 bits
    return static_cast<int64_t>(random()) >> (63 - static_cast<int>(random() % 48));
  };
  for (int round = 0; round < 20000; ++round) {
    const int shift = 1 + static_cast<int>(random() % 20);
    vec::Acc acc;
    for (int64_t& value : acc.v) {
      const int64_t unit = int64_t{1} << shift;
      value = any();
      if (random() % 2 == 0)  // a tie or next to one
        value = value / unit * unit + unit / 2 + static_cast<int64_t>(random() % 3) - 1;
    }
    const auto wide = vec::srs<vec::I32x16>(acc, shift);
    const auto narrow = vec::srs<vec::I16x16>(acc, shift);
    const auto expected_wide = vec::plain_srs<vec::I32x16>(acc, shift);
    const auto expected_narrow = vec::plain_srs<vec::I16x16>(acc, shift);
    for (int i = 0; i < 16; ++i) {
      ASSERT_EQ(wide.v[i], expected_wide.v[i]) << acc.v[i] << " >> " << shift;
      ASSERT_EQ(narrow.v[i], expected_narrow.v[i]) << acc.v[i] << " >> " << shift;
    }
  }
}

TEST(Facade, RoundsNarrowSumsAsTheSpecification) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    const int shift = 1 + static_cast<int>(random() % 20);
    vec::Acc32 acc;
    for (int32_t& value : acc.v) {
      value = static_cast<int32_t>(random()) >> (2 + random() % 30);
      if (random() % 2 == 0)  // a tie or next to one
        value =
            (value >> shift << shift) + (1 << (shift - 1)) + static_cast<int32_t>(random() % 3) - 1;
    }
    const auto rounded = vec::srs<vec::I32x16>(acc, shift);
    const auto expected = vec::plain_srs<vec::I32x16>(acc, shift);
    for (int i = 0; i < 16; ++i)
      ASSERT_EQ(rounded.v[i], expected.v[i]) << acc.v[i] << " >> " << shift;
  }
}

TEST(Facade, MultipliesNarrowNumbersAsTheSpecification) {
  std::mt19937 random(8);
  const auto any = [&] { return static_cast<int16_t>(random()); };
  for (int round = 0; round < 2000; ++round) {
    auto product = vec::zeros<vec::Acc32>();
    auto expected_product = product;
    auto sum = vec::zeros<vec::Acc>();
    auto expected_sum = sum;
    for (int term = 0; term < 10; ++term) {  // as many as stage 2 adds up
      vec::I16x16 a;
      vec::I16x16 b;
      vec::I16x16 below;
      for (int16_t& value : a.v) value = any();
      for (int16_t& value : b.v) value = random() % 3 != 0 ? any() : int16_t{-32768};
      for (int16_t& value : below.v) value = static_cast<int16_t>(random() % 257 - 128);
      product = vec::mac_4x4x4(product, a, below);
      expected_product = vec::plain_mac_4x4x4(expected_product, a, below);
      sum = vec::mac(sum, a, b);
      expected_sum = vec::plain_mac(expected_sum, a, b);
    }
    for (int i = 0; i < 16; ++i) {
      ASSERT_EQ(product.v[i], expected_product.v[i]) << round << ' ' << i;
      ASSERT_EQ(sum.v[i], expected_sum.v[i]) << round << ' ' << i;
    }
  }
}

TEST(Facade, MultipliesAsTheSpecification) {
  std::mt19937 random(6);
  const auto sample = [&] {
    const auto any = static_cast<int16_t>(random());
    return random() % 3 != 0 ? any : static_cast<int16_t>(any < 0 ? -32768 : 32767);
  };
  auto product = vec::zeros<vec::Acc>();
  auto expected_product = product;
  auto sum = product;
  auto expected_sum = product;
  for (int round = 0; round < 5000; ++round) {
    vec::I16x16 a;
    vec::I16x16 b;
    vec::I32x16 wide;
    for (int16_t& value : a.v) value = std::max<int16_t>(sample(), -32767);  // as coefficients are
    for (int16_t& value : b.v) value = sample();
    for (int32_t& value : wide.v)
      value = random() % 3 != 0 ? static_cast<int32_t>(random()) >> (random() % 32)
                                : (random() % 2 == 0 ? INT32_MIN : INT32_MAX);
    product = vec::mac_4x4x4(product, a, b);
    expected_product = vec::plain_mac_4x4x4(expected_product, a, b);
    sum = vec::mac(sum, wide, b);
    expected_sum = vec::plain_mac(expected_sum, wide, b);
    for (int i = 0; i < 16; ++i) {
      ASSERT_EQ(product.v[i], expected_product.v[i]) << round << ' ' << i;
      ASSERT_EQ(sum.v[i], expected_sum.v[i]) << round << ' ' << i;
    }
  }
}

TEST(MatrixProduct, TwoLargestNegativeProductsDoNotOverflow) {
  // The coefficients are never -32768, the samples may be.
  const auto a = vec::broadcast<vec::I16x16>(int16_t{-32767});
  const auto b = vec::broadcast<vec::I16x16>(int16_t{-32768});
  const auto acc = vec::mac_4x4x4(vec::zeros<vec::Acc>(), a, b);
  for (const int64_t value : acc.v) EXPECT_EQ(value, int64_t{4} * 32767 * 32768);
  EXPECT_EQ(*std::min_element(std::begin(kStage1), std::end(kStage1)), -32767);
  EXPECT_EQ(*std::min_element(std::begin(kStage2), std::end(kStage2)), -32767);
}

TEST(BlockExponent, IsTheSmallestThatFits) {
  EXPECT_EQ(block_exponent(0), 0);
  EXPECT_EQ(block_exponent(32767), 0);
  EXPECT_EQ(block_exponent(32768), 1);
  EXPECT_EQ(block_exponent(65534), 1);
  EXPECT_EQ(block_exponent(65535), 2);
  EXPECT_EQ(block_exponent(32767 << 14), 14);
  EXPECT_EQ(block_exponent((32767 << 14) + 1), 15);
}

TEST(BlockExponent, LargestPossibleSpillFits) {
  // Samples with the signs of a row's coefficients: nothing can be larger. Each row and n2.
  int32_t largest = 0;
  for (int n2 = 0; n2 < kRadix; ++n2)
    for (int row = 0; row < kStage1Rows; ++row) {
      int64_t sum = 0;
      for (int n1 = 0; n1 < kRadix; ++n1) {
        const int tile = (n2 * kTiles + row / 4) * kTiles + n1 / 4;
        sum += int64_t{32768} * std::abs(kStage1[tile * kTile + row % 4 * 4 + n1 % 4]);
      }
      largest = std::max(largest, static_cast<int32_t>(sum >> kSpillShift));
    }
  EXPECT_GT(largest, 32767 << 14) << "exponent 15 is needed";
  EXPECT_LE(largest, 32767 << 15) << "and is enough";
}

TEST(BlockExponent, EachFrameOfAGroupHasItsOwn) {
  const Scratch s = integer_stages(constant(0), constant(1), constant(300), constant(-32768));
  EXPECT_EQ(s.exponents[0], 0);
  EXPECT_EQ(s.exponents[1], 0);  // 10 * 32767 / 16 = 20479 fits 16 bits
  EXPECT_EQ(s.exponents[2], 8);  // 300 * 20479.4 = 187.5 * 32767
  EXPECT_EQ(s.exponents[3], 15);
}

TEST(BlockExponent, NormalisingDividesByAPowerOfTwoAndRoundsAt24Bits) {
  // Amplitudes over the whole range visit every exponent; the definition is one line.
  int seen = 0;
  for (int amplitude = 1; amplitude <= 32767; amplitude = amplitude * 3 / 2 + 1) {
    const Scratch s = integer_stages(sine(440, amplitude), sine(1003.7, amplitude),
                                     constant(amplitude), constant(-amplitude));
    for (int frame = 0; frame < kGroup; ++frame) {
      seen |= 1 << s.exponents[frame];
      int32_t largest = 0;
      for (int i = 0; i < kWin; ++i) {
        const int at = i * kGroup + frame;
        const double exact = std::ldexp(s.spill[at], -s.exponents[frame]);
        ASSERT_EQ(s.half[at], std::nearbyint(exact)) << amplitude << ' ' << frame << ' ' << i;
        ASSERT_EQ(rest(s)[at], std::nearbyint(256 * (exact - s.half[at]))) << amplitude << ' ' << i;
        largest = std::max(largest, std::abs(int32_t{s.half[at]}));
      }
      EXPECT_TRUE(s.exponents[frame] == 0 || largest >= 16383) << "precision is thrown away";
    }
  }
  EXPECT_EQ(seen, 0xffff) << "a block exponent was not visited";
}

TEST(Rows, SilenceIsTheFloorExactly) {
  for (const int mels : {80, 128})
    for (const int16_t value : row(constant(0), mels)) EXPECT_EQ(value, -10 * 2048);
}

TEST(Rows, OneLsbIsAboveTheFloorOnlyWhereItsEnergyIs) {
  // A constant 1/32768: the Hann window function leaves 200, 100 and 0 in bins 0, 1 and 2, and the
  // first filter weighs bin 1 only.
  const auto values = row(constant(1));
  const double energy = std::pow(100.0 / 32768, 2) * 0.02486259490251541;
  EXPECT_NEAR(values[0] / 2048.0, std::log10(energy), 0.002);
  for (size_t mel = 2; mel < values.size(); ++mel) EXPECT_EQ(values[mel], -10 * 2048) << mel;
}

TEST(Rows, LargestNegativeSampleEverywhereIsOnlyASignAwayFromThePositiveOne) {
  const auto negative = row(constant(-32768));
  const auto positive = row(constant(32767));
  EXPECT_NEAR(negative[0], positive[0], 2);
  EXPECT_NEAR(negative[0] / 2048.0, std::log10(1e4 * 0.02486259490251541), 0.002);
}

TEST(Rows, FullScaleSquareDoesNotWrap) {
  const auto square = row(frame_of([](int n) { return n / 16 % 2 == 0 ? 32767 : -32768; }));
  // 500 Hz: the filter around it holds the fundamental, 4/pi of full scale.
  const auto loudest = std::max_element(square.begin(), square.end());
  EXPECT_NEAR(static_cast<double>(loudest - square.begin()), 12, 2);
  EXPECT_NEAR(*loudest / 2048.0, 2.6, 0.15);
}

TEST(Rows, OffBinSineKeepsItsSkirtOrdered) {
  const auto values = row(sine(1003.7, 32767));
  const auto peak = std::max_element(values.begin(), values.end()) - values.begin();
  for (auto mel = peak + 2; mel < peak + 12; ++mel)
    EXPECT_LT(values[static_cast<size_t>(mel)], values[static_cast<size_t>(mel) - 1]) << mel;
}

TEST(Logarithm, MatchesLog10OverTheWholeRangeOfEnergies) {
  vec::F32x16 energy;
  const auto offset = vec::zeros<vec::I32x16>();
  for (double log10 = -9; log10 < 15; log10 += 0.037) {
    for (int i = 0; i < 16; ++i)
      energy.v[i] = static_cast<float>(std::pow(10, log10) * (1 + i / 16.0));
    const auto q = log10_q11(energy, offset);
    // Half a step, the quartic's 3.6e-5, and log10(2) in 16 bits (1.6e-5 of the result).
    for (int i = 0; i < 16; ++i) {
      const double exact = std::log10(double{energy.v[i]}) * 2048;
      ASSERT_NEAR(q.v[i], exact, 0.5 + 0.08 + 1.6e-5 * std::abs(exact)) << log10;
    }
  }
}

TEST(Logarithm, FloorAndSaturation) {
  vec::F32x16 energy{};
  energy.v[1] = 1e-10F;
  energy.v[2] = 1e17F;
  const auto q = log10_q11(energy, vec::zeros<vec::I32x16>());
  EXPECT_EQ(q.v[0], -20480);
  EXPECT_NEAR(q.v[1], -20480, 1);
  EXPECT_EQ(q.v[2], 32767);
}

TEST(EmitV1, RoundsToEvenAndSaturates) {
  Scratch scratch{};
  const auto emit = [&](int q) {
    scratch.rows[1] = static_cast<int16_t>(q);  // mel 0 of frame 1
    int8_t values[80];
    emit_v1<MelTables_whisper80>(scratch, 1, values);
    return int{values[0]};
  };
  EXPECT_EQ(emit(0), 74);
  EXPECT_EQ(emit(-20480), -126);
  EXPECT_EQ(emit(2048), 94);
  EXPECT_EQ(emit(-51), 74) << "-51 * 5 / 512 = -0.498";
  EXPECT_EQ(emit(-52), 73) << "-52 * 5 / 512 = -0.508";
  EXPECT_EQ(emit(256), 76) << "2.5 goes to the even 76, not to 77";
  EXPECT_EQ(emit(768), 82) << "7.5 goes to the even 82, not to 81";
  EXPECT_EQ(emit(32767), 127);
  EXPECT_EQ(emit(-32768), -128);
}

}  // namespace
}  // namespace npumel::aie2
