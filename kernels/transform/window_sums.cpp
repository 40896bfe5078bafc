// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums over a moving window, without subtraction.
#include "kernels/transform/window_sums.h"

#include <algorithm>

namespace npumel {

WindowSums::WindowSums(int dims, bool squares)
    : dims_(static_cast<size_t>(dims)),
      width_(squares ? 2 * dims_ : dims_),
      squares_(squares),
      loops_(row_loops()),
      behind_(width_),
      next_(width_),
      zeros_(width_),
      no_row_(dims_) {}

void WindowSums::add(const RowStore& rows, int64_t end) {
  while (end_ < end) {
    const int64_t count = std::min(end - end_, kRowsAtOnce);
    const SumJob job{rows.row(end_), static_cast<ptrdiff_t>(dims_), count, dims_, squares_};
    loops_.add_up(job, behind_.data(), next_.data());
    behind_.swap(next_);
    end_ += count;
  }
}

void WindowSums::cut(const RowStore& rows, int64_t first, int64_t end) {
  cut_ = end_ = end;
  const size_t needed = static_cast<size_t>(cut_ - first) * width_;
  if (suffixes_.size() < needed) suffixes_.resize(std::max(needed, suffixes_.size() * 2));
  const double* after = zeros_.data();
  double* sums = suffixes_.data();
  for (int64_t r = cut_; r > first;) {
    const int64_t count = std::min(r - first, kRowsAtOnce);
    const SumJob job{rows.row(r - 1), -static_cast<ptrdiff_t>(dims_), count, dims_, squares_};
    loops_.add_up_each(job, after, sums, static_cast<ptrdiff_t>(width_));
    sums += static_cast<size_t>(count) * width_;
    after = sums - width_;
    r -= count;
  }
  std::fill(behind_.begin(), behind_.end(), 0.0);
}

void WindowSums::reset() {
  end_ = cut_ = 0;
  std::fill(behind_.begin(), behind_.end(), 0.0);
}

}  // namespace npumel
