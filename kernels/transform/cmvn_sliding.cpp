// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the rows around a row: Kaldi's sliding and online windows.
#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <vector>

#include "kernels/transform/cmvn.h"
#include "kernels/transform/row_loops.h"
#include "kernels/transform/row_store.h"
#include "kernels/transform/window_sums.h"

namespace npumel {
namespace {

class WindowCmvn final : public Step {
 public:
  WindowCmvn(const TransformRecipe& recipe, const TransformInput& rows)
      : recipe_(recipe),
        store_(rows.dims),
        sums_(rows.dims, recipe.cmvn_variance),
        normalize_(recipe.cmvn_variance ? row_loops().standardize : row_loops().subtract_means),
        file_(recipe.cmvn_statistics.mean) {
    const CmvnStatistics& statistics = recipe.cmvn_statistics;
    for (size_t i = 0; i < statistics.variance.size(); ++i)
      file_.push_back(statistics.variance[i] + statistics.mean[i] * statistics.mean[i]);
    job_.file = file_.data();
    job_.floor = recipe.cmvn_floor;
    job_.epsilon = recipe.cmvn_epsilon;
    job_.deviation_epsilon = recipe.cmvn_deviation_epsilon;
    job_.dims = static_cast<size_t>(rows.dims);
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
    if (ready == 0) return;
    CmvnWindow window;
    for (int64_t i = 0; i < ready; ++i, ++next_) {
      window = cmvn_window(recipe_, next_, length);
      if (listed_ == rows_listed_.size() || !sums_.follows(window.first, window.end))
        out = normalize_listed(out);
      const int64_t count = window.end - window.first;
      if (count != window_rows_) count_rows(count);
      WindowRow& row = rows_listed_[listed_++];
      row = counted_;
      row.own = store_.row(next_);
      sums_.list(store_, window.first, window.end, row);
    }
    normalize_listed(out);
    store_.drop_before(std::min(window.first, next_ - 1));
  }

  /// What a window of `count` rows counts for; nearly all have the same number.
  void count_rows(int64_t count) {
    const int64_t file_rows = cmvn_global_rows(recipe_, count);
    window_rows_ = count;
    counted_.file_rows = static_cast<double>(file_rows);
    counted_.rows = static_cast<double>(count + file_rows);
    counted_.share = 1 / counted_.rows;
  }

  float* normalize_listed(float* out) {
    if (listed_ == 0) return out;
    job_.rows = std::span(rows_listed_).first(listed_);
    sums_.take([&](double* behind, double* next) { return normalize_(job_, behind, next, out); });
    out += listed_ * job_.dims;
    listed_ = 0;
    return out;
  }

  TransformRecipe recipe_;
  RowStore store_;
  WindowSums sums_;
  bool (*normalize_)(const WindowJob& job, double* behind, double* next, float* out);
  std::vector<double> file_;  // means, then mean squares
  WindowJob job_;
  std::array<WindowRow, kRowsAtOnce> rows_listed_;
  WindowRow counted_;  // of a window of window_rows_ rows, without its place
  int64_t window_rows_ = 0;
  size_t listed_ = 0;  // of them: rows that follow one another, not written yet
  int64_t rows_ = 0;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Step> make_window_cmvn(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<WindowCmvn>(recipe, rows);
}

}  // namespace npumel
