// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the mean and variance of the whole clip, which it collects.
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
    const int64_t count = store_.end();
    known_ = true;
    means_.assign(means_.size(), 0);
    each_value([&](size_t i, double x) { means_[i] += x; });
    for (double& mean : means_) mean /= static_cast<double>(count);
    scales_.assign(means_.size(), 0);
    if (recipe_.cmvn_variance)
      each_value([&](size_t i, double x) { scales_[i] += (x - means_[i]) * (x - means_[i]); });
    // One row has no deviation: it becomes 0, also where the original divides by n - 1 = 0.
    const auto divisor =
        static_cast<double>(count > recipe_.cmvn_ddof ? count - recipe_.cmvn_ddof : 1);
    for (double& scale : scales_) scale = cmvn_scale(recipe_, scale / divisor);
  }

  template <typename Body>
  void each_value(Body body) {
    const float* value = store_.row(0);
    for (int64_t t = 0; t < store_.end(); ++t)
      for (size_t i = 0; i < means_.size(); ++i) body(i, static_cast<double>(*value++));
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
