// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums over a window of rows that moves forward.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/transform/row_loops.h"
#include "kernels/transform/row_store.h"

namespace npumel {

/// The window is cut at a row: behind the cut a running sum, before it the sums from each row to
/// the cut, made anew when the window has passed it. So nothing is ever subtracted: sums do not
/// drift over days, and a value that is no number is gone when its row is. Two additions a value.
class WindowSums {
 public:
  /// `squares`: whether sums of squares are wanted, too.
  WindowSums(int dims, bool squares);

  /// Moves to rows [first, end) of the stream, which must be in `rows` and not go back.
  void move(const RowStore& rows, int64_t first, int64_t end);

  /// The sums over the window are those of both, value by value, and those of squares behind them.
  const double* behind() const { return behind_.data(); }
  const double* before() const { return before_; }

  void reset();

 private:
  void cut(const RowStore& rows, int64_t first);

  size_t dims_;
  size_t width_;  // dims, twice with squares
  void (*add_)(const float* row, size_t dims, const double* sums, double* out);
  int64_t end_ = 0;
  int64_t cut_ = 0;
  std::vector<double> behind_;  // rows [cut, end)
  std::vector<double> next_;    // takes turns with it
  std::vector<double>
      suffixes_;  // row r of [.., cut): the sum of rows [r, cut), the last one first
  std::vector<double> zeros_;
  const double* before_ = nullptr;  // rows [first, cut)
};

}  // namespace npumel
