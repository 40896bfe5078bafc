// SPDX-License-Identifier: LGPL-2.1-or-later
// GEnum types of the properties, made from the names in kernels/mel and those of the element.
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

}  // namespace

GType preset_type() {
  static const std::vector<GEnumValue> values = [] {
    std::vector<GEnumValue> all;
    for (const EnumName<Preset>& name : enum_names<Preset>())
      all.push_back({static_cast<gint>(name.value), name.description, name.nick});
    all.push_back({0, nullptr, nullptr});
    return all;
  }();
  static const GType type = register_enum("GstNpuMelSpecPreset", values);
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

GType tail_frames_type() {
  static const std::vector<GEnumValue> values = {
      {static_cast<gint>(TailFrames::drop),
       "Frames that begin in tail silence are dropped, but count for normalize=buffer", "drop"},
      {static_cast<gint>(TailFrames::keep), "They are sent as frames of the audio", "keep"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecTailFrames", values);
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

GType level_meta_type() {
  static const std::vector<GEnumValue> values = {
      {0, "No meta", "off"},
      {1, "GstAudioLevelMeta on every output buffer", "on"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstNpuMelSpecLevelMeta", values);
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
