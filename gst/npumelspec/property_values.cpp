// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties to and from Settings.
#include <optional>

#include "gst/npumelspec/element.h"
#include "gst/npumelspec/properties.h"
#include "gst/npumelspec/property_ids.h"

namespace npumel {
namespace {

void set_number(std::optional<int>& field, const GValue* value, int unset = -1) {
  const int number = g_value_get_int(value);
  if (number == unset)
    field.reset();
  else
    field = number;
}

void set_number(std::optional<double>& field, const GValue* value) {
  const double number = g_value_get_double(value);
  if (number == -1)
    field.reset();
  else
    field = number;
}

template <typename E>
void set_choice(std::optional<E>& field, const GValue* value) {
  const int number = g_value_get_enum(value);
  if (number < 0)
    field.reset();
  else
    field = static_cast<E>(number);
}

template <typename E>
void set_choice(E& field, const GValue* value) {
  field = static_cast<E>(g_value_get_enum(value));
}

template <typename E>
void get_choice(const std::optional<E>& field, GValue* value) {
  g_value_set_enum(value, field ? static_cast<int>(*field) : -1);
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

bool set_recipe(RecipeOverrides& recipe, guint id, const GValue* value) {
  switch (id) {
    case kMels:
      set_number(recipe.mels, value);
      return true;
    case kNfft:
      set_number(recipe.n_fft, value);
      return true;
    case kWinLength:
      set_number(recipe.win_length, value);
      return true;
    case kHopLength:
      set_number(recipe.hop_length, value);
      return true;
    case kWindow:
      set_choice(recipe.window, value);
      return true;
    case kWindowPlace:
      set_choice(recipe.window_place, value);
      return true;
    case kSpectrum:
      set_choice(recipe.spectrum, value);
      return true;
    case kDft:
      set_choice(recipe.dft, value);
      return true;
    case kMelScale:
      set_choice(recipe.mel_scale, value);
      return true;
    case kMelNorm:
      set_choice(recipe.mel_norm, value);
      return true;
    case kFmin:
      set_number(recipe.fmin, value);
      return true;
    case kFmax:
      set_number(recipe.fmax, value);
      return true;
    case kPadding:
      set_choice(recipe.padding, value);
      return true;
    case kFrameCount:
      set_choice(recipe.frame_count, value);
      return true;
    case kTailRule:
      set_choice(recipe.tail_rule, value);
      return true;
    case kLog:
      set_choice(recipe.log, value);
      return true;
    case kLogFloor:
      set_number(recipe.log_floor, value);
      return true;
    case kFloorMode:
      set_choice(recipe.floor_mode, value);
      return true;
    case kPreemphasis:
      set_number(recipe.preemphasis, value);
      return true;
    case kPreemphasisMode:
      set_choice(recipe.preemphasis_mode, value);
      return true;
    case kRemoveDc:
      set_choice(recipe.remove_dc, value);
      return true;
    case kInputScale:
      set_number(recipe.input_scale, value);
      return true;
    case kNormalizeAs:
      set_choice(recipe.normalization, value);
      return true;
    default:
      return false;
  }
}

bool get_recipe(const RecipeOverrides& recipe, guint id, GValue* value) {
  switch (id) {
    case kMels:
      g_value_set_int(value, recipe.mels.value_or(-1));
      return true;
    case kNfft:
      g_value_set_int(value, recipe.n_fft.value_or(-1));
      return true;
    case kWinLength:
      g_value_set_int(value, recipe.win_length.value_or(-1));
      return true;
    case kHopLength:
      g_value_set_int(value, recipe.hop_length.value_or(-1));
      return true;
    case kWindow:
      get_choice(recipe.window, value);
      return true;
    case kWindowPlace:
      get_choice(recipe.window_place, value);
      return true;
    case kSpectrum:
      get_choice(recipe.spectrum, value);
      return true;
    case kDft:
      get_choice(recipe.dft, value);
      return true;
    case kMelScale:
      get_choice(recipe.mel_scale, value);
      return true;
    case kMelNorm:
      get_choice(recipe.mel_norm, value);
      return true;
    case kFmin:
      g_value_set_int(value, recipe.fmin.value_or(-1));
      return true;
    case kFmax:
      g_value_set_int(value, recipe.fmax.value_or(-1));
      return true;
    case kPadding:
      get_choice(recipe.padding, value);
      return true;
    case kFrameCount:
      get_choice(recipe.frame_count, value);
      return true;
    case kTailRule:
      get_choice(recipe.tail_rule, value);
      return true;
    case kLog:
      get_choice(recipe.log, value);
      return true;
    case kLogFloor:
      g_value_set_double(value, recipe.log_floor.value_or(-1));
      return true;
    case kFloorMode:
      get_choice(recipe.floor_mode, value);
      return true;
    case kPreemphasis:
      g_value_set_double(value, recipe.preemphasis.value_or(-1));
      return true;
    case kPreemphasisMode:
      get_choice(recipe.preemphasis_mode, value);
      return true;
    case kRemoveDc:
      get_choice(recipe.remove_dc, value);
      return true;
    case kInputScale:
      g_value_set_int(value, recipe.input_scale.value_or(-1));
      return true;
    case kNormalizeAs:
      get_choice(recipe.normalization, value);
      return true;
    default:
      return false;
  }
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
    case kEosMode:
      set_choice(settings.eos_mode, value);
      return true;
    case kLayout:
      set_choice(settings.layout, value);
      return true;
    case kFormat:
      set_choice(settings.format, value);
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
      return set_recipe(settings.overrides, id, value);
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
    case kEosMode:
      get_choice(settings.eos_mode, value);
      return true;
    case kLayout:
      get_choice(settings.layout, value);
      return true;
    case kFormat:
      get_choice(settings.format, value);
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
      g_value_set_uint64(value, settings.max_gap);
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
      return get_recipe(settings.overrides, id, value);
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
      g_value_take_boxed(value, element.stats());
      return true;
    default:
      return get_setting(element.settings(), id, value);
  }
}

}  // namespace npumel
