// SPDX-License-Identifier: LGPL-2.1-or-later
// Installs, reads and writes the properties of melspecscope.
#include "gst/melspecscope/scope_settings.h"

#include <gst/gst.h>

#include <algorithm>

namespace npumel {
namespace {

enum : guint {
  PROP_MODE = 1,
  PROP_COLORMAP,
  PROP_RANGE,
  PROP_RANGE_MIN,
  PROP_RANGE_MAX,
  PROP_AXES,
  PROP_SPAN,
  PROP_LEVEL
};

enum { MODE_SCROLL, MODE_PAGE };
enum { RANGE_AUTO, RANGE_FIXED };

GType mode_type() {
  static const GEnumValue values[] = {
      {MODE_SCROLL, "Live display: new frames enter at the right", "scroll"},
      {MODE_PAGE, "One picture a buffer; of the whole clip with npumelspec frames=0", "page"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstMelSpecScopeMode", values);
  return type;
}

GType colormap_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(ColorMap::viridis), "Violet over green to yellow", "viridis"},
      {static_cast<int>(ColorMap::magma), "Black over red to cream", "magma"},
      {static_cast<int>(ColorMap::gray), "Black to white", "gray"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstMelSpecScopeColormap", values);
  return type;
}

GType range_type() {
  static const GEnumValue values[] = {
      {RANGE_AUTO, "From the data, at most 8 decades (80 dB) below its maximum", "auto"},
      {RANGE_FIXED, "range-min to range-max: pictures can be compared", "fixed"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstMelSpecScopeRange", values);
  return type;
}

constexpr auto kAnyTime = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                   GST_PARAM_MUTABLE_PLAYING);
constexpr auto kWhenReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

}  // namespace

ViewSettings ScopeSettings::view() const {
  ViewSettings result;
  result.scroll = scroll;
  result.map = map;
  if (fixed_range) {
    const auto low = static_cast<float>(range_min);
    const auto high = static_cast<float>(range_max);
    result.range = ValueRange{low, std::max(high, low + 1e-6F * (1 + std::abs(low)))};
  }
  result.axes = axes;
  result.span_seconds = static_cast<double>(span) / 1e9;
  result.level = level;
  return result;
}

void install_scope_properties(GObjectClass* object_class) {
  const ScopeSettings normal;
  const auto plugin_api = static_cast<GstPluginAPIFlags>(0);
  gst_type_mark_as_plugin_api(mode_type(), plugin_api);
  gst_type_mark_as_plugin_api(colormap_type(), plugin_api);
  gst_type_mark_as_plugin_api(range_type(), plugin_api);

  g_object_class_install_property(object_class, PROP_MODE,
                                  g_param_spec_enum("mode", "Mode", "What is drawn when",
                                                    mode_type(), MODE_SCROLL, kWhenReady));
  g_object_class_install_property(
      object_class, PROP_COLORMAP,
      g_param_spec_enum("colormap", "Colour map", "Colours from the lowest to the highest value",
                        colormap_type(), static_cast<int>(normal.map), kAnyTime));
  g_object_class_install_property(
      object_class, PROP_RANGE,
      g_param_spec_enum("range", "Range", "Which values get the lowest and the highest colour",
                        range_type(), RANGE_AUTO, kAnyTime));
  g_object_class_install_property(
      object_class, PROP_RANGE_MIN,
      g_param_spec_double(
          "range-min", "Lowest value",
          "Gets the lowest colour with range=fixed; in the units of the caps, dB for log=none",
          -1e30, 1e30, normal.range_min, kAnyTime));
  g_object_class_install_property(
      object_class, PROP_RANGE_MAX,
      g_param_spec_double(
          "range-max", "Highest value",
          "Gets the highest colour with range=fixed; in the units of the caps, dB for log=none",
          -1e30, 1e30, normal.range_max, kAnyTime));
  g_object_class_install_property(
      object_class, PROP_AXES,
      g_param_spec_boolean("axes", "Axes",
                           "Axes in Hz and seconds and a colour bar, where the picture is large "
                           "enough, the plugin was built for cairo and cairo is installed",
                           normal.axes, kAnyTime));
  g_object_class_install_property(
      object_class, PROP_SPAN,
      g_param_spec_uint64("span", "Span",
                          "Time across the plot in mode=scroll (ns); 0 = one frame a pixel", 0,
                          G_MAXINT64, normal.span, kAnyTime));
  g_object_class_install_property(
      object_class, PROP_LEVEL,
      g_param_spec_boolean(
          "level", "Level",
          "A strip above the plot, where that is at least 48 pixels high: the level of each "
          "column's buffer by its GstAudioLevelMeta, from -60 dBov (empty) to 0 dBov (full), in "
          "orange with the voice flag, else in gray; nothing without the meta. Since 0.2.0",
          normal.level, kAnyTime));
}

bool set_scope_property(ScopeSettings& settings, guint id, const GValue* value) {
  switch (id) {
    case PROP_MODE:
      settings.scroll = g_value_get_enum(value) == MODE_SCROLL;
      return true;
    case PROP_COLORMAP:
      settings.map = static_cast<ColorMap>(g_value_get_enum(value));
      return true;
    case PROP_RANGE:
      settings.fixed_range = g_value_get_enum(value) == RANGE_FIXED;
      return true;
    case PROP_RANGE_MIN:
      settings.range_min = g_value_get_double(value);
      return true;
    case PROP_RANGE_MAX:
      settings.range_max = g_value_get_double(value);
      return true;
    case PROP_AXES:
      settings.axes = g_value_get_boolean(value);
      return true;
    case PROP_SPAN:
      settings.span = g_value_get_uint64(value);
      return true;
    case PROP_LEVEL:
      settings.level = g_value_get_boolean(value);
      return true;
    default:
      return false;
  }
}

bool get_scope_property(const ScopeSettings& settings, guint id, GValue* value) {
  switch (id) {
    case PROP_MODE:
      g_value_set_enum(value, settings.scroll ? MODE_SCROLL : MODE_PAGE);
      return true;
    case PROP_COLORMAP:
      g_value_set_enum(value, static_cast<int>(settings.map));
      return true;
    case PROP_RANGE:
      g_value_set_enum(value, settings.fixed_range ? RANGE_FIXED : RANGE_AUTO);
      return true;
    case PROP_RANGE_MIN:
      g_value_set_double(value, settings.range_min);
      return true;
    case PROP_RANGE_MAX:
      g_value_set_double(value, settings.range_max);
      return true;
    case PROP_AXES:
      g_value_set_boolean(value, settings.axes);
      return true;
    case PROP_SPAN:
      g_value_set_uint64(value, settings.span);
      return true;
    case PROP_LEVEL:
      g_value_set_boolean(value, settings.level);
      return true;
    default:
      return false;
  }
}

}  // namespace npumel
