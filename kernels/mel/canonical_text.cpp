// SPDX-License-Identifier: LGPL-2.1-or-later
// The canonical text of a recipe and its hash.
#include <array>
#include <charconv>
#include <string>
#include <type_traits>
#include <utility>

#include "kernels/mel/recipe.h"
#include "kernels/mel/recipe_fields.h"
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
  for (const RecipeField& field : recipe_fields()) {
    if (field.get == nullptr) continue;
    const double value = field.get(recipe);
    if (!field.has(field_added_later) || value != field.standard)
      lines.add(field.name, field_text(field, value).c_str());
  }
  // The Nyquist frequency of an odd rate has always been written as rounded
  // down.
  const bool nyquist = recipe.rate % 2 != 0 && recipe.fmax == recipe.rate / 2;
  if (recipe.fmax_half != nyquist) lines.add("fmax-half", recipe.fmax_half);
  lines.add("norm-log", norm.log);
  lines.add("norm-clamp", norm.clamp);
  lines.add("norm-clamp-range", norm.clamp_range);
  lines.add("norm-fixed-max", norm.fixed_max);
  if (norm.relative) lines.add("norm-relative", norm.relative);
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
