// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the rows around a row: Kaldi's sliding and online windows.
#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/transform/cmvn.h"
#include "kernels/transform/row_store.h"
#include "kernels/transform/window_sums.h"

namespace npumel {
namespace {

class WindowCmvn final : public Step {
 public:
  WindowCmvn(const TransformRecipe& recipe, const TransformInput& rows)
      : recipe_(recipe),
        dims_(static_cast<size_t>(rows.dims)),
        store_(rows.dims),
        sums_(rows.dims, recipe.cmvn_variance) {
    const CmvnStatistics& statistics = recipe.cmvn_statistics;
    global_ = statistics.mean;
    // E[x^2], as the window's sums.
    for (size_t i = 0; i < statistics.variance.size(); ++i)
      global_squares_.push_back(statistics.variance[i] + statistics.mean[i] * statistics.mean[i]);
  }

  void push(const float* rows, int64_t count, int64_t ready, float* out) override {
    store_.append(rows, count);
    rows_ += count;
    write(ready, std::numeric_limits<int64_t>::max(), out);
  }
  void drain(int64_t ready, float* out) override { write(ready, rows_, out); }

  void reset() override {
    store_.clear();
    sums_.reset();
    rows_ = next_ = 0;
  }

 private:
  void write(int64_t ready, int64_t length, float* out) {
    for (int64_t i = 0; i < ready; ++i, ++next_) {
      const CmvnWindow window = cmvn_window(recipe_, next_, length);
      sums_.move(store_, window.first, window.end);
      const int64_t count = window.end - window.first;
      if (recipe_.cmvn_variance || cmvn_global_rows(recipe_, count) > 0)
        normalize(store_.row(next_), count, out);
      else
        subtract_mean(store_.row(next_), count, out);
      out += dims_;
      store_.drop_before(std::min(window.first, next_));
    }
  }

  void normalize(const float* row, int64_t count, float* out) const {
    const int64_t global_rows = cmvn_global_rows(recipe_, count);
    const auto total = static_cast<double>(count + global_rows);
    const auto weight = static_cast<double>(global_rows);
    for (size_t i = 0; i < dims_; ++i) {
      double sum = sums_.sum(i);
      if (global_rows > 0) sum += weight * global_[i];
      // Divided and not multiplied: the mean of equal values is that value, to the bit. A deviation
      // of 0 would make any rounding error large.
      const double mean = sum / total;
      double value = static_cast<double>(row[i]) - mean;
      if (recipe_.cmvn_variance) {
        double squares = sums_.square_sum(i);
        if (global_rows > 0) squares += weight * global_squares_[i];
        value *= cmvn_scale(recipe_, squares / total - mean * mean);
      }
      out[i] = static_cast<float>(value);
    }
  }

  void subtract_mean(const float* __restrict row, int64_t count, float* __restrict out) const {
    const double share = 1.0 / static_cast<double>(count);
    for (size_t i = 0; i < dims_; ++i)
      out[i] = static_cast<float>(static_cast<double>(row[i]) - sums_.sum(i) * share);
  }

  TransformRecipe recipe_;
  size_t dims_;
  RowStore store_;
  WindowSums sums_;
  std::vector<double> global_;
  std::vector<double> global_squares_;
  int64_t rows_ = 0;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Step> make_window_cmvn(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<WindowCmvn>(recipe, rows);
}

}  // namespace npumel
