// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the rows around a row: Kaldi's sliding and online windows.
#include <algorithm>
#include <limits>
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
        normalize_(recipe.cmvn_variance ? row_loops().standardize : row_loops().subtract_mean),
        file_(recipe.cmvn_statistics.mean) {
    const CmvnStatistics& statistics = recipe.cmvn_statistics;
    for (size_t i = 0; i < statistics.variance.size(); ++i)
      file_.push_back(statistics.variance[i] + statistics.mean[i] * statistics.mean[i]);
    job_.floor = recipe.cmvn_floor;
    job_.epsilon = recipe.cmvn_epsilon;
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
    for (int64_t i = 0; i < ready; ++i, ++next_, out += job_.dims) {
      const CmvnWindow window = cmvn_window(recipe_, next_, length);
      const int64_t count = window.end - window.first;
      const int64_t file_rows = cmvn_global_rows(recipe_, count);
      sums_.move(store_, window.first, window.end);
      job_.behind = sums_.behind();
      job_.before = sums_.before();
      job_.file = file_rows > 0 ? file_.data() : nullptr;
      job_.file_rows = static_cast<double>(file_rows);
      job_.rows = static_cast<double>(count + file_rows);
      normalize_(job_, store_.row(next_), out);
      store_.drop_before(std::min(window.first, next_));
    }
  }

  TransformRecipe recipe_;
  RowStore store_;
  WindowSums sums_;
  void (*normalize_)(const WindowJob& job, const float* row, float* out);
  std::vector<double> file_;  // means, then mean squares
  WindowJob job_;
  int64_t rows_ = 0;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Step> make_window_cmvn(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<WindowCmvn>(recipe, rows);
}

}  // namespace npumel
