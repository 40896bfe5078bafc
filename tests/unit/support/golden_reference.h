// SPDX-License-Identifier: LGPL-2.1-or-later
// What the double-precision reference says for a golden vector, and where the vector holds the
// rounding noise of its original (Dft::convolution), what that noise is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/mel/convolution.h"
#include "kernels/mel/normalize.h"
#include "kernels/mel/reference.h"
#include "tests/unit/support/float_convolution.h"
#include "tests/unit/support/golden.h"

namespace npumel::test {

inline Recipe golden_recipe(const GoldenFrontEnd& front_end) {
  const int published = published_rate(front_end.preset);
  return resolve(front_end.preset, front_end.overrides,
                 published != 0 ? published : front_end.rate);
}

/// Normalises blocks of rows on their own, as a front end does that is called with short pieces of
/// audio. Rows that do not fill a last block are dropped.
inline std::vector<double> normalize_calls(const Recipe& recipe, std::vector<double> rows,
                                           const std::vector<int64_t>& calls) {
  const int64_t total = static_cast<int64_t>(rows.size()) / recipe.width();
  int64_t done = 0;
  for (int64_t block = calls.front(); done + block <= total; block = calls.back()) {
    double* first = rows.data() + done * recipe.width();
    const double maximum = *std::max_element(first, first + block * recipe.width());
    normalize(recipe.normalization,
              BasicRowBlock<double>{first, block, recipe.width(), recipe.width(), 1}, block,
              maximum);
    done += block;
  }
  rows.resize(static_cast<size_t>(done * recipe.width()));
  return rows;
}

/// Rows with the noise of the original: of calls as the front end makes them, or of one.
inline std::vector<double> convolved_reference(const GoldenFrontEnd& front_end,
                                               const Recipe& recipe,
                                               const std::vector<double>& samples) {
  std::vector<int64_t> calls = front_end.calls;
  if (calls.empty()) {
    const int64_t all = frame_count(recipe, static_cast<int64_t>(samples.size()));
    calls = {std::max<int64_t>(all, 1)};
  }
  const int part = convolution_part(static_cast<int>(calls.back()));
  return normalize_calls(recipe, convolved_rows(recipe, samples, static_cast<size_t>(part)), calls);
}

/// Rows of `recipe` (golden_recipe(), or a wrong one on purpose) under the conditions of the front
/// end.
inline std::vector<double> golden_reference(const GoldenFrontEnd& front_end, const Recipe& recipe,
                                            std::vector<double> samples) {
  if (front_end.pad_to > 0) samples.resize(static_cast<size_t>(front_end.pad_to));
  if (recipe.dft == Dft::convolution) return convolved_reference(front_end, recipe, samples);
  if (!front_end.calls.empty())
    return normalize_calls(recipe, reference_rows(recipe, samples), front_end.calls);
  return reference_clip(recipe, samples, front_end.normalized, front_end.tail_silence);
}

}  // namespace npumel::test
