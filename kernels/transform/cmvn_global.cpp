// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the mean and variance of a file.
#include <vector>

#include "kernels/transform/cmvn.h"
#include "kernels/transform/row_loops.h"

namespace npumel {
namespace {

class GlobalCmvn final : public Step {
 public:
  explicit GlobalCmvn(const TransformRecipe& recipe)
      : loops_(row_loops()), means_(recipe.cmvn_statistics.mean) {
    const std::vector<double>& variance = recipe.cmvn_statistics.variance;
    for (size_t i = 0; i < means_.size(); ++i)
      scales_.push_back(recipe.cmvn_variance ? cmvn_scale(recipe, variance[i]) : 1.0);
  }

  void push(const float* rows, int64_t count, int64_t /*ready*/, float* out) override {
    loops_.normalize(rows, means_.size(), count, means_.data(), scales_.data(), out);
  }
  void drain(int64_t /*ready*/, float* /*out*/) override {}
  void reset() override {}

 private:
  const RowLoops& loops_;
  std::vector<double> means_;
  std::vector<double> scales_;
};

}  // namespace

std::unique_ptr<Step> make_global_cmvn(const TransformRecipe& recipe,
                                       const TransformInput& /*rows*/) {
  return std::make_unique<GlobalCmvn>(recipe);
}

}  // namespace npumel
