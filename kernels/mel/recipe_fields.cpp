// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the rows of recipe_fields.def into a table of one type.
#include "kernels/mel/recipe_fields.h"

#include <vector>

namespace npumel {
namespace {

RecipeField recipe_row(const char* name, const char* nick, const char* blurb, double lowest,
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

template <auto kMember, auto kOverride>
RecipeField with_member(RecipeField field) {
  connect_member<kMember, kOverride>(field);
  return field;
}

template <auto kOverride>
RecipeField with_override(RecipeField field) {
  connect_override<kOverride>(field, kOverride);
  return field;
}

std::vector<RecipeField> make_recipe_fields() {
  return {
#define RECIPE_FIELD(type, member, standard, name, nick, lowest, highest, flags, blurb) \
  with_member<&Recipe::member, &RecipeOverrides::member>(                               \
      recipe_row(name, nick, blurb, lowest, highest, -1, flags)),
#define NORMALIZATION_FIELD(type, member, unset, name, nick, lowest, highest, flags, blurb) \
  with_override<&RecipeOverrides::member>(                                                  \
      recipe_row(name, nick, blurb, lowest, highest, unset, flags)),
#include "kernels/mel/recipe_fields.def"
#undef RECIPE_FIELD
#undef NORMALIZATION_FIELD
  };
}

}  // namespace

std::span<const RecipeField> recipe_fields() {
  static const std::vector<RecipeField> fields = make_recipe_fields();
  return fields;
}

std::string field_blurb(const RecipeField& field) { return field_blurb(field, "recipe"); }

}  // namespace npumel
