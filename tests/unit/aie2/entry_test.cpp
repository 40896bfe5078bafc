// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's entry points as the cores call them, over the stand-in of the AIE API: they must set
// the core's rounding and saturation themselves, and keep a group between calls.
#include <gtest/gtest.h>

#include <aie_api/aie.hpp>
#include <algorithm>
#include <cstdlib>
#include <string>

#include "kernels/aie2/shape.h"
#include "tests/unit/aie2/npy.h"

extern "C" {
void mel_pack(const int16_t* a, const int16_t* b, const int16_t* c, const int16_t* d);
void mel_compute();
void mel_emit_v2(int16_t* row, int32_t frame);
void mel_emit_v1(int8_t* row, int32_t frame);
void mel_emit_v3(float* row, int32_t frame);
}

namespace npumel::aie2 {
namespace {

void reset_modes() {
  aie::set_rounding(aie::rounding_mode::floor);
  aie::set_saturation(aie::saturation_mode::none);
}

TEST(EntryPoints, GiveTheModelsRowsWhateverModesTheCoreWasIn) {
  const std::string clip = std::string(GOLDEN_NPU_DIR) + "/vowel-";
  const auto samples = test::read_npy<int16_t>(clip + "samples.npy", "<i2");
  const auto golden = test::read_npy<int16_t>(clip + "rows80.npy", "<i2");
  for (int first = 0; first < 6; first += kGroup) {
    alignas(64) int16_t frames[kGroup][kWin + 16];
    const int count = std::min(kGroup, 6 - first);
    for (int i = 0; i < kGroup; ++i)
      std::copy_n(samples.begin() + (first + std::min(i, count - 1)) * kHop, kWin, frames[i]);
    reset_modes();
    mel_pack(frames[0], frames[1], frames[2], frames[3]);
    std::fill_n(frames[0], sizeof frames / sizeof(int16_t), int16_t{0x5a5a});  // objects released
    mel_compute();
    for (int frame = 0; frame < count; ++frame) {
      alignas(64) int16_t v2[80];
      alignas(64) int8_t v1[80];
      reset_modes();
      mel_emit_v2(v2, frame);
      reset_modes();
      mel_emit_v1(v1, frame);
      alignas(64) float v3[80];
      reset_modes();
      mel_emit_v3(v3, frame);
      for (int mel = 0; mel < 80; ++mel) {
        ASSERT_LE(std::abs(v2[mel] - golden[static_cast<size_t>(first + frame) * 80 + mel]), 1);
        ASSERT_NEAR(v1[mel] / 20.0 - 3.7, v2[mel] / 2048.0, 0.02501);
        ASSERT_EQ(v3[mel], static_cast<float>(v2[mel]) / 2048);
      }
    }
  }
}

}  // namespace
}  // namespace npumel::aie2
