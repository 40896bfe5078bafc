// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel against the vectors of its numeric model (tests/golden/npu/make.py): every integer
// stage to the bit, the rows to 1 LSB. Compiled twice: with the plain vector facade, and with the
// NPU's over a stand-in of the AIE API.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

#include "kernels/aie2/kernels.h"
#include "tests/unit/aie2/npy.h"

namespace npumel::aie2 {
namespace {

using test::read_npy;

constexpr int kGoldenFrames = 6;

template <typename T>
struct alignas(64) Row {
  T values[kMaxMels];
};

class Golden : public testing::TestWithParam<const char*> {
 protected:
  template <typename T>
  std::vector<T> read(const std::string& stage, const std::string& descr) const {
    return read_npy<T>(std::string(GOLDEN_NPU_DIR) + "/" + GetParam() + "-" + stage + ".npy",
                       descr);
  }

  // Packs frames first .. first+3; frames past the last repeat it.
  void pack_group(int first) {
    struct alignas(64) Frame {
      int16_t samples[kWin];
    };
    std::array<Frame, kGroup> frames;
    for (int i = 0; i < kGroup; ++i)
      std::copy_n(samples_.begin() + std::min(first + i, kGoldenFrames - 1) * kHop, kWin,
                  frames[static_cast<size_t>(i)].samples);
    pack(scratch_, frames[0].samples, frames[1].samples, frames[2].samples, frames[3].samples);
  }
  void integer_stages(int first) {
    pack_group(first);
    stage1(scratch_);
    normalize_block(scratch_);
  }

  template <typename Kernel>
  void expect_rows() {
    using Tables = typename Kernel::Tables;
    const auto golden = read<int16_t>("rows" + std::to_string(Tables::mels), "<i2");
    for (int frame = 0; frame < kGoldenFrames; ++frame) {
      if (frame % kGroup == 0) {
        pack_group(frame);
        compute<Kernel>(scratch_);
      }
      Row<int16_t> v2;
      Row<int8_t> v1;
      emit_v2<Tables>(scratch_, frame % kGroup, v2.values);
      emit_v1<Tables>(scratch_, frame % kGroup, v1.values);
      for (int mel = 0; mel < Tables::mels; ++mel) {
        const int q = golden[static_cast<size_t>(frame) * Tables::mels + mel];
        ASSERT_LE(std::abs(v2.values[mel] - q), 1) << "frame " << frame << " mel " << mel;
        ASSERT_EQ(v1.values[mel], std::nearbyint(v2.values[mel] * 5 / 512.0) + 74) << mel;
      }
    }
  }

  void SetUp() override { vec::set_modes(); }

  const std::vector<int16_t> samples_ = read<int16_t>("samples", "<i2");
  Scratch scratch_;
};

TEST_P(Golden, Stage1AndBlockExponentsToTheBit) {
  const auto spill = read<int32_t>("spill", "<i4");
  const auto exponents = read<int32_t>("exponents", "<i4");
  const auto half = read<int16_t>("half", "<i2");
  const auto rests = read<int16_t>("rest", "<i2");
  for (int frame = 0; frame < kGoldenFrames; ++frame) {
    if (frame % kGroup == 0) integer_stages(frame);
    EXPECT_EQ(scratch_.exponents[frame % kGroup], exponents[static_cast<size_t>(frame)]);
    for (int i = 0; i < kWin; ++i) {
      const auto golden = static_cast<size_t>(frame) * kWin + i;
      ASSERT_EQ(scratch_.spill[i * kGroup + frame % kGroup], spill[golden])
          << "frame " << frame << " row " << i / kRadix << " n2 " << i % kRadix;
      ASSERT_EQ(scratch_.half[i * kGroup + frame % kGroup], half[golden]) << frame << ' ' << i;
      ASSERT_EQ(rest(scratch_)[i * kGroup + frame % kGroup], rests[golden]) << frame << ' ' << i;
    }
  }
}

TEST_P(Golden, SpectrumToTheBit) {
  const auto spectrum = read<int32_t>("spectrum", "<i4");
  for (int frame = 0; frame < kGoldenFrames; ++frame) {
    if (frame % kGroup == 0) integer_stages(frame);
    for (int k1 = 0; k1 < kHalf; ++k1)
      for (int tile = 0; tile < stage2_tiles(k1); ++tile) {
        const auto x = stage2(scratch_, k1, tile);
        alignas(64) int32_t re[kTile];
        alignas(64) int32_t im[kTile];
        vec::store(re, vec::left(x));
        vec::store(im, vec::right(x));
        for (int i = 0; i < 4; ++i) {
          const int lane = i * kGroup + frame % kGroup;
          const auto golden = (static_cast<size_t>(frame) * 2 * kHalf + k1) * kRadix + 4 * tile + i;
          ASSERT_EQ(re[lane], spectrum[golden]) << frame << ' ' << k1;
          ASSERT_EQ(im[lane], spectrum[golden + kHalf * kRadix]) << frame << ' ' << k1;
        }
      }
  }
}

TEST_P(Golden, RowsToOneLsb80Mels) { expect_rows<kernel::whisper80>(); }
TEST_P(Golden, RowsToOneLsb128Mels) { expect_rows<kernel::whisper128>(); }

INSTANTIATE_TEST_SUITE_P(Clips, Golden, testing::Values("vowel", "loud", "quiet"),
                         [](const auto& clip) { return std::string(clip.param); });

}  // namespace
}  // namespace npumel::aie2
