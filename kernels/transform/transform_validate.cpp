// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a transform impossible, in sentences that name the values.
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/transform/transform_fields.h"

namespace npumel {
namespace {

[[noreturn]] void refuse_transform(const std::string& sentence) {
  throw std::invalid_argument(sentence);
}

std::string named(const char* name, int value) {
  return std::string(name) + " (" + std::to_string(value) + ")";
}

void check_ranges(const TransformRecipe& recipe) {
  for (const TransformField& field : transform_fields()) {
    const double value = field.get(recipe);
    const double lowest = field.kind == FieldKind::choice ? 0 : field.lowest;
    const double highest = field.kind == FieldKind::choice
                               ? static_cast<double>(field.choices.size()) - 1
                               : field.highest;
    // Written so that NaN is refused.
    if (value >= lowest && value <= highest) continue;
    TransformField number;
    number.kind = FieldKind::real;
    refuse_transform(std::string(field.name) + " (" + field_text(number, value) +
                     ") must lie between " + field_text(number, lowest) + " and " +
                     field_text(number, highest));
  }
}

void check_pcen(const TransformRecipe& recipe) {
  if (recipe.pcen == PcenType::off) return;
  if (recipe.pcen_time_constant <= 0) refuse_transform("pcen-time-constant must be positive");
  if (recipe.pcen_eps <= 0) refuse_transform("pcen-eps must be positive");
  if (recipe.pcen_scale <= 0) refuse_transform("pcen-scale must be positive");
}

void check_deltas(const TransformRecipe& recipe) {
  if (recipe.deltas == 0) return;
  if (recipe.delta_edge != DeltaEdge::usual && recipe.delta_rule != DeltaRule::librosa)
    refuse_transform(std::string("delta-edge=") + nick(recipe.delta_edge) +
                     " is for delta-rule=librosa, and this is delta-rule=" +
                     nick(recipe.delta_rule) + ", which repeats rows anyway");
  if (recipe.delta_rule == DeltaRule::kaldi) {
    if (recipe.delta_window < 1)
      refuse_transform(named("delta-window", recipe.delta_window) + " must be at least 1");
    return;
  }
  if (recipe.delta_window < 3 || recipe.delta_window % 2 == 0)
    refuse_transform(named("delta-window", recipe.delta_window) +
                     " must be odd and at least 3 with delta-rule=" + nick(recipe.delta_rule) +
                     ": it counts all rows of the window");
}

/// Without a deviation there is nothing to divide by; Kaldi would divide by 1e-10.
void check_variance(const TransformRecipe& recipe) {
  const CmvnStatistics& statistics = recipe.cmvn_statistics;
  if (!recipe.cmvn_variance || statistics.empty()) return;
  if (statistics.variance.size() != statistics.mean.size())
    refuse_transform("cmvn-file holds no variances (no Rescale): set cmvn-variance=false");
  constexpr double kNothing = 1e-20;
  if (recipe.cmvn_floor > kNothing || recipe.cmvn_epsilon > kNothing ||
      recipe.cmvn_deviation_epsilon > kNothing)
    return;
  for (size_t i = 0; i < statistics.variance.size(); ++i)
    if (!(statistics.variance[i] > kNothing))
      refuse_transform("the variance of value " + std::to_string(i) + " in cmvn-file is " +
                       (statistics.variance[i] < 0 ? "negative" : "0") +
                       ": nothing can be divided by its deviation; set cmvn-variance=false to use "
                       "the means alone, or cmvn-floor");
}

void check_cmvn(const TransformRecipe& recipe) {
  const bool online = recipe.cmvn == CmvnType::online && recipe.cmvn_global_frames > 0;
  if (recipe.cmvn == CmvnType::global && recipe.cmvn_statistics.empty())
    refuse_transform("cmvn=global needs a cmvn-file");
  if (online && recipe.cmvn_statistics.empty())
    refuse_transform("cmvn=online needs a cmvn-file for its first rows, or cmvn-global-frames=0");
  if (recipe.cmvn == CmvnType::global || online) check_variance(recipe);
  if (recipe.cmvn == CmvnType::sliding && !recipe.cmvn_center &&
      recipe.cmvn_min_window > recipe.cmvn_window)
    refuse_transform(named("cmvn-min-window", recipe.cmvn_min_window) + " must not exceed " +
                     named("cmvn-window", recipe.cmvn_window));
}

}  // namespace

void validate(const TransformRecipe& recipe) {
  check_ranges(recipe);
  check_pcen(recipe);
  check_deltas(recipe);
  check_cmvn(recipe);
}

}  // namespace npumel
