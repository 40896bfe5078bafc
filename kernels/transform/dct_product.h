// SPDX-License-Identifier: LGPL-2.1-or-later
// The product of rows with the weights of a DCT, in SIMD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace npumel {

/// Folds each row about its middle, where the cosines are even or odd: half of the products. The
/// lanes of a vector are coefficients, each sum runs over the row in the same order, and products
/// are rounded before they are added: the same bits on every instruction set. In double: a row of
/// silence in dB has a c0 of -1000, and float32 sums would be off by 1e-3.
class DctProduct {
 public:
  DctProduct(int length, int coefficients);

  int coefficients() const { return tables_.coefficients; }

  /// Value `at` of the output rows is coefficient k times `factor`. Every k has a place of its own.
  void place(int k, int at, double factor);

  /// `rows` lie `pitch` values apart, output rows coefficients().
  void compute(const float* rows, ptrdiff_t pitch, int64_t count, float* out);

  struct Tables {
    int length = 0;
    int coefficients = 0;
    int half = 0;                 ///< values of a folded row
    int columns = 0;              ///< coefficients of a parity, rounded up to whole vectors
    std::vector<double> weights;  ///< [parity][half][columns]
    std::vector<int> sources;  ///< where in [parity][columns] a value of the output row comes from
  };

 private:
  Tables tables_;
  std::vector<double> scratch_;  // folded rows, then sums
};

}  // namespace npumel
