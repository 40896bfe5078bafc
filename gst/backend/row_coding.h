// SPDX-License-Identifier: LGPL-2.1-or-later
// The device's integer rows, to and from the numbers of a recipe.
#pragma once

#include <cstdint>

#include "gst/backend/kernel_package.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Range of what was decoded, as log10.
struct RowRange {
  double least = 0;
  double most = 0;

  /// False when a value cannot be a log-mel energy of 16-bit audio. Poison never can: a row that
  /// the device did not write shows here.
  bool plausible() const noexcept { return least >= -10.04 && most <= 3.5; }
};

/// What output buffers are filled with before each run: decodes to an implausible value.
uint8_t poison_byte(const RowCoding& coding) noexcept;

/// Factor from log10 to the recipe's logarithm.
double log_factor(LogType log) noexcept;

/// Writes `frames` rows of `mels` values into `out` in units of `log`. Frames >= 1. The same value
/// is the same float whatever the layout; float16 is rounded from that float.
RowRange decode_rows(const void* rows, const RowCoding& coding, int mels, int frames, LogType log,
                     const RowSink& out) noexcept;

}  // namespace npumel
