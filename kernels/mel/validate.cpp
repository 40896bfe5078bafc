// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a recipe impossible, in sentences that name the values.
#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"
#include "kernels/mel/recipe.h"
#include "kernels/mel/recipe_fields.h"

namespace npumel {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { throw std::invalid_argument(sentence); }

std::string with_value(const char* name, int value) {
  return std::string(name) + " (" + std::to_string(value) + ")";
}
std::string with_value(const char* name, double value) {
  std::string digits = std::to_string(value);
  if (value != 0 && (value < 1e-3 || value > 1e6)) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    digits = text.data();
  }
  return std::string(name) + " (" + digits + ")";
}
std::string hertz(const char* name, int value) {
  return std::string(name) + " (" + std::to_string(value) + " Hz)";
}

void require_range(const char* name, int value, int low, int high) {
  if (value < low || value > high)
    refuse(with_value(name, value) + " must lie between " + std::to_string(low) + " and " +
           std::to_string(high));
}

void check_sizes(const Recipe& recipe) {
  require_range("rate", recipe.rate, 4000, 192000);
  for (const RecipeField& field : recipe_fields()) {
    const std::string_view name = field.name;
    const bool bins = name == "mels" && recipe.mel_scale == MelScale::none;
    if (name == "fmin" || name == "fmax" || name == "input-scale" || bins) continue;
    if (field.get == nullptr || field.kind != FieldKind::integer) continue;
    require_range(field.name, static_cast<int>(field.get(recipe)), static_cast<int>(field.lowest),
                  static_cast<int>(field.highest));
  }
  if (recipe.n_fft < recipe.win_length)
    refuse(with_value("n-fft", recipe.n_fft) + " must not be smaller than " +
           with_value("win-length", recipe.win_length) + ": set both");
  if (recipe.input_scale != 1 && recipe.input_scale != 32768)
    refuse(with_value("input-scale", recipe.input_scale) + " must be 1 or 32768");
}

void check_frequencies(const Recipe& recipe) {
  if (recipe.fmin < 0) refuse(hertz("fmin", recipe.fmin) + " must not be negative");
  if (recipe.fmin >= recipe.fmax)
    refuse(hertz("fmin", recipe.fmin) + " must be below " + hertz("fmax", recipe.fmax));
  if (recipe.fmax > recipe.rate / 2)
    refuse(hertz("fmax", recipe.fmax) + " must not be above half the rate (" +
           std::to_string(recipe.rate / 2) + " Hz)");
}

void check_bins(const Recipe& recipe) {
  if (recipe.mel_scale != MelScale::none) return;
  const int bins = bins_in_range(recipe).count;
  if (bins == 0)
    refuse("no bin of the spectrum lies between " + hertz("fmin", recipe.fmin) + " and " +
           hertz("fmax", recipe.fmax));
  if (recipe.mels != bins)
    refuse(with_value("mels", recipe.mels) + " must be the number of bins (" +
           std::to_string(bins) + ") with mel-scale=none");
}

void check_values(const Recipe& recipe) {
  // Written so that NaN is refused.
  if (!(recipe.magnitude_epsilon >= 0 && recipe.magnitude_epsilon <= 1e6))
    refuse(with_value("magnitude-epsilon", recipe.magnitude_epsilon) +
           " must be at least 0, at most 1e6");
  if (!(recipe.preemphasis >= 0 && recipe.preemphasis < 1))
    refuse(with_value("preemphasis", recipe.preemphasis) + " must be at least 0 and below 1");
  // Within float32's normal range: the kernels compute in float32.
  if (!(recipe.log_floor >= 1e-37 && recipe.log_floor <= 1e37))
    refuse(with_value("log-floor", recipe.log_floor) + " must be positive, between 1e-37 and 1e37");
  const Normalization& norm = recipe.normalization;
  if (!(norm.clamp_range >= 0 && norm.clamp_range <= 1e6))
    refuse(with_value("top-db", norm.clamp_range) + " must be at least 0, at most 1e6");
  if (!std::isfinite(norm.add)) refuse("ref must be a number");
  if (norm.published() && norm.log != recipe.log)
    refuse(std::string("the normalisation is defined for log=") + nick(norm.log) +
           ", the recipe has log=" + nick(recipe.log));
}

void check_convolution(const Recipe& recipe) {
  if (recipe.dft == Dft::float_frames && recipe.remove_dc)
    refuse("dft=float-frames does not go with remove-dc");
  if (recipe.dft != Dft::convolution) return;
  // The weights are a table of n-fft * n-fft values.
  if (recipe.n_fft > 2048)
    refuse("dft=convolution is for n-fft up to 2048, not for " + with_value("n-fft", recipe.n_fft));
  // The window function is part of the weights, so nothing can be done to a frame before it.
  const bool in_frame =
      recipe.preemphasis != 0 && recipe.preemphasis_mode != PreemphasisMode::waveform;
  if (recipe.remove_dc || in_frame)
    refuse(std::string("dft=convolution does not go with ") +
           (recipe.remove_dc ? "remove-dc" : "pre-emphasis inside frames"));
}

void check_framing(const Recipe& recipe) {
  if (recipe.padding == Padding::vocoder && recipe.hop_length > recipe.n_fft)
    refuse("padding=vocoder pads (n-fft - hop-length)/2 samples: " +
           with_value("hop-length", recipe.hop_length) + " must not exceed " +
           with_value("n-fft", recipe.n_fft));
  if (reads_past_end(recipe))
    refuse(std::string("frame-count=") + nick(recipe.frame_count) +
           " counts frames that read past the end of the signal, where padding=" +
           nick(recipe.padding) + " defines no samples (n-fft " + std::to_string(recipe.n_fft) +
           ", win-length " + std::to_string(recipe.win_length) + ", window-place " +
           nick(recipe.window_place) + ")");
}

}  // namespace

void validate(const Recipe& recipe) {
  check_sizes(recipe);
  check_frequencies(recipe);
  check_bins(recipe);
  check_values(recipe);
  check_convolution(recipe);
  check_framing(recipe);
}

}  // namespace npumel
