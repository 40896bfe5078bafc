// The kernel against the vectors of its numeric model (tests/golden/npu/make.py): every integer
// stage to the bit, the rows to 1 LSB.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "kernels/aie2/host_twin.h"
#include "kernels/aie2/mel_stages.h"
#include "tests/unit/aie2/npy.h"

namespace npumel::aie2 {
namespace {

using test::read_npy;

constexpr int kGoldenFrames = 6;

class Golden : public testing::TestWithParam<const char*> {
 protected:
  template <typename T>
  std::vector<T> read(const std::string& stage, const std::string& descr) const {
    return read_npy<T>(std::string(GOLDEN_NPU_DIR) + "/" + GetParam() + "-" + stage + ".npy",
                       descr);
  }

  // Runs the stages over frames first .. first+3; frames past the last repeat it.
  void run_group(int first) {
    const auto at = [&](int i) {
      return samples_.data() + std::min(first + i, kGoldenFrames - 1) * kHop;
    };
    pack(scratch_, at(0), at(1), at(2), at(3));
    stage1(scratch_);
    normalize_block(scratch_);
  }

  const std::vector<int16_t> samples_ = read<int16_t>("samples", "<i2");
  Scratch scratch_;
};

TEST_P(Golden, Stage1AndBlockExponentsToTheBit) {
  const auto spill = read<int32_t>("spill", "<i4");
  const auto exponents = read<int32_t>("exponents", "<i4");
  const auto half = read<int16_t>("half", "<i2");
  for (int frame = 0; frame < kGoldenFrames; ++frame) {
    if (frame % kGroup == 0) run_group(frame);
    EXPECT_EQ(scratch_.exponents[frame % kGroup], exponents[static_cast<size_t>(frame)]);
    for (int i = 0; i < kWin; ++i) {
      const auto golden = static_cast<size_t>(frame) * kWin + i;
      ASSERT_EQ(scratch_.spill[i * kGroup + frame % kGroup], spill[golden])
          << "frame " << frame << " row " << i / kRadix << " n2 " << i % kRadix;
      ASSERT_EQ(scratch_.half[i * kGroup + frame % kGroup], half[golden]) << frame << ' ' << i;
    }
  }
}

TEST_P(Golden, SpectrumToTheBit) {
  const auto spectrum = read<int32_t>("spectrum", "<i4");
  for (int frame = 0; frame < kGoldenFrames; ++frame) {
    if (frame % kGroup == 0) run_group(frame);
    for (int k1 = 0; k1 < kHalf; ++k1)
      for (int tile = 0; tile < stage2_tiles(k1); ++tile) {
        const Spectrum x = stage2(scratch_, k1, tile);
        for (int i = 0; i < 4; ++i) {
          const int lane = i * kGroup + frame % kGroup;
          const int re = ((frame * 2) * kHalf + k1) * kRadix + 4 * tile + i;
          const int im = ((frame * 2 + 1) * kHalf + k1) * kRadix + 4 * tile + i;
          ASSERT_EQ(x.re.v[lane], spectrum[static_cast<size_t>(re)]) << frame << ' ' << k1;
          ASSERT_EQ(x.im.v[lane], spectrum[static_cast<size_t>(im)]) << frame << ' ' << k1;
        }
      }
  }
}

TEST_P(Golden, RowsToOneLsb) {
  for (const int mels : {80, 128}) {
    const auto golden = read<int16_t>("rows" + std::to_string(mels), "<i2");
    std::vector<int16_t> rows(golden.size());
    ASSERT_TRUE(twin_rows_v2(samples_.data(), 0, kGoldenFrames, mels, rows.data()));
    for (size_t i = 0; i < rows.size(); ++i)
      ASSERT_LE(std::abs(rows[i] - golden[i]), 1) << mels << " mels, value " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Clips, Golden, testing::Values("vowel", "loud", "quiet"),
                         [](const auto& clip) { return std::string(clip.param); });

}  // namespace
}  // namespace npumel::aie2
