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
///
/// Rows are listed first and taken in by take(), many in one call of a loop.
class WindowSums {
 public:
  /// `squares`: whether sums of squares are wanted, too.
  WindowSums(int dims, bool squares);

  /// Whether the window [first, end) can be listed while others are that were not taken yet.
  bool follows(int64_t first, int64_t end) const { return first <= cut_ && end <= end_ + 1; }
  /// Moves to rows [first, end) of the stream, which must be in `rows` and not go back. Sets
  /// `added` and `before`.
  void list(const RowStore& rows, int64_t first, int64_t end, WindowRow& row) {
    row.added = no_row_.data();
    // The very first window starts with a running sum alone.
    if (first > cut_) {
      cut(rows, first, end);
    } else if (end > end_) {
      if (end > end_ + 1) add(rows, end - 1);
      row.added = rows.row(end_++);
    }
    row.before = first == cut_ ? zeros_.data()
                               : suffixes_.data() + static_cast<size_t>(cut_ - 1 - first) * width_;
  }

  /// normalize(behind, next) of RowLoops for all rows that were listed.
  template <class Normalize>
  void take(Normalize normalize) {
    if (normalize(behind_.data(), next_.data())) behind_.swap(next_);
  }

  void reset();

 private:
  void add(const RowStore& rows, int64_t end);
  void cut(const RowStore& rows, int64_t first, int64_t end);

  size_t dims_;
  size_t width_;  // dims, twice with squares
  bool squares_;
  const RowLoops& loops_;
  int64_t end_ = 0;
  int64_t cut_ = 0;
  std::vector<double> behind_;  // rows [cut, end)
  std::vector<double> next_;    // takes turns with it
  // Row r of [.., cut): the sum of rows [r, cut), the last one first.
  std::vector<double> suffixes_;
  std::vector<double> zeros_;
  std::vector<float> no_row_;
};

}  // namespace npumel
