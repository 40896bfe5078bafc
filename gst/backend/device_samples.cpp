// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/device_samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace npumel {
namespace {

// Adding and subtracting 1.5 * 2^23 leaves a float rounded half to even; the compiler turns the
// loop into SIMD, which it does not with a call of nearbyint().
constexpr float kRounder = 12582912.0F;

}  // namespace

bool quantize(const float* samples, int count, int16_t* out) noexcept {
  float peak = 0;
  for (int i = 0; i < count; i++) {
    peak = std::max(peak, std::fabs(samples[i]));
    const float scaled = std::clamp(samples[i] * 32768.0F, -32768.0F, 32767.0F);
    out[i] = static_cast<int16_t>((scaled + kRounder) - kRounder);
  }
  return peak <= 1.0F;
}

void expand_frames(const int16_t* samples, int frames, int16_t* out) noexcept {
  for (int f = 0; f < frames; f++)
    std::memcpy(out + static_cast<std::ptrdiff_t>(f) * aie2::kWin,
                samples + static_cast<std::ptrdiff_t>(f) * aie2::kHop,
                aie2::kWin * sizeof(int16_t));
}

}  // namespace npumel
