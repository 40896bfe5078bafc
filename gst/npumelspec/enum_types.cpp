// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npumelspec/enum_types.h"

#include <vector>

#include "gst/npumelspec/settings.h"
#include "kernels/mel/recipe.h"

namespace npumel {
namespace {

GType register_enum(const char* name, const std::vector<GEnumValue>& values) {
  const GType type = g_enum_register_static(name, values.data());
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
  return type;
}

/// GLib keeps the array that it is given: the values live as long as the process.
template <typename E>
std::vector<GEnumValue> values_of(bool with_preset) {
  std::vector<GEnumValue> values;
  if (with_preset) values.push_back({-1, "As the preset", "preset"});
  for (const EnumName<E>& name : enum_names<E>())
    values.push_back({static_cast<gint>(name.value), name.description, name.nick});
  values.push_back({0, nullptr, nullptr});
  return values;
}

template <typename E>
GType recipe_type(const char* name, bool with_preset = true) {
  static const std::vector<GEnumValue> values = values_of<E>(with_preset);
  return register_enum(name, values);
}

}  // namespace

template <>
GType recipe_enum_type<Preset>() {
  static const GType type = recipe_type<Preset>("GstNpuMelSpecPreset", false);
  return type;
}
template <>
GType recipe_enum_type<WindowFunction>() {
  static const GType type = recipe_type<WindowFunction>("GstNpuMelSpecWindow");
  return type;
}
template <>
GType recipe_enum_type<WindowPlace>() {
  static const GType type = recipe_type<WindowPlace>("GstNpuMelSpecWindowPlace");
  return type;
}
template <>
GType recipe_enum_type<Spectrum>() {
  static const GType type = recipe_type<Spectrum>("GstNpuMelSpecSpectrum");
  return type;
}
template <>
GType recipe_enum_type<Dft>() {
  static const GType type = recipe_type<Dft>("GstNpuMelSpecDft");
  return type;
}
template <>
GType recipe_enum_type<MelScale>() {
  static const GType type = recipe_type<MelScale>("GstNpuMelSpecMelScale");
  return type;
}
template <>
GType recipe_enum_type<MelNorm>() {
  static const GType type = recipe_type<MelNorm>("GstNpuMelSpecMelNorm");
  return type;
}
template <>
GType recipe_enum_type<Padding>() {
  static const GType type = recipe_type<Padding>("GstNpuMelSpecPadding");
  return type;
}
template <>
GType recipe_enum_type<FrameCount>() {
  static const GType type = recipe_type<FrameCount>("GstNpuMelSpecFrameCount");
  return type;
}
template <>
GType recipe_enum_type<TailRule>() {
  static const GType type = recipe_type<TailRule>("GstNpuMelSpecTailRule");
  return type;
}
template <>
GType recipe_enum_type<LogType>() {
  static const GType type = recipe_type<LogType>("GstNpuMelSpecLog");
  return type;
}
template <>
GType recipe_enum_type<FloorMode>() {
  static const GType type = recipe_type<FloorMode>("GstNpuMelSpecFloorMode");
  return type;
}
template <>
GType recipe_enum_type<PreemphasisMode>() {
  static const GType type = recipe_type<PreemphasisMode>("GstNpuMelSpecPreemphasisMode");
  return type;
}

GType normalize_as_type() {
  static const std::vector<GEnumValue> values = values_of<Preset>(true);
  static const GType type = register_enum("GstNpuMelSpecNormalizeAs", values);
  return type;
}

GType remove_dc_type() {
  static const std::vector<GEnumValue> values = {
      {-1, "As the preset", "preset"},
      {0, "Keep the mean", "false"},
      {1, "Subtract the mean of each frame's samples first", "true"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecRemoveDc", values);
  return type;
}

GType normalize_type() {
  static const std::vector<GEnumValue> values = {
      {static_cast<gint>(NormalizeMode::none), "Raw values: the same however audio is cut", "none"},
      {static_cast<gint>(NormalizeMode::buffer),
       "The front end's published normalisation over each output buffer", "buffer"},
      {static_cast<gint>(NormalizeMode::running),
       "Clamp below the largest value since the stream began", "running"},
      {static_cast<gint>(NormalizeMode::fixed), "Clamp below fixed-max", "fixed"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecNormalize", values);
  return type;
}

GType eos_mode_type() {
  static const std::vector<GEnumValue> values = {
      {static_cast<gint>(EosMode::automatic),
       "A shorter buffer if the next element takes one, else as pad", "auto"},
      {static_cast<gint>(EosMode::pad), "Zeros are appended to the audio to fill the buffer",
       "pad"},
      {static_cast<gint>(EosMode::shorten),
       "A shorter buffer, after caps that say so; an error if they are refused", "short"},
      {static_cast<gint>(EosMode::drop), "Frames that do not fill a buffer are dropped", "drop"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecEosMode", values);
  return type;
}

GType layout_choice_type() {
  static const std::vector<GEnumValue> values = {
      {static_cast<gint>(LayoutChoice::automatic),
       "What the next element asks for, else frame-major", "auto"},
      {static_cast<gint>(LayoutChoice::frame_major),
       "frames x mels: the mels of a frame lie next to each other", "frame-major"},
      {static_cast<gint>(LayoutChoice::mel_major),
       "mels x frames: the values of a mel lie next to each other", "mel-major"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecLayout", values);
  return type;
}

GType format_choice_type() {
  static const std::vector<GEnumValue> values = {
      {static_cast<gint>(FormatChoice::automatic), "What the next element asks for, else F32LE",
       "auto"},
      {static_cast<gint>(FormatChoice::f32), "32-bit float", "F32LE"},
      {static_cast<gint>(FormatChoice::f16), "16-bit float, saturating", "F16LE"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecFormat", values);
  return type;
}

GType backend_choice_type() {
  static const std::vector<GEnumValue> values = {
      {static_cast<gint>(BackendChoice::automatic),
       "The NPU where there is one that can be used and trusted, else the CPU", "auto"},
      {static_cast<gint>(BackendChoice::npu), "The NPU or an error", "npu"},
      {static_cast<gint>(BackendChoice::software), "The CPU", "software"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecBackend", values);
  return type;
}

}  // namespace npumel
