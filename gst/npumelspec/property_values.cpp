// SPDX-License-Identifier: LGPL-2.1-or-later
// Values of the GObject properties to and from Settings.
#include <optional>

#include "gst/common/field_properties.h"
#include "gst/npumelspec/element.h"
#include "gst/npumelspec/properties.h"
#include "gst/npumelspec/property_ids.h"
#include "kernels/mel/recipe_fields.h"

namespace npumel {
namespace {

template <typename E>
void set_choice(E& field, const GValue* value) {
  field = static_cast<E>(g_value_get_enum(value));
}

template <typename E>
void get_choice(const E& field, GValue* value) {
  g_value_set_enum(value, static_cast<int>(field));
}

void set_text(std::string& field, const GValue* value) {
  const char* text = g_value_get_string(value);
  field = text == nullptr ? "" : text;
}

void get_text(const std::string& field, GValue* value) {
  g_value_set_string(value, field.empty() ? nullptr : field.c_str());
}

const RecipeField* field_with(guint id) {
  const auto fields = recipe_fields();
  return id >= kFirstField && id - kFirstField < fields.size() ? &fields[id - kFirstField]
                                                               : nullptr;
}

bool set_field(RecipeOverrides& overrides, guint id, const GValue* value) {
  const RecipeField* field = field_with(id);
  if (field == nullptr) return false;
  const double number = field_number(*field, value);
  field->set_override(overrides,
                      number == field->unset ? std::nullopt : std::optional<double>(number));
  return true;
}

bool get_field(const RecipeOverrides& overrides, guint id, GValue* value) {
  const RecipeField* field = field_with(id);
  if (field == nullptr) return false;
  put_field_number(*field, field->get_override(overrides).value_or(field->unset), value);
  return true;
}

bool set_setting(Settings& settings, guint id, const GValue* value) {
  switch (id) {
    case kPreset:
      set_choice(settings.preset, value);
      return true;
    case kFrames:
      settings.frames = g_value_get_int(value);
      return true;
    case kFirstFrames:
      settings.first_frames = g_value_get_int(value);
      return true;
    case kStride:
      settings.stride = g_value_get_int(value);
      return true;
    case kNormalize:
      set_choice(settings.normalize, value);
      return true;
    case kFixedMax:
      settings.fixed_max = g_value_get_double(value);
      return true;
    case kTailSilence:
      settings.tail_silence = g_value_get_uint64(value);
      return true;
    case kTailFrames:
      set_choice(settings.tail_frames, value);
      return true;
    case kEosMode:
      set_choice(settings.eos_mode, value);
      return true;
    case kLayout:
      set_choice(settings.layout, value);
      return true;
    case kFormat:
      set_choice(settings.format, value);
      return true;
    case kLevelMeta:
      settings.level_meta = g_value_get_enum(value) != 0;
      return true;
    case kMaxDuration:
      settings.max_duration = g_value_get_uint64(value);
      return true;
    case kBackend:
      set_choice(settings.backend, value);
      return true;
    case kDevice:
      set_text(settings.device, value);
      return true;
    case kKernelPath:
      set_text(settings.kernel_path, value);
      return true;
    case kNpuTimeout:
      settings.npu_timeout = g_value_get_uint(value);
      return true;
    case kInFlight:
      settings.in_flight = g_value_get_int(value);
      return true;
    case kVerifyInterval:
      settings.verify_interval = g_value_get_uint(value);
      return true;
    case kRetryInterval:
      settings.retry_interval = g_value_get_uint64(value);
      return true;
    case kMaxGap:
      settings.max_gap = g_value_get_uint64(value);
      return true;
    case kAlignmentThreshold:
      settings.alignment_threshold = g_value_get_uint64(value);
      return true;
    case kDiscontWait:
      settings.discont_wait = g_value_get_uint64(value);
      return true;
    case kProcessingLatency:
      settings.processing_latency = g_value_get_uint64(value);
      return true;
    default:
      return set_field(settings.overrides, id, value);
  }
}

bool get_setting(const Settings& settings, guint id, GValue* value) {
  switch (id) {
    case kPreset:
      get_choice(settings.preset, value);
      return true;
    case kFrames:
      g_value_set_int(value, settings.frames);
      return true;
    case kFirstFrames:
      g_value_set_int(value, settings.first_frames);
      return true;
    case kStride:
      g_value_set_int(value, settings.stride);
      return true;
    case kNormalize:
      get_choice(settings.normalize, value);
      return true;
    case kFixedMax:
      g_value_set_double(value, settings.fixed_max);
      return true;
    case kTailSilence:
      g_value_set_uint64(value, settings.tail_silence);
      return true;
    case kTailFrames:
      get_choice(settings.tail_frames, value);
      return true;
    case kEosMode:
      get_choice(settings.eos_mode, value);
      return true;
    case kLayout:
      get_choice(settings.layout, value);
      return true;
    case kFormat:
      get_choice(settings.format, value);
      return true;
    case kLevelMeta:
      g_value_set_enum(value, settings.level_meta ? 1 : 0);
      return true;
    case kMaxDuration:
      g_value_set_uint64(value, settings.max_duration);
      return true;
    case kBackend:
      get_choice(settings.backend, value);
      return true;
    case kDevice:
      get_text(settings.device, value);
      return true;
    case kKernelPath:
      get_text(settings.kernel_path, value);
      return true;
    case kNpuTimeout:
      g_value_set_uint(value, settings.npu_timeout);
      return true;
    case kInFlight:
      g_value_set_int(value, settings.in_flight);
      return true;
    case kVerifyInterval:
      g_value_set_uint(value, settings.verify_interval);
      return true;
    case kRetryInterval:
      g_value_set_uint64(value, settings.retry_interval);
      return true;
    case kMaxGap:
      g_value_set_uint64(value, settings.max_gap.value_or(kDefaultMaxGap));
      return true;
    case kAlignmentThreshold:
      g_value_set_uint64(value, settings.alignment_threshold);
      return true;
    case kDiscontWait:
      g_value_set_uint64(value, settings.discont_wait);
      return true;
    case kProcessingLatency:
      g_value_set_uint64(value, settings.processing_latency);
      return true;
    default:
      return get_field(settings.overrides, id, value);
  }
}

}  // namespace

bool set_property(Element& element, guint id, const GValue* value) {
  bool known = false;
  element.change([&](Settings& settings) { known = set_setting(settings, id, value); });
  if (id == kProcessingLatency) element.processing_latency_changed();
  return known;
}

bool get_property(const Element& element, guint id, GValue* value) {
  switch (id) {
    case kRecipe:
      g_value_set_string(value, element.recipe_text().c_str());
      return true;
    case kActiveBackend:
      g_value_set_string(value, element.active_backend().c_str());
      return true;
    case kStats:
      g_value_take_boxed(value, element.stats().release());
      return true;
    default:
      return get_setting(element.settings(), id, value);
  }
}

}  // namespace npumel
