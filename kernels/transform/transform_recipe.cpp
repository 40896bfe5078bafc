// SPDX-License-Identifier: LGPL-2.1-or-later
// Preset plus overrides to a recipe; its canonical text and its id.
#include "kernels/transform/transform_recipe.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/mel/sha256.h"
#include "kernels/transform/transform_fields.h"
#include "kernels/transform/transform_presets.h"

namespace npumel {
namespace {

using Form = CmvnStatistics::Form;

template <typename T>
void take_value(T& value, const std::optional<T>& explicitly) {
  if (explicitly) value = *explicitly;
}

/// What the original takes where nobody says how many rows.
int usual_delta_window(DeltaRule rule) {
  switch (rule) {
    case DeltaRule::kaldi:
      return 2;
    case DeltaRule::torchaudio:
      return 5;
    case DeltaRule::librosa:
      break;
  }
  return 9;
}

bool reads_file(const TransformRecipe& recipe) {
  return recipe.cmvn == CmvnType::global || recipe.cmvn == CmvnType::online;
}

/// A value that cannot count is a mistake, unless the user has said that the step is off.
void refuse_what_cannot_count(const TransformRecipe& recipe, const TransformOverrides& overrides) {
  for (const TransformField& field : transform_fields()) {
    const std::optional<double> value = field.get_override(overrides);
    const TransformField& on = switch_of(field.step);
    if (recipe.has(field.step) || on.get_override(overrides) || !value || *value == field.standard)
      continue;
    throw std::invalid_argument(std::string(field.name) + " (" + field_text(field, *value) +
                                ") has no effect with " + on.name + "=" +
                                field_text(on, on.get(recipe)));
  }
  if (overrides.cmvn_statistics && !reads_file(recipe))
    throw std::invalid_argument(std::string("cmvn-file has no effect with cmvn=") +
                                nick(recipe.cmvn) + ": set cmvn=global or cmvn=online");
}

/// Values that follow from others where nobody set them.
void settle_by_rule(TransformRecipe& recipe, const TransformOverrides& overrides) {
  if (recipe.delta_window == 0) recipe.delta_window = usual_delta_window(recipe.delta_rule);
  if (!overrides.delta_static) recipe.delta_static = recipe.delta_rule != DeltaRule::librosa;
  if (!overrides.cmvn_floor) recipe.cmvn_floor = recipe.cmvn == CmvnType::sliding ? 1e-10 : 1e-20;
  if (!overrides.cmvn_min_window)
    recipe.cmvn_min_window = std::min(recipe.cmvn_min_window, recipe.cmvn_window);
  const Form form = recipe.cmvn_statistics.form;
  if (!overrides.cmvn_variance && reads_file(recipe) && form != Form::kaldi)
    recipe.cmvn_variance = true;
}

template <typename T>
void forget(T& value, const T& standard, bool idle) {
  if (idle) value = standard;
}

/// Fields that cannot change a number.
void settle_idle(TransformRecipe& recipe) {
  const TransformRecipe plain;
#define TRANSFORM_FIELD(step, type, member, ...) \
  const bool idle_##member = !recipe.has(TransformStep::step);
#include "kernels/transform/transform_fields.def"
#undef TRANSFORM_FIELD
#define TRANSFORM_FIELD(step, type, member, ...) forget(recipe.member, plain.member, idle_##member);
#include "kernels/transform/transform_fields.def"
#undef TRANSFORM_FIELD
  const bool sliding = recipe.cmvn == CmvnType::sliding;
  const bool online = recipe.cmvn == CmvnType::online;
  forget(recipe.pcen_time_constant, plain.pcen_time_constant, recipe.pcen_smoothing > 0);
  forget(recipe.lifter_rule, plain.lifter_rule, recipe.lifter == 0);
  forget(recipe.cmvn_window, plain.cmvn_window, !sliding && !online);
  forget(recipe.cmvn_center, plain.cmvn_center, !sliding);
  forget(recipe.cmvn_min_window, plain.cmvn_min_window, !sliding || recipe.cmvn_center);
  forget(recipe.cmvn_global_frames, plain.cmvn_global_frames, !online);
  const bool variance = recipe.cmvn_variance;
  forget(recipe.cmvn_ddof, plain.cmvn_ddof, !variance || recipe.cmvn != CmvnType::clip);
  forget(recipe.cmvn_floor, plain.cmvn_floor, !variance);
  forget(recipe.cmvn_epsilon, plain.cmvn_epsilon, !variance);
  forget(recipe.cmvn_deviation_epsilon, plain.cmvn_deviation_epsilon, !variance);
  CmvnStatistics& statistics = recipe.cmvn_statistics;
  if (!reads_file(recipe) || (online && recipe.cmvn_global_frames == 0)) statistics = {};
  if (!variance) statistics.variance.clear();
  statistics.form = Form::kaldi;  // has said what it had to say
}

std::string statistics_id(const CmvnStatistics& statistics) {
  TransformField number;
  number.kind = FieldKind::real;
  std::string text;
  for (const double mean : statistics.mean) text += field_text(number, mean) + "\n";
  text += "\n";
  for (const double variance : statistics.variance) text += field_text(number, variance) + "\n";
  return sha256_hex(text).substr(0, 16);
}

}  // namespace

bool TransformRecipe::has(TransformStep step) const { return switch_of(step).get(*this) != 0; }

TransformRecipe resolve_transform(TransformPreset preset, const TransformOverrides& overrides) {
  TransformRecipe recipe = preset_transform(preset);
#define TRANSFORM_FIELD(step, type, member, ...) take_value(recipe.member, overrides.member);
#include "kernels/transform/transform_fields.def"
#undef TRANSFORM_FIELD
  take_value(recipe.cmvn_statistics, overrides.cmvn_statistics);
  refuse_what_cannot_count(recipe, overrides);
  settle_by_rule(recipe, overrides);
  validate(recipe);
  settle_idle(recipe);
  return recipe;
}

std::string canonical_text(const TransformRecipe& recipe) {
  std::string text;
  for (const TransformField& field : transform_fields()) {
    const double value = field.get(recipe);
    if (!recipe.has(field.step) || (field.has(field_added_later) && value == field.standard))
      continue;
    text += std::string(field.name) + "=" + field_text(field, value) + "\n";
  }
  if (!recipe.cmvn_statistics.empty())
    text += "cmvn-statistics=" + statistics_id(recipe.cmvn_statistics) + "\n";
  return text;
}

std::string transform_id(const TransformRecipe& recipe) {
  return sha256_hex(canonical_text(recipe)).substr(0, 16);
}

}  // namespace npumel
