// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums over a moving window, without subtraction.
#include "kernels/transform/window_sums.h"

#include <algorithm>

namespace npumel {

WindowSums::WindowSums(int dims, bool squares)
    : dims_(static_cast<size_t>(dims)),
      width_(squares ? 2 * dims_ : dims_),
      add_(squares ? row_loops().add_squares : row_loops().add),
      behind_(width_),
      next_(width_),
      zeros_(width_),
      before_(zeros_.data()) {}

void WindowSums::move(const RowStore& rows, int64_t first, int64_t end) {
  for (; end_ < end; ++end_) {
    add_(rows.row(end_), dims_, behind_.data(), next_.data());
    behind_.swap(next_);
  }
  // The very first window starts with a running sum alone.
  if (first > cut_) cut(rows, first);
  before_ = first == cut_ ? zeros_.data()
                          : suffixes_.data() + static_cast<size_t>(cut_ - 1 - first) * width_;
}

void WindowSums::cut(const RowStore& rows, int64_t first) {
  cut_ = end_;
  const size_t needed = static_cast<size_t>(cut_ - first) * width_;
  if (suffixes_.size() < needed) suffixes_.resize(std::max(needed, suffixes_.size() * 2));
  const double* after = zeros_.data();
  double* sums = suffixes_.data();
  for (int64_t r = cut_ - 1; r >= first; --r) {
    add_(rows.row(r), dims_, after, sums);
    after = sums;
    sums += width_;
  }
  std::fill(behind_.begin(), behind_.end(), 0.0);
}

void WindowSums::reset() {
  end_ = cut_ = 0;
  std::fill(behind_.begin(), behind_.end(), 0.0);
  before_ = zeros_.data();
}

}  // namespace npumel
