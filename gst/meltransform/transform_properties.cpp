// SPDX-License-Identifier: LGPL-2.1-or-later
// Installs the properties and moves values between them and TransformSettings.
#include "gst/meltransform/transform_properties.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gst/common/field_properties.h"
#include "kernels/transform/transform_fields.h"

namespace npumel {
namespace {

enum TransformProperty : guint {
  kTransformPreset = 1,
  kTransformText,
  kCmvnFile,
  /// transform_fields()[i] has the number kFirstTransformField + i: nothing may follow.
  kFirstTransformField
};

GType transform_preset_type() {
  static const std::vector<GEnumValue> values = [] {
    std::vector<GEnumValue> all;
    for (const EnumName<TransformPreset>& name : enum_names<TransformPreset>())
      all.push_back({static_cast<gint>(name.value), name.description, name.nick});
    all.push_back({0, nullptr, nullptr});
    return all;
  }();
  static const GType type = [] {
    const GType made = g_enum_register_static("GstMelTransformPreset", values.data());
    gst_type_mark_as_plugin_api(made, static_cast<GstPluginAPIFlags>(0));
    return made;
  }();
  return type;
}

const TransformField* transform_field_with(guint id) {
  const auto fields = transform_fields();
  const bool known = id >= kFirstTransformField && id - kFirstTransformField < fields.size();
  return known ? &fields[id - kFirstTransformField] : nullptr;
}

}  // namespace

void install_transform_properties(GObjectClass* klass) {
  constexpr auto kReady = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                   GST_PARAM_MUTABLE_READY);
  g_object_class_install_property(
      klass, kTransformPreset,
      g_param_spec_enum("preset", "Preset",
                        "[transform] Published set of values, for the rows that its description "
                        "names. Every other property overrides a single value of it, in any order. "
                        "The property transform lists all resolved values",
                        transform_preset_type(), static_cast<gint>(TransformPreset::none), kReady));
  g_object_class_install_property(
      klass, kTransformText,
      g_param_spec_string("transform", "Transform",
                          "[transform] Every value that the preset and its overrides resolve to, "
                          "one key=value a line: the text that transform-id in the caps is the "
                          "hash of",
                          nullptr,
                          static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  g_object_class_install_property(
      klass, kCmvnFile,
      g_param_spec_string("cmvn-file", "CMVN file",
                          "[cmvn] Stored statistics for cmvn=global and online: a Kaldi matrix "
                          "(binary float or double, or text), WeNet's JSON, FunASR's am.mvn, "
                          "recognised by what it holds. Read when the element starts",
                          nullptr, kReady));
  guint id = kFirstTransformField;
  for (const TransformField& field : transform_fields())
    g_object_class_install_property(klass, id++,
                                    field_spec(field, "GstMelTransform", field_blurb(field)));
}

bool set_transform_property(MelTransform& element, guint id, const GValue* value) {
  const TransformField* field = transform_field_with(id);
  if (field == nullptr && id != kTransformPreset && id != kCmvnFile) return false;
  element.choice().change([&](TransformSettings& settings) {
    if (id == kTransformPreset) {
      settings.preset = static_cast<TransformPreset>(g_value_get_enum(value));
    } else if (id == kCmvnFile) {
      const char* path = g_value_get_string(value);
      settings.cmvn_file = path != nullptr ? path : "";
    } else {
      const double number = field_number(*field, value);
      field->set_override(settings.overrides,
                          number == field->unset ? std::nullopt : std::optional<double>(number));
    }
  });
  return true;
}

bool get_transform_property(const MelTransform& element, guint id, GValue* value) {
  if (id == kTransformText) {
    g_value_set_string(value, element.transform_text().c_str());
    return true;
  }
  const TransformSettings settings = element.choice().settings();
  if (id == kTransformPreset) {
    g_value_set_enum(value, static_cast<gint>(settings.preset));
    return true;
  }
  if (id == kCmvnFile) {
    g_value_set_string(value, settings.cmvn_file.empty() ? nullptr : settings.cmvn_file.c_str());
    return true;
  }
  const TransformField* field = transform_field_with(id);
  if (field == nullptr) return false;
  put_field_number(*field, field->get_override(settings.overrides).value_or(field->unset), value);
  return true;
}

}  // namespace npumel
