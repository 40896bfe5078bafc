// SPDX-License-Identifier: LGPL-2.1-or-later
// The definition, as plainly as it can be written: double precision, the textbook's FFT, one frame
// at a time. Tests hold everything else against it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel {

/// Raw rows (frame_count(n) x recipe.width(), row-major) of a whole clip, no tail rule. `samples`
/// are in
/// [-1, 1): int16 / 32768. `recipe` must be valid.
std::vector<double> reference_rows(const Recipe& recipe, std::span<const double> samples);

/// For each of those rows, the level that the rounding noise of a float32 implementation scales
/// with, as a raw value: the strongest bin of the whole spectrum, also outside the filters, times
/// the largest sum of weights of a filter. Tests measure the depth of a weak value from it.
std::vector<double> reference_peaks(const Recipe& recipe, std::span<const double> samples);

/// What frames=0 gives: raw or normalised rows with the recipe's tail rule applied (clip_shape).
/// `tail_silence` zeros are appended before the right edge is padded; the rows they make are
/// dropped but count for the maximum.
std::vector<double> reference_clip(const Recipe& recipe, std::span<const double> samples,
                                   bool normalized, int64_t tail_silence = 0);

}  // namespace npumel
