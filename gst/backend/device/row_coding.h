// SPDX-License-Identifier: LGPL-2.1-or-later
// The device's number formats: 16-bit samples in, integer or float rows out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gst/backend/device/row_limits.h"
#include "gst/backend/packages/kernel_package.h"
#include "kernels/aie2/shape.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Samples that `frames` overlapping frames take.
constexpr int sample_count(int frames) { return (frames - 1) * aie2::kHop + aie2::kWin; }

/// Rounds half to even at x * 32768 and saturates. False when a sample lies beyond [-1, 1]: the
/// batch is then not the NPU's to compute. Samples are finite.
bool quantize(const float* samples, int count, int16_t* out) noexcept;

/// ABI v1: `frames` windows of 400 samples, 160 apart, one after another.
void expand_frames(const int16_t* samples, int frames, int16_t* out) noexcept;

/// What output buffers are filled with before each run: decodes to a value beyond row_limits() of
/// every recipe that there is a kernel for.
uint8_t poison_byte(const RowCoding& coding) noexcept;

/// Factor from log10 to the recipe's logarithm.
double log_factor(LogType log) noexcept;

/// Writes `frames` rows of `mels` values into `out` in units of `log`. Frames >= 1. The same value
/// is the same float whatever the layout; float16 is rounded from that float. Returns the range of
/// what was decoded; NaN is below every range.
RowRange decode_rows(const void* rows, const RowCoding& coding, int mels, int frames, LogType log,
                     const RowSink& out) noexcept;

/// Whether the rows, as the device writes them, are float32 in units of `log`.
bool are_as_sent(const RowCoding& coding, LogType log) noexcept;
/// What decode_rows() returns.
RowRange range_of_rows(const void* rows, const RowCoding& coding, int mels, int frames) noexcept;

}  // namespace npumel
