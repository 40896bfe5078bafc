// SPDX-License-Identifier: LGPL-2.1-or-later
// GParamSpecs, enumeration types and values of fields.
#include "gst/common/field_properties.h"

#include <algorithm>
#include <list>
#include <vector>

namespace npumel {
namespace {

GType register_choices(const FieldInfo& field, const std::string& name) {
  // GLib keeps the arrays that it is given; a list does not move them.
  static std::list<std::vector<GEnumValue>> kept;
  std::vector<GEnumValue>& values = kept.emplace_back();
  values.push_back({-1, "As the preset", "preset"});
  for (const FieldChoice& choice : field.choices)
    values.push_back({choice.value, choice.description, choice.nick});
  values.push_back({0, nullptr, nullptr});
  const GType type = g_enum_register_static(name.c_str(), values.data());
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
  return type;
}

}  // namespace

std::string field_type_name(const char* owner, const char* property) {
  std::string name = owner;
  bool upper = true;
  for (const char* c = property; *c != '\0'; ++c) {
    if (*c != '-') name += upper ? g_ascii_toupper(*c) : *c;
    upper = *c == '-';
  }
  return name;
}

GParamSpec* field_spec(const FieldInfo& field, const char* owner, const std::string& blurb) {
  constexpr auto kFlags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_NAME |
                                                   G_PARAM_STATIC_NICK | GST_PARAM_MUTABLE_READY);
  const double lowest = std::min(field.lowest, field.unset);
  switch (field.kind) {
    case FieldKind::choice:
      return g_param_spec_enum(field.name, field.nick, blurb.c_str(),
                               register_choices(field, field_type_name(owner, field.name)),
                               static_cast<gint>(field.unset), kFlags);
    case FieldKind::real:
      return g_param_spec_double(field.name, field.nick, blurb.c_str(), lowest, field.highest,
                                 field.unset, kFlags);
    case FieldKind::integer:
      break;
  }
  return g_param_spec_int(field.name, field.nick, blurb.c_str(), static_cast<gint>(lowest),
                          static_cast<gint>(field.highest), static_cast<gint>(field.unset), kFlags);
}

double field_number(const FieldInfo& field, const GValue* value) {
  switch (field.kind) {
    case FieldKind::choice:
      return g_value_get_enum(value);
    case FieldKind::real:
      return g_value_get_double(value);
    case FieldKind::integer:
      break;
  }
  return g_value_get_int(value);
}

void put_field_number(const FieldInfo& field, double number, GValue* value) {
  switch (field.kind) {
    case FieldKind::choice:
      return g_value_set_enum(value, static_cast<gint>(number));
    case FieldKind::real:
      return g_value_set_double(value, number);
    case FieldKind::integer:
      break;
  }
  g_value_set_int(value, static_cast<gint>(number));
}

}  // namespace npumel
