// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties made from the rows of a table of fields (recipe_fields.def, transform_fields.def).
#pragma once

#include <gst/gst.h>

#include <string>

#include "kernels/mel/field.h"

namespace npumel {

/// "cmvn-window" of owner "GstMelTransform": "GstMelTransformCmvnWindow".
std::string field_type_name(const char* owner, const char* property);

/// A property that can be changed in READY. Enumerations get a type of their own, named after the
/// owner's, with the value -1 "preset". To be called once a field.
GParamSpec* field_spec(const FieldInfo& field, const char* owner, const std::string& blurb);

/// The number in a property's value, and back.
double field_number(const FieldInfo& field, const GValue* value);
void put_field_number(const FieldInfo& field, double number, GValue* value);

}  // namespace npumel
