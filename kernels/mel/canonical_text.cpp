// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <charconv>
#include <string>
#include <type_traits>
#include <utility>

#include "kernels/mel/recipe.h"
#include "kernels/mel/sha256.h"

namespace npumel {
namespace {

class Lines {
 public:
  void add(const char* key, const char* value) {
    text_ += key;
    text_ += '=';
    text_ += value;
    text_ += '\n';
  }
  void add(const char* key, int value) { add(key, std::to_string(value).c_str()); }
  void add(const char* key, bool value) { add(key, value ? "true" : "false"); }
  // to_chars and not printf: the text must not depend on the locale.
  void add(const char* key, double value) {
    std::array<char, 40> digits{};
    std::to_chars(digits.begin(), digits.end() - 1, value, std::chars_format::general, 17);
    add(key, digits.data());
  }
  template <typename E>
  requires std::is_enum_v<E>
  void add(const char* key, E value) { add(key, nick(value)); }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string canonical_text(const Recipe& recipe) {
  const Normalization& norm = recipe.normalization;
  Lines lines;
  lines.add("rate", recipe.rate);
  lines.add("mels", recipe.mels);
  lines.add("n-fft", recipe.n_fft);
  lines.add("win-length", recipe.win_length);
  lines.add("hop-length", recipe.hop_length);
  lines.add("window", recipe.window);
  lines.add("window-place", recipe.window_place);
  lines.add("spectrum", recipe.spectrum);
  if (recipe.dft != Recipe().dft) lines.add("dft", recipe.dft);
  lines.add("mel-scale", recipe.mel_scale);
  lines.add("mel-norm", recipe.mel_norm);
  lines.add("fmin", recipe.fmin);
  lines.add("fmax", recipe.fmax);
  lines.add("padding", recipe.padding);
  lines.add("frame-count", recipe.frame_count);
  lines.add("tail-rule", recipe.tail_rule);
  lines.add("log", recipe.log);
  lines.add("log-floor", recipe.log_floor);
  lines.add("floor-mode", recipe.floor_mode);
  lines.add("preemphasis", recipe.preemphasis);
  lines.add("preemphasis-mode", recipe.preemphasis_mode);
  lines.add("remove-dc", recipe.remove_dc);
  lines.add("input-scale", recipe.input_scale);
  lines.add("norm-log", norm.log);
  lines.add("norm-clamp", norm.clamp);
  lines.add("norm-clamp-range", norm.clamp_range);
  lines.add("norm-fixed-max", norm.fixed_max);
  lines.add("norm-statistic", norm.statistic);
  lines.add("norm-ddof", norm.ddof);
  lines.add("norm-epsilon", norm.epsilon);
  lines.add("norm-epsilon-in-sqrt", norm.epsilon_in_sqrt);
  lines.add("norm-add", norm.add);
  lines.add("norm-multiply", norm.multiply);
  return lines.take();
}

std::string recipe_id(const Recipe& recipe) {
  return sha256_hex(canonical_text(recipe)).substr(0, 16);
}

}  // namespace npumel
