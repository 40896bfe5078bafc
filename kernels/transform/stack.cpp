// SPDX-License-Identifier: LGPL-2.1-or-later
// Stacking of rows: row i holds rows i * stride - left to i * stride + right.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/transform/row_loops.h"
#include "kernels/transform/row_store.h"
#include "kernels/transform/step.h"

namespace npumel {
namespace {

class StackStep final : public Step {
 public:
  StackStep(const TransformRecipe& recipe, const TransformInput& rows)
      : dims_(rows.dims),
        left_(recipe.stack_left),
        right_(recipe.stack_right),
        stride_(recipe.stack_stride),
        zero_(recipe.stack_edge == StackEdge::zero),
        loops_(row_loops()),
        store_(rows.dims) {}

  // Windows that lie in `rows` are copied from there: one copy and no more.
  void push(const float* rows, int64_t count, int64_t ready, float* out) override {
    if (count == 0) return;
    if (rows_ == 0) {
      store_.restart(-left_);
      pad(rows, left_);
    }
    const int64_t first = rows_;  // `rows` hold this row and the following
    rows_ += count;
    const int64_t window = left_ + 1 + right_;
    for (int64_t i = 0; i < ready; ++i) {
      const int64_t start = next_ * stride_ - left_;
      const int64_t kept = std::clamp<int64_t>(first - start, 0, window);
      if (kept > 0) loops_.copy(store_.row(start), values(kept), out);
      if (kept < window)
        loops_.copy(rows + (start + kept - first) * dims_, values(window - kept),
                    out + kept * dims_);
      out += window * dims_;
      ++next_;
    }
    const int64_t needed = next_ * stride_ - left_;
    store_.drop_before(needed);
    const int64_t skipped = std::clamp<int64_t>(needed - first, 0, count);
    if (store_.begin() == store_.end()) store_.restart(first + skipped);
    store_.append(rows + skipped * dims_, count - skipped);
  }

  void drain(int64_t ready, float* out) override {
    if (ready > 0 && store_.end() == rows_) pad(store_.row(rows_ - 1), right_);
    for (int64_t i = 0; i < ready; ++i, ++next_)
      out = std::copy_n(store_.row(next_ * stride_ - left_), (left_ + 1 + right_) * dims_, out);
  }

  void reset() override {
    store_.clear();
    rows_ = next_ = 0;
  }

 private:
  size_t values(int64_t rows) const { return static_cast<size_t>(rows * dims_); }

  void pad(const float* edge, int64_t count) {
    if (zero_)
      store_.append_zeros(count);
    else
      store_.append_copies(edge, count);
  }

  int64_t dims_;
  int64_t left_;
  int64_t right_;
  int64_t stride_;
  bool zero_;
  const RowLoops& loops_;
  RowStore store_;  // from the first row of the next window on
  int64_t rows_ = 0;
  int64_t next_ = 0;
};

}  // namespace

int64_t count_stack(const TransformRecipe& recipe, int64_t rows, bool ended) {
  const int64_t stride = recipe.stack_stride;
  if (ended && recipe.stack_edge != StackEdge::drop) return (rows + stride - 1) / stride;
  return rows > recipe.stack_right ? (rows - 1 - recipe.stack_right) / stride + 1 : 0;
}

void shape_stack(const TransformRecipe& recipe, TransformInput& rows) {
  const int64_t dims = int64_t{rows.dims} * (recipe.stack_left + 1 + recipe.stack_right);
  const int64_t hop = int64_t{rows.hop_length} * recipe.stack_stride;
  if (dims > (1 << 20))
    throw std::invalid_argument("stacked rows of " + std::to_string(dims) +
                                " values: there must be at most 1048576");
  if (hop > INT32_MAX)
    throw std::invalid_argument("stack-stride (" + std::to_string(recipe.stack_stride) +
                                ") is too large for rows " + std::to_string(rows.hop_length) +
                                " samples apart");
  rows.dims = static_cast<int>(dims);
  rows.hop_length = static_cast<int>(hop);
  rows.energy = false;
}

std::unique_ptr<Step> make_stack(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<StackStep>(recipe, rows);
}

}  // namespace npumel
