// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples as the NPU reads them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/aie2/shape.h"

namespace npumel {

/// Samples that `frames` overlapping frames take.
constexpr int sample_count(int frames) { return (frames - 1) * aie2::kHop + aie2::kWin; }

/// Rounds half to even at x * 32768 and saturates. False when a sample lies beyond [-1, 1]: the
/// batch is then not the NPU's to compute. Samples are finite.
bool quantize(const float* samples, int count, int16_t* out) noexcept;

/// ABI v1: `frames` windows of 400 samples, 160 apart, one after another.
void expand_frames(const int16_t* samples, int frames, int16_t* out) noexcept;

}  // namespace npumel
