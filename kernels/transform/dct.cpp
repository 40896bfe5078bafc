// SPDX-License-Identifier: LGPL-2.1-or-later
// Cepstra: orthonormal DCT-II of each row, lifter, order of the coefficients, energy for c0.
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/transform/dct_table.h"
#include "kernels/transform/row_loops.h"
#include "kernels/transform/step.h"

namespace npumel {
namespace {

/// Factor on orthonormal weights.
double dct_norm(DctType type, int k, int length) {
  if (type == DctType::htk) return k == 0 ? std::numbers::sqrt2 : 1;
  if (type == DctType::unnormalized) return k == 0 ? 2 * std::sqrt(length) : std::sqrt(2 * length);
  return 1;
}

class DctStep final : public Step {
 public:
  DctStep(const TransformRecipe& recipe, const TransformInput& rows)
      : dims_(rows.dims),
        energy_(rows.energy),
        loops_(row_loops()),
        tables_(dct_length(rows), dct_coefficients(recipe, rows)),
        scratch_(tables_) {
    const int coefficients = dct_coefficients(recipe, rows);
    for (int k = 0; k < coefficients; ++k) {
      const DctPlace place = dct_place(recipe, rows, k);
      // The energy takes the place of c0, whose sum is not needed.
      if (k == 0 && energy_) energy_place_ = place.at;
      tables_.place(k, place.at, energy_ && k == 0 ? 0 : place.factor);
    }
  }

  void push(const float* rows, int64_t count, int64_t /*ready*/, float* out) override {
    loops_.dct(tables_, rows + (energy_ ? 1 : 0), dims_, count, out, scratch_);
    if (!energy_) return;
    const auto coefficients = static_cast<int64_t>(tables_.coefficients);
    for (int64_t t = 0; t < count; ++t) out[t * coefficients + energy_place_] = rows[t * dims_];
  }
  void drain(int64_t /*ready*/, float* /*out*/) override {}
  void reset() override {}

 private:
  int dims_;
  bool energy_;
  int energy_place_ = 0;
  const RowLoops& loops_;
  DctTables tables_;
  DctScratch scratch_;
};

}  // namespace

int dct_coefficients(const TransformRecipe& recipe, const TransformInput& rows) {
  return recipe.coefficients == 0 ? dct_length(rows) : recipe.coefficients;
}

double dct_weight(int k, int n, int length) {
  if (k == 0) return std::sqrt(1.0 / length);
  return std::sqrt(2.0 / length) * std::cos(std::numbers::pi / length * (n + 0.5) * k);
}

double lifter_factor(const TransformRecipe& recipe, int k) {
  const double lifter = recipe.lifter;
  if (lifter == 0) return 1;
  const int place = recipe.lifter_rule == LifterRule::librosa ? k + 1 : k;
  return 1 + lifter / 2 * std::sin(std::numbers::pi * place / lifter);
}

DctPlace dct_place(const TransformRecipe& recipe, const TransformInput& rows, int k) {
  const bool energy = k == 0 && rows.energy;
  const double norm = dct_norm(recipe.dct, k, dct_length(rows));
  DctPlace place{k, energy ? 1 : lifter_factor(recipe, k) * norm};
  if (recipe.dct_order == DctOrder::htk) {
    const int coefficients = dct_coefficients(recipe, rows);
    place.at = k == 0 ? coefficients - 1 : k - 1;
    if (k == 0 && !energy && recipe.dct == DctType::ortho) place.factor *= std::numbers::sqrt2;
  }
  return place;
}

int64_t count_dct(const TransformRecipe& /*recipe*/, int64_t rows, bool /*ended*/) { return rows; }

void shape_dct(const TransformRecipe& recipe, TransformInput& rows) {
  const int length = dct_length(rows);
  if (length < 1) throw std::invalid_argument("dct needs rows with more than an energy");
  if (recipe.coefficients > length)
    throw std::invalid_argument("coefficients (" + std::to_string(recipe.coefficients) +
                                ") must not exceed the " + std::to_string(length) +
                                " values of a row that the DCT reads");
  // The weights are a table of length x coefficients.
  if (length > 4096)
    throw std::invalid_argument("dct takes rows of up to 4096 values, not of " +
                                std::to_string(length));
  rows.dims = dct_coefficients(recipe, rows);
  rows.energy = false;
  rows.logarithm = true;
}

std::unique_ptr<Step> make_dct(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<DctStep>(recipe, rows);
}

}  // namespace npumel
