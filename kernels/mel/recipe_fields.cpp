// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the rows of recipe_fields.def into a table of one type.
#include "kernels/mel/recipe_fields.h"

#include <array>
#include <charconv>
#include <type_traits>
#include <vector>

namespace npumel {
namespace {

template <typename T>
constexpr FieldKind kind_of() {
  if constexpr (std::is_enum_v<T> || std::is_same_v<T, bool>) return FieldKind::choice;
  return std::is_same_v<T, double> ? FieldKind::real : FieldKind::integer;
}

template <typename T>
std::span<const FieldChoice> choices_of() {
  static const std::vector<FieldChoice> choices = [] {
    std::vector<FieldChoice> all;
    if constexpr (std::is_enum_v<T>)
      for (const EnumName<T>& name : enum_names<T>())
        all.push_back({static_cast<int>(name.value), name.nick, name.description});
    else if constexpr (std::is_same_v<T, bool>)
      all = {{0, "false", "No"}, {1, "true", "Yes"}};
    return all;
  }();
  return choices;
}

template <typename T, std::optional<T> RecipeOverrides::*kOverride>
void connect_override(RecipeField& field) {
  field.kind = kind_of<T>();
  field.choices = choices_of<T>();
  field.get_override = [](const RecipeOverrides& overrides) {
    const std::optional<T>& value = overrides.*kOverride;
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
  };
  field.set_override = [](RecipeOverrides& overrides, std::optional<double> value) {
    if (value)
      overrides.*kOverride = static_cast<T>(*value);
    else
      (overrides.*kOverride).reset();
  };
}

template <typename T, T Recipe::*kMember, std::optional<T> RecipeOverrides::*kOverride>
RecipeField connected(RecipeField field) {
  connect_override<T, kOverride>(field);
  field.get = [](const Recipe& recipe) { return static_cast<double>(recipe.*kMember); };
  field.standard = field.get(Recipe());
  return field;
}

template <typename T, std::optional<T> RecipeOverrides::*kOverride>
RecipeField connected(RecipeField field) {
  connect_override<T, kOverride>(field);
  return field;
}

RecipeField row(const char* name, const char* nick, const char* blurb, double lowest,
                double highest, double unset, unsigned flags) {
  RecipeField field;
  field.name = name;
  field.nick = nick;
  field.blurb = blurb;
  field.lowest = lowest;
  field.highest = highest;
  field.unset = unset;
  field.flags = flags;
  return field;
}

std::vector<RecipeField> make_fields() {
  return {
#define RECIPE_FIELD(type, member, standard, name, nick, lowest, highest, flags, blurb) \
  connected<type, &Recipe::member, &RecipeOverrides::member>(                           \
      row(name, nick, blurb, lowest, highest, -1, flags)),
#define NORMALIZATION_FIELD(type, member, unset, name, nick, lowest, highest, flags, blurb) \
  connected<type, &RecipeOverrides::member>(row(name, nick, blurb, lowest, highest, unset, flags)),
#include "kernels/mel/recipe_fields.def"
#undef RECIPE_FIELD
#undef NORMALIZATION_FIELD
  };
}

}  // namespace

std::span<const RecipeField> recipe_fields() {
  static const std::vector<RecipeField> fields = make_fields();
  return fields;
}

std::string field_text(const RecipeField& field, double value) {
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

std::string field_blurb(const RecipeField& field) {
  std::string text = field.has(field_expert) ? "[recipe] Expert: " : "[recipe] ";
  text += field.blurb;
  if (field.kind != FieldKind::choice)
    text += " (" + std::to_string(static_cast<int>(field.unset)) + " = as the preset)";
  return text;
}

}  // namespace npumel
