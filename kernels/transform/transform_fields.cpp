// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the rows of transform_fields.def into a table of one type.
#include "kernels/transform/transform_fields.h"

#include <stdexcept>
#include <vector>

namespace npumel {
namespace {

TransformField transform_row(TransformStep step, const char* name, const char* nick,
                             const char* blurb, double lowest, double highest, unsigned flags) {
  TransformField field;
  field.step = step;
  field.name = name;
  field.nick = nick;
  field.blurb = blurb;
  field.lowest = lowest;
  field.highest = highest;
  field.flags = flags;
  return field;
}

template <auto kMember, auto kOverride>
TransformField with_members(TransformField field) {
  connect_member<kMember, kOverride>(field);
  return field;
}

std::vector<TransformField> make_transform_fields() {
  return {
#define TRANSFORM_FIELD(step, type, member, standard, name, nick, lowest, highest, flags, blurb) \
  with_members<&TransformRecipe::member, &TransformOverrides::member>(                           \
      transform_row(TransformStep::step, name, nick, blurb, lowest, highest, flags)),
#include "kernels/transform/transform_fields.def"
#undef TRANSFORM_FIELD
  };
}

}  // namespace

std::span<const TransformField> transform_fields() {
  static const std::vector<TransformField> fields = make_transform_fields();
  return fields;
}

const TransformField& switch_of(TransformStep step) {
  for (const TransformField& field : transform_fields())
    if (field.step == step) return field;
  throw std::logic_error("a step without a field");
}

std::string field_blurb(const TransformField& field) {
  return field_blurb(field, nick(field.step));
}

}  // namespace npumel
