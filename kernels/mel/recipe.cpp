// SPDX-License-Identifier: LGPL-2.1-or-later
// Resolves a preset and overrides to a recipe.
#include "kernels/mel/recipe.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/normalize.h"
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
       recipe.padding == Padding::zero || recipe.padding == Padding::vocoder);
  if (!place_matters) recipe.window_place = plain.window_place;
  if (recipe.preemphasis == 0) recipe.preemphasis_mode = plain.preemphasis_mode;
  if (recipe.log == LogType::none) {
    recipe.log_floor = plain.log_floor;
    recipe.floor_mode = plain.floor_mode;
  }
  if (recipe.spectrum == Spectrum::power) recipe.magnitude_epsilon = plain.magnitude_epsilon;
}

/// fmax 0 and below count from the Nyquist frequency, which is no whole number at an odd rate.
/// Without an explicit fmax it is the upper limit.
void resolve_fmax(Recipe& recipe, const std::optional<int>& wanted) {
  const int nyquist = recipe.rate / 2;
  const int fmax = wanted.value_or(recipe.fmax);
  const bool from_nyquist = fmax <= 0 || (!wanted && 2 * fmax > recipe.rate);
  if (from_nyquist)
    recipe.fmax = nyquist + std::min(fmax, 0);
  else
    recipe.fmax = fmax;
  recipe.fmax_half = from_nyquist && recipe.rate % 2 != 0;
}

/// Without a mel scale a row holds every bin; the preset's fmin and fmax, which belong to its
/// filters, are ignored.
void resolve_bins(Recipe& recipe, const RecipeOverrides& overrides) {
  if (recipe.mel_scale != MelScale::none) return;
  recipe.fmin = overrides.fmin.value_or(0);
  resolve_fmax(recipe, overrides.fmax.value_or(0));
  recipe.mel_norm = Recipe().mel_norm;
  if (recipe.fmin < 0 || recipe.rate <= 0) return;  // validate() refuses it
  recipe.mels = bins_in_range(recipe).count;
  if (overrides.mels && *overrides.mels != recipe.mels)
    throw std::invalid_argument("mels (" + std::to_string(*overrides.mels) +
                                ") must be left out or " + std::to_string(recipe.mels) +
                                " with mel-scale=none: the number of bins from fmin to fmax");
}

void resolve_normalization(Recipe& recipe, const RecipeOverrides& overrides) {
  if (overrides.normalization)
    recipe.normalization = preset_row(*overrides.normalization).recipe.normalization;
  if (recipe.normalization.log != recipe.log) recipe.normalization = {};
  if (!overrides.top_db && !overrides.ref) return;
  Normalization& norm = recipe.normalization;
  if (!is_decibel_clamp(norm))
    throw std::invalid_argument(std::string(overrides.top_db ? "top-db" : "ref") +
                                " changes librosa's dB clamp, which these settings do not have: it "
                                "comes with log=db and preset=librosa or normalize-as=librosa");
  take(norm.clamp_range, overrides.top_db);
  if (!overrides.ref) return;
  norm.relative = *overrides.ref < 0;
  if (!norm.relative) norm.add = 0 - 10 * std::log10(std::max(*overrides.ref, recipe.log_floor));
}

Recipe apply(const Recipe& row, const RecipeOverrides& overrides, int rate) {
  Recipe recipe = row;
  recipe.rate = rate;
#define RECIPE_FIELD(type, member, ...) take(recipe.member, overrides.member);
#define NORMALIZATION_FIELD(...)
#include "kernels/mel/recipe_fields.def"
#undef RECIPE_FIELD
#undef NORMALIZATION_FIELD
  recipe.fmax = row.fmax;
  resolve_fmax(recipe, overrides.fmax);
  resolve_bins(recipe, overrides);
  resolve_normalization(recipe, overrides);
  settle_idle_fields(recipe);
  return recipe;
}

}  // namespace

int published_rate(Preset preset) { return preset_row(preset).rate; }

Recipe resolve(Preset preset, const RecipeOverrides& overrides, int rate) {
  const PresetRow& row = preset_row(preset);
  if (row.rate != 0 && rate != row.rate)
    throw std::invalid_argument("preset=" + std::string(nick(preset)) + " is defined for " +
                                std::to_string(row.rate) + " Hz, not for " + std::to_string(rate) +
                                " Hz: insert audioconvert ! audioresample before it, or use "
                                "preset=custom");
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
