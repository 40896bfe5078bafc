// SPDX-License-Identifier: LGPL-2.1-or-later
// How values and descriptions of fields are spelt.
#include "kernels/mel/field.h"

#include <array>
#include <charconv>

namespace npumel {

std::string field_text(const FieldInfo& field, double value) {
  switch (field.kind) {
    case FieldKind::choice:
      return field.choices[static_cast<size_t>(value)].nick;
    case FieldKind::integer:
      return std::to_string(static_cast<int>(value));
    case FieldKind::real:
      break;
  }
  std::array<char, 40> digits{};
  std::to_chars(digits.begin(), digits.end() - 1, value, std::chars_format::general, 17);
  return digits.data();
}

std::string field_blurb(const FieldInfo& field, const char* group) {
  std::string text = "[" + std::string(group) + "] " + (field.has(field_expert) ? "Expert: " : "");
  text += field.blurb;
  if (field.kind != FieldKind::choice)
    text += " (" + std::to_string(static_cast<int>(field.unset)) + " = as the preset)";
  return text;
}

}  // namespace npumel
