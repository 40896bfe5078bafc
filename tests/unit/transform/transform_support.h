// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows through a transform in one call, and why one is refused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/transform/transform.h"

namespace npumel::test {

/// All rows of a clip, in pushes of the given numbers of rows (repeated as needed).
inline std::vector<float> transformed(Transformer& transformer, int dims,
                                      std::span<const float> rows,
                                      const std::vector<int64_t>& cuts = {}) {
  const auto out_dims = static_cast<size_t>(transformer.output().dims);
  std::vector<float> out;
  const auto more = [&](int64_t count) {
    const size_t before = out.size();
    out.resize(before + static_cast<size_t>(count) * out_dims);
    return std::span<float>(out).subspan(before);
  };
  const int64_t total = static_cast<int64_t>(rows.size()) / dims;
  size_t cut = 0;
  for (int64_t done = 0; done < total;) {
    const int64_t wanted = cuts.empty() ? total : cuts[cut++ % cuts.size()];
    const int64_t count = std::min(wanted, total - done);
    const auto part =
        rows.subspan(static_cast<size_t>(done * dims), static_cast<size_t>(count * dims));
    transformer.push(part, more(transformer.rows_after(count)));
    done += count;
  }
  transformer.drain(more(transformer.rows_at_end()));
  return out;
}

inline std::vector<float> transformed(const TransformRecipe& recipe, const TransformInput& input,
                                      std::span<const float> rows,
                                      const std::vector<int64_t>& cuts = {}) {
  Transformer transformer(recipe, input);
  return transformed(transformer, input.dims, rows, cuts);
}

/// The words of the refusal; empty when nothing is refused.
template <typename Body>
std::string transform_refusal(Body body) {
  try {
    body();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

/// Rows like those of a logarithm: smooth over time, between -16 and 25.
inline std::vector<float> random_rows(std::mt19937& random, int64_t rows, int dims) {
  std::uniform_real_distribution<float> level(-10, 20);
  std::normal_distribution<float> change(0, 1);
  std::vector<float> values;
  std::vector<float> now(static_cast<size_t>(dims));
  for (float& value : now) value = level(random);
  for (int64_t t = 0; t < rows; ++t)
    for (float& value : now) {
      value = 0.95F * value + change(random);
      values.push_back(value);
    }
  return values;
}

}  // namespace npumel::test
