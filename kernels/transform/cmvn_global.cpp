// SPDX-License-Identifier: LGPL-2.1-or-later
// Normalisation by the mean and variance of a file.
#include <vector>

#include "kernels/transform/cmvn.h"

namespace npumel {
namespace {

class GlobalCmvn final : public Step {
 public:
  explicit GlobalCmvn(const TransformRecipe& recipe) : means_(recipe.cmvn_statistics.mean) {
    const std::vector<double>& variance = recipe.cmvn_statistics.variance;
    for (size_t i = 0; i < means_.size(); ++i)
      scales_.push_back(recipe.cmvn_variance ? cmvn_scale(recipe, variance[i]) : 1.0);
  }

  void push(const float* rows, int64_t count, int64_t /*ready*/, float* out) override {
    const size_t dims = means_.size();
    const double* __restrict means = means_.data();
    const double* __restrict scales = scales_.data();
    for (int64_t t = 0; t < count; ++t) {
      const float* __restrict from = rows + t * static_cast<int64_t>(dims);
      float* __restrict to = out + t * static_cast<int64_t>(dims);
      for (size_t i = 0; i < dims; ++i)
        to[i] = static_cast<float>((static_cast<double>(from[i]) - means[i]) * scales[i]);
    }
  }
  void drain(int64_t /*ready*/, float* /*out*/) override {}
  void reset() override {}

 private:
  std::vector<double> means_;
  std::vector<double> scales_;
};

}  // namespace

std::unique_ptr<Step> make_global_cmvn(const TransformRecipe& recipe,
                                       const TransformInput& /*rows*/) {
  return std::make_unique<GlobalCmvn>(recipe);
}

}  // namespace npumel
