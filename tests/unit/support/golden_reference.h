// What the double-precision reference says for a golden vector.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/mel/normalize.h"
#include "kernels/mel/reference.h"
#include "tests/unit/support/golden.h"

namespace npumel::test {

inline Recipe golden_recipe(const GoldenFrontEnd& front_end) {
  const int published = published_rate(front_end.preset);
  return resolve(front_end.preset, front_end.overrides, published != 0 ? published : 16000);
}

/// Normalises blocks of rows on their own, as a front end does that is called with short pieces of
/// audio. Rows that do not fill a last block are dropped.
inline std::vector<double> normalize_calls(const Recipe& recipe, std::vector<double> rows,
                                           const std::vector<int64_t>& calls) {
  const int64_t total = static_cast<int64_t>(rows.size()) / recipe.mels;
  int64_t done = 0;
  for (int64_t block = calls.front(); done + block <= total; block = calls.back()) {
    double* first = rows.data() + done * recipe.mels;
    const double maximum = *std::max_element(first, first + block * recipe.mels);
    normalize(recipe.normalization,
              BasicRowBlock<double>{first, block, recipe.mels, recipe.mels, 1}, block, maximum);
    done += block;
  }
  rows.resize(static_cast<size_t>(done * recipe.mels));
  return rows;
}

/// Rows of `recipe` (golden_recipe(), or a wrong one on purpose) under the conditions of the front
/// end.
inline std::vector<double> golden_reference(const GoldenFrontEnd& front_end, const Recipe& recipe,
                                            std::vector<double> samples) {
  if (front_end.pad_to > 0) samples.resize(static_cast<size_t>(front_end.pad_to));
  if (!front_end.calls.empty())
    return normalize_calls(recipe, reference_rows(recipe, samples), front_end.calls);
  return reference_clip(recipe, samples, front_end.normalized, front_end.tail_silence);
}

}  // namespace npumel::test
