// SPDX-License-Identifier: LGPL-2.1-or-later
// Resolves preset, overrides and rate to a recipe in its canonical form.
#include "kernels/mel/recipe.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/mel/presets.h"

namespace npumel {
namespace {

template <typename T>
void take(T& value, const std::optional<T>& override) {
  if (override) value = *override;
}

// Fields that cannot change a number get one value, so that recipes with the same numbers have the
// same text and id.
void settle_idle_fields(Recipe& recipe) {
  const Recipe plain;
  const bool place_matters =
      recipe.n_fft != recipe.win_length &&
      (recipe.padding == Padding::none || recipe.padding == Padding::reflect ||
       recipe.padding == Padding::zero);
  if (!place_matters) recipe.window_place = plain.window_place;
  if (recipe.preemphasis == 0) recipe.preemphasis_mode = plain.preemphasis_mode;
  if (recipe.log == LogType::none) {
    recipe.log_floor = plain.log_floor;
    recipe.floor_mode = plain.floor_mode;
  }
  if (recipe.normalization.log != recipe.log) recipe.normalization = {};
}

int resolved_fmax(const Recipe& row, const RecipeOverrides& overrides, int rate) {
  const int nyquist = rate / 2;
  // `custom` has Whisper's 8000 Hz, which rates below 16 kHz do not reach.
  if (!overrides.fmax && row.preset == Preset::custom) return std::min(row.fmax, nyquist);
  const int fmax = overrides.fmax.value_or(row.fmax);
  return fmax > 0 ? fmax : nyquist + fmax;
}

Recipe apply(const Recipe& row, const RecipeOverrides& overrides, int rate) {
  Recipe recipe = row;
  recipe.rate = rate;
#define RECIPE_FIELD(type, member, ...) take(recipe.member, overrides.member);
#define NORMALIZATION_FIELD(...)
#include "kernels/mel/recipe_fields.def"
#undef RECIPE_FIELD
#undef NORMALIZATION_FIELD
  recipe.fmax = resolved_fmax(row, overrides, rate);
  if (overrides.normalization)
    recipe.normalization = preset_row(*overrides.normalization).recipe.normalization;
  settle_idle_fields(recipe);
  return recipe;
}

}  // namespace

int published_rate(Preset preset) { return preset_row(preset).rate; }

Recipe resolve(Preset preset, const RecipeOverrides& overrides, int rate) {
  const PresetRow& row = preset_row(preset);
  if (row.rate != 0 && rate != row.rate)
    throw std::invalid_argument("preset " + std::string(nick(preset)) + " is defined for " +
                                std::to_string(row.rate) + " Hz, not for " + std::to_string(rate) +
                                " Hz; insert audioresample or use preset=custom");
  Recipe recipe = apply(row.recipe, overrides, rate);
  validate(recipe);
  if (!(recipe == apply(row.recipe, {}, rate))) recipe.preset = Preset::custom;
  return recipe;
}

bool same_mel(const Recipe& a, const Recipe& b) {
  if ((a.log == LogType::none) != (b.log == LogType::none)) return false;
  Recipe other = b;
  other.preset = a.preset;
  other.log = a.log;
  other.normalization = a.normalization;
  other.tail_rule = a.tail_rule;
  return a == other;
}

}  // namespace npumel
