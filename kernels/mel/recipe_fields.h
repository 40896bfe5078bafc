// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of recipe_fields.def at run time: what properties, caps and texts iterate over.
#pragma once

#include <optional>
#include <span>
#include <string>

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

/// One row. Values of every kind travel as double, which holds each of them exactly. The members
/// are pure functions of their arguments; every thread may call them.
struct RecipeField {
  const char* name = "";
  const char* nick = "";
  const char* blurb = "";
  FieldKind kind = FieldKind::integer;
  double lowest = 0;
  double highest = 0;
  double unset = -1;  ///< the property's value for "as the preset"
  unsigned flags = 0;
  std::span<const FieldChoice> choices;  ///< in order of value, which counts from 0
  double standard = 0;                   ///< Recipe's default
  /// The value in a recipe. Null for overrides of the normalisation, which is no single field.
  double (*get)(const Recipe&) = nullptr;
  std::optional<double> (*get_override)(const RecipeOverrides&) = nullptr;
  void (*set_override)(RecipeOverrides&, std::optional<double>) = nullptr;

  bool has(FieldFlag flag) const { return (flags & flag) != 0; }
};

/// In the order of the canonical text; overrides of the normalisation last.
std::span<const RecipeField> recipe_fields();

/// The value of a field as the canonical text spells it: independent of the locale, 17 significant
/// digits for real numbers, the nick of a choice.
std::string field_text(const RecipeField& field, double value);

/// The blurb as users read it: "[recipe] Expert: ... (-1 = as the preset)".
std::string field_blurb(const RecipeField& field);

}  // namespace npumel
