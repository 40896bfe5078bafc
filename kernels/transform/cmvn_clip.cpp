// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the mean and variance of the whole clip, which it collects.
#include <algorithm>
#include <vector>

#include "kernels/transform/cmvn.h"
#include "kernels/transform/row_loops.h"
#include "kernels/transform/row_store.h"

namespace npumel {
namespace {

class ClipCmvn final : public Step {
 public:
  ClipCmvn(const TransformRecipe& recipe, const TransformInput& rows)
      : recipe_(recipe), store_(rows.dims), means_(static_cast<size_t>(rows.dims)) {}

  void push(const float* rows, int64_t count, int64_t /*ready*/, float* /*out*/) override {
    store_.append(rows, count);
  }

  void drain(int64_t ready, float* out) override {
    if (!known_) take_statistics();
    row_loops().normalize(store_.row(store_.begin()), means_.size(), ready, means_.data(),
                          scales_.data(), out);
    store_.drop_before(store_.begin() + ready);
  }

  void reset() override {
    store_.clear();
    known_ = false;
  }

 private:
  void take_statistics() {
    const RowLoops& loops = row_loops();
    const size_t dims = means_.size();
    const int64_t count = store_.end();
    known_ = true;
    add_up(means_, [&](const SumJob& job, const double* sums, double* out) {
      loops.add_up(job, sums, out);
    });
    for (double& mean : means_) mean /= static_cast<double>(count);
    scales_.assign(dims, 0);
    if (recipe_.cmvn_variance)
      add_up(scales_, [&](const SumJob& job, const double* sums, double* out) {
        loops.add_deviations(job, means_.data(), sums, out);
      });
    // One row has no deviation: it becomes 0, also where the original divides by n - 1 = 0.
    const bool enough = count > recipe_.cmvn_ddof;
    const auto divisor = static_cast<double>(enough ? count - recipe_.cmvn_ddof : 1);
    for (double& scale : scales_) scale = cmvn_scale(recipe_, scale / divisor);
  }

  /// From 0; `add` takes rows, the sums before them and where those after them go.
  template <typename Add>
  void add_up(std::vector<double>& sums, Add add) {
    sums.assign(sums.size(), 0);
    std::vector<double> after(sums.size());
    const size_t dims = sums.size();
    for (int64_t t = 0; t < store_.end(); t += kRowsAtOnce) {
      const int64_t count = std::min(store_.end() - t, kRowsAtOnce);
      add(SumJob{store_.row(t), static_cast<ptrdiff_t>(dims), count, dims, false}, sums.data(),
          after.data());
      sums.swap(after);
    }
  }

  TransformRecipe recipe_;
  RowStore store_;
  std::vector<double> means_;
  std::vector<double> scales_;
  bool known_ = false;  // the statistics of the rows in the store
};

}  // namespace

std::unique_ptr<Step> make_clip_cmvn(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<ClipCmvn>(recipe, rows);
}

}  // namespace npumel
