// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of caps as values: how the caps of rows (MelInfo, FeatureInfo) are read, written and told
// apart.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/mel/rows.h"

namespace npumel {

/// A field in which what there is differs from what is wanted, as caps spell the values; "(none)"
/// for a field that one side lacks.
struct FieldDifference {
  std::string field;
  std::string wanted;
  std::string have;
};

/// "log: wanted ln, have log10; fmax: wanted 7600, have 8000"; "" without a difference.
std::string to_text(const std::vector<FieldDifference>& differences);

/// The fields of two structures that have no value in common. Fields that one of them lacks are not
/// compared: to caps negotiation they are open. Values may be lists and ranges.
std::vector<FieldDifference> conflicts(const GstStructure* have, const GstStructure* wanted);

/// Ints and strings by the names of caps fields.
using FieldValue = std::variant<int, std::string>;
using Fields = std::map<std::string, FieldValue, std::less<>>;

/// Spelling of format and layout in caps.
const char* caps_name(ElementType type);
const char* caps_name(Layout layout);
/// Read a field that must have one of the known spellings. False otherwise.
bool read_format(const GstStructure* structure, ElementType& type);
bool read_layout(const GstStructure* structure, Layout& layout);

/// Every int and string of a structure but those of `members`; fields of other types are left out.
Fields read_fields(const GstStructure* structure, const std::vector<std::string_view>& members);
void write_fields(GstStructure* structure, const Fields& fields);
std::string text_of(const FieldValue& value);

/// Fields with their texts, in the order in which a person wants to read them.
using FieldTexts = std::vector<std::pair<std::string, std::string>>;
/// Every field that is not as wanted. Those of `last`, which only say that something differs, come
/// at the end.
std::vector<FieldDifference> differences(const FieldTexts& have, const FieldTexts& wanted,
                                         const std::vector<std::string_view>& last);

}  // namespace npumel
