// SPDX-License-Identifier: LGPL-2.1-or-later
// The rows of a stream that a step still needs, one after the other in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace npumel {

/// Rows have numbers from 0. Dropping moves no memory; appending does when the end is reached,
/// which is seldom: the memory is three times what is kept.
class RowStore {
 public:
  explicit RowStore(int64_t dims) : dims_(static_cast<size_t>(dims)) {}

  int64_t begin() const { return first_; }
  int64_t end() const { return first_ + count_; }

  /// A row that is kept. The rows up to end() follow it. Valid until the next append.
  const float* row(int64_t number) const {
    return memory_.data() + start_ + static_cast<size_t>(number - first_) * dims_;
  }

  void append(const float* rows, int64_t count) {
    std::copy_n(rows, static_cast<size_t>(count) * dims_, grow(count));
  }
  void append_copies(const float* row, int64_t count) {
    // `row` may be one of ours, which growing moves.
    const bool ours = row >= memory_.data() && row < memory_.data() + memory_.size();
    const ptrdiff_t place = ours ? row - memory_.data() - static_cast<ptrdiff_t>(start_) : 0;
    float* out = grow(count);
    const float* from = ours ? memory_.data() + start_ + place : row;
    for (int64_t i = 0; i < count; ++i) out = std::copy_n(from, dims_, out);
  }
  void append_zeros(int64_t count) {
    std::fill_n(grow(count), static_cast<size_t>(count) * dims_, 0.0F);
  }

  /// Forgets the rows before `number`, at most all.
  void drop_before(int64_t number) {
    const int64_t gone = std::clamp<int64_t>(number - first_, 0, count_);
    first_ += gone;
    count_ -= gone;
    start_ = count_ == 0 ? 0 : start_ + static_cast<size_t>(gone) * dims_;
  }

  /// Row `number` will be the next one that is appended. Only when there is none.
  void restart(int64_t number) {
    first_ = number;
    count_ = 0;
    start_ = 0;
  }
  void clear() { restart(0); }

 private:
  float* grow(int64_t count) {
    const size_t used = static_cast<size_t>(count_) * dims_;
    const size_t more = static_cast<size_t>(count) * dims_;
    if (start_ + used + more > memory_.size()) {
      if (2 * (used + more) > memory_.size()) {
        std::vector<float> larger(std::max(3 * (used + more), memory_.size()));
        std::copy_n(memory_.data() + start_, used, larger.data());
        memory_.swap(larger);
      } else {
        std::copy_n(memory_.data() + start_, used, memory_.data());
      }
      start_ = 0;
    }
    count_ += count;
    return memory_.data() + start_ + used;
  }

  size_t dims_;
  std::vector<float> memory_;
  size_t start_ = 0;  // where row first_ lies
  int64_t first_ = 0;
  int64_t count_ = 0;
};

}  // namespace npumel
