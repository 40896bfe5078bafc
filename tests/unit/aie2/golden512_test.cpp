// SPDX-License-Identifier: LGPL-2.1-or-later
// The 512-point kernels against the vectors of their numeric model (tests/golden/npu/make.py):
// every integer stage to the bit, the rows to 1 LSB. Compiled with the plain vector facade and, for
// both generations of the NPU, with theirs over a stand-in of the AIE API.
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

constexpr std::array<int, 3> kFramesOfModel = {0, 3, 5};

struct alignas(64) Frame {
  int16_t samples[kWin];
};

class Golden512 : public testing::TestWithParam<const char*> {
 protected:
  template <typename T>
  std::vector<T> read(const std::string& stage, const std::string& descr) const {
    return read_npy<T>(std::string(GOLDEN_NPU_DIR) + "/" + GetParam() + "-" + stage + ".npy",
                       descr);
  }

  // The model's frames and, in the fourth place, a loud stranger.
  void pack_group() {
    const auto samples = read<int16_t>("samples", "<i2");
    std::array<Frame, kGroup> frames;
    for (size_t i = 0; i < kFramesOfModel.size(); ++i)
      std::copy_n(samples.begin() + kFramesOfModel.at(i) * kHop, kWin, frames.at(i).samples);
    for (int n = 0; n < kWin; ++n)
      frames[3].samples[n] = static_cast<int16_t>(n % 3 == 0 ? 32767 : -32768);
    dft512::pack(scratch_, frames[0].samples, frames[1].samples, frames[2].samples,
                 frames[3].samples);
  }

  template <bool kRemoveDc>
  void expect_stages(const std::string& kind, const int16_t* window, const int16_t* rest) {
    pack_group();
    dft512::condition<kRemoveDc>(scratch_, window, rest);
    const auto windowed = read<int32_t>(kind + "-windowed", "<i4");
    for (int frame = 0; frame < 3; ++frame)
      for (int n = 0; n < kWin; ++n)
        ASSERT_EQ(scratch_.spill[n * kGroup + frame],
                  windowed[static_cast<size_t>(frame) * kWin + static_cast<size_t>(n)])
            << "frame " << frame << " sample " << n;
    dft512::stage1(scratch_);
    const auto exponents = read<int32_t>(kind + "-exponents", "<i4");
    for (size_t frame = 0; frame < 3; ++frame) {
      EXPECT_EQ(scratch_.first_exponents[frame], exponents[2 * frame]);
      EXPECT_EQ(scratch_.exponents[frame], exponents[2 * frame] + exponents[2 * frame + 1]);
    }
    const auto spectrum = read<int32_t>(kind + "-spectrum", "<i4");
    for (int k1 = 0; k1 < dft512::kHalf; ++k1)
      for (int tile = 0; tile < dft512::stage2_tiles(k1); ++tile) {
        const auto x = dft512::stage2(scratch_, k1, tile);
        alignas(64) int32_t re[kTile];
        alignas(64) int32_t im[kTile];
        vec::store(re, vec::left(x));
        vec::store(im, vec::right(x));
        for (int i = 0; i < 4 * 3; ++i) {
          const int frame = i % 3;
          const int k2 = 4 * tile + i / 3;
          const int lane = i / 3 * kGroup + frame;
          const auto at =
              static_cast<size_t>((frame * 2 * dft512::kHalf + k1) * dft512::kSecond + k2);
          ASSERT_EQ(re[lane], spectrum[at]) << "frame " << frame << " bin " << k1 + 32 * k2;
          ASSERT_EQ(im[lane], spectrum[at + dft512::kHalf * dft512::kSecond])
              << "frame " << frame << " bin " << k1 + 32 * k2;
        }
      }
  }

  template <typename Kernel>
  void expect_rows() {
    using Tables = typename Kernel::Tables;
    const auto golden = read<int16_t>("rows-" + std::string(Tables::recipe), "<i2");
    pack_group();
    compute<Kernel>(scratch_);
    for (int frame = 0; frame < 3; ++frame) {
      alignas(64) int16_t row[kMaxMels];
      emit_v2<Tables>(scratch_, frame, row);
      for (int mel = 0; mel < Tables::mels; ++mel)
        ASSERT_LE(std::abs(row[mel] - golden[static_cast<size_t>(frame * Tables::mels + mel)]), 1)
            << "frame " << frame << " mel " << mel;
      alignas(64) float floats[kMaxMels];
      emit_v3<Tables>(scratch_, frame, floats);
      for (int mel = 0; mel < Tables::mels; ++mel)  // ln, in units of 2^-17
        ASSERT_EQ(std::ldexp(floats[mel], 17),
                  std::nearbyint(std::ldexp(row[mel] * 1236190959.0, -23)))
            << "frame " << frame << " mel " << mel;
    }
  }

  void SetUp() override { vec::set_modes(); }

  dft512::Scratch scratch_;
};

TEST_P(Golden512, EmphasisWindowAndSpectrumToTheBit) {
  expect_stages<false>("hann", dft512::kNegativeHann, dft512::kNegativeHannRest);
}
TEST_P(Golden512, DcRemovalToo) {
  expect_stages<true>("povey", dft512::kNegativePovey, dft512::kNegativePoveyRest);
}
TEST_P(Golden512, RowsToOneLsb) {
  expect_rows<kernel::nemo80>();
  expect_rows<kernel::nemo128>();
  expect_rows<kernel::kaldi80>();
}

INSTANTIATE_TEST_SUITE_P(Clips, Golden512, testing::Values("vowel", "loud", "quiet"),
                         [](const auto& clip) { return std::string(clip.param); });

}  // namespace
}  // namespace npumel::aie2
