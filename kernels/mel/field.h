// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows of tables of fields (recipe_fields.def and its like) at run time: what properties, caps and
// texts iterate over, whatever struct the fields belong to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel {

enum FieldFlag : unsigned {
  field_in_caps = 1U,      ///< a field of the source caps, for peers to fix
  field_per_mille = 2U,    ///< caps hold round(1000 * value): they know no floating point
  field_added_later = 4U,  ///< no line in the canonical text at its default: older ids stay
  field_expert = 8U,       ///< no user of a preset needs it
};

enum class FieldKind { integer, real, choice };

/// One value of an enumeration; bool has {0, "false"} and {1, "true"}.
struct FieldChoice {
  int value = 0;
  const char* nick = "";
  const char* description = "";
};

/// What a field is called and which values it takes. Values of every kind travel as double, which
/// holds each of them exactly.
struct FieldInfo {
  const char* name = "";
  const char* nick = "";
  const char* blurb = "";
  FieldKind kind = FieldKind::integer;
  double lowest = 0;
  double highest = 0;
  double unset = -1;  ///< the property's value for "as the preset"
  unsigned flags = 0;
  std::span<const FieldChoice> choices;  ///< in order of value, which counts from 0
  double standard = 0;                   ///< the struct's default

  bool has(FieldFlag flag) const { return (flags & flag) != 0; }
};

/// A field of `Values`, whose override is an optional in `Overrides`. The members are pure
/// functions of their arguments; every thread may call them.
template <typename Values, typename Overrides>
struct Field : FieldInfo {
  double (*get)(const Values&) = nullptr;
  std::optional<double> (*get_override)(const Overrides&) = nullptr;
  void (*set_override)(Overrides&, std::optional<double>) = nullptr;
};

/// The value of a field as canonical texts spell it: independent of the locale, 17 significant
/// digits for real numbers, the nick of a choice.
std::string field_text(const FieldInfo& field, double value);

/// The blurb as users read it: "[group] Expert: ... (-1 = as the preset)".
std::string field_blurb(const FieldInfo& field, const char* group);

template <typename T>
constexpr FieldKind field_kind_of() {
  if constexpr (std::is_enum_v<T> || std::is_same_v<T, bool>) return FieldKind::choice;
  return std::is_same_v<T, double> ? FieldKind::real : FieldKind::integer;
}

template <typename T>
std::span<const FieldChoice> field_choices_of() {
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

/// Connects `field` to a member of its overrides, whose type says what kind it is.
template <auto kOverride, typename Values, typename Overrides, typename T>
void connect_override(Field<Values, Overrides>& field, std::optional<T> Overrides::*) {
  field.kind = field_kind_of<T>();
  field.choices = field_choices_of<T>();
  field.get_override = [](const Overrides& overrides) {
    const std::optional<T>& value = overrides.*kOverride;
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
  };
  field.set_override = [](Overrides& overrides, std::optional<double> value) {
    if (value)
      overrides.*kOverride = static_cast<T>(*value);
    else
      (overrides.*kOverride).reset();
  };
}

/// Connects `field` to a member of the struct and to that of its overrides.
template <auto kMember, auto kOverride, typename Values, typename Overrides>
void connect_member(Field<Values, Overrides>& field) {
  connect_override<kOverride>(field, kOverride);
  field.get = [](const Values& values) { return static_cast<double>(values.*kMember); };
  field.standard = field.get(Values());
}

}  // namespace npumel
