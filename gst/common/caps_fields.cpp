// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading, writing and comparing the fields of caps.
#include "gst/common/caps_fields.h"

#include <algorithm>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

constexpr const char* kNone = "(none)";

/// Sets `value` to the one of two values whose name a field holds.
template <typename E>
bool read_name(const GstStructure* structure, const char* field, E first, E second, E& value) {
  const char* name = gst_structure_get_string(structure, field);
  for (const E candidate : {first, second}) {
    if (g_strcmp0(name, caps_name(candidate)) != 0) continue;
    value = candidate;
    return true;
  }
  return false;
}

std::string text_in(const GValue* value) {
  if (G_VALUE_HOLDS_STRING(value)) {
    const char* text = g_value_get_string(value);
    return text != nullptr ? text : "";
  }
  const TextPtr text(gst_value_serialize(value));
  return text ? text.get() : "?";
}

bool is_in(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string to_text(const std::vector<FieldDifference>& differences) {
  std::string text;
  for (const FieldDifference& one : differences)
    text +=
        (text.empty() ? "" : "; ") + one.field + ": wanted " + one.wanted + ", have " + one.have;
  return text;
}

std::vector<FieldDifference> conflicts(const GstStructure* have, const GstStructure* wanted) {
  std::vector<FieldDifference> found;
  for (gint i = 0; i < gst_structure_n_fields(wanted); ++i) {
    const char* field = gst_structure_nth_field_name(wanted, static_cast<guint>(i));
    const GValue* theirs = gst_structure_get_value(wanted, field);
    const GValue* ours = gst_structure_get_value(have, field);
    if (ours == nullptr || gst_value_intersect(nullptr, theirs, ours) != FALSE) continue;
    found.push_back({field, text_in(theirs), text_in(ours)});
  }
  return found;
}

const char* caps_name(ElementType type) { return type == ElementType::f16 ? "F16LE" : "F32LE"; }
const char* caps_name(Layout layout) {
  return layout == Layout::mel_major ? "mel-major" : "frame-major";
}

bool read_format(const GstStructure* structure, ElementType& type) {
  return read_name(structure, "format", ElementType::f32, ElementType::f16, type);
}

bool read_layout(const GstStructure* structure, Layout& layout) {
  return read_name(structure, "layout", Layout::frame_major, Layout::mel_major, layout);
}

Fields read_fields(const GstStructure* structure, const std::vector<std::string_view>& members) {
  Fields fields;
  for (gint i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* field = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    const GValue* value = gst_structure_get_value(structure, field);
    if (is_in(members, field)) continue;
    if (G_VALUE_HOLDS_INT(value)) {
      fields.emplace(field, g_value_get_int(value));
    } else if (G_VALUE_HOLDS_STRING(value)) {
      const char* text = g_value_get_string(value);
      fields.emplace(field, std::string(text != nullptr ? text : ""));
    }
  }
  return fields;
}

void write_fields(GstStructure* structure, const Fields& fields) {
  for (const auto& [field, value] : fields) {
    if (const int* number = std::get_if<int>(&value))
      gst_structure_set(structure, field.c_str(), G_TYPE_INT, *number, nullptr);
    else
      gst_structure_set(structure, field.c_str(), G_TYPE_STRING,
                        std::get<std::string>(value).c_str(), nullptr);
  }
}

std::string text_of(const FieldValue& value) {
  if (const int* number = std::get_if<int>(&value)) return std::to_string(*number);
  return std::get<std::string>(value);
}

std::vector<FieldDifference> differences(const FieldTexts& have, const FieldTexts& wanted,
                                         const std::vector<std::string_view>& last) {
  const auto find = [](const FieldTexts& texts, const std::string& field) {
    return std::find_if(texts.begin(), texts.end(),
                        [&](const auto& text) { return text.first == field; });
  };
  std::vector<FieldDifference> found;
  for (const auto& [field, text] : wanted) {
    const auto mine = find(have, field);
    if (mine == have.end())
      found.push_back({field, text, kNone});
    else if (mine->second != text)
      found.push_back({field, text, mine->second});
  }
  for (const auto& [field, text] : have)
    if (find(wanted, field) == wanted.end()) found.push_back({field, kNone, text});
  std::stable_partition(found.begin(), found.end(),
                        [&](const FieldDifference& one) { return !is_in(last, one.field); });
  return found;
}

}  // namespace npumel
