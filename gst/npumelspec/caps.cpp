// SPDX-License-Identifier: LGPL-2.1-or-later
// Pad templates of npumelspec, and caps made from settings and settings from caps.
#include "gst/npumelspec/caps.h"

#include <gst/audio/audio.h>

#include <array>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <stdexcept>

#include "gst/common/mel_info.h"
#include "gst/npumelspec/tensor.h"

namespace npumel {
namespace {

GstStaticPadTemplate sink_pad_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("audio/x-raw, "
                                            "format = (string) { S16LE, F32LE }, "
                                            "rate = (int) [ 4000, 192000 ], "
                                            "channels = (int) 1, "
                                            "layout = (string) interleaved"));

GstStaticPadTemplate source_pad_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("audio/x-mel-spectrogram, "
                                            "format = (string) { F32LE, F16LE }, "
                                            "layout = (string) { frame-major, mel-major }, "
                                            "mels = (int) [ 1, 32770 ], "
                                            "frames = (int) [ 0, 3000 ], "
                                            "rate = (int) [ 4000, 192000 ], "
                                            "channels = (int) 1, "
                                            "framerate = (fraction) [ 0/1, 2147483647/1 ]; "
                                            "other/tensors, "
                                            "format = (string) static, "
                                            "num_tensors = (int) 1, "
                                            "types = (string) float32, "
                                            "framerate = (fraction) [ 0/1, 2147483647/1 ]"));

/// A field that may take one of several strings, the preferred one first.
void set_strings(GstStructure* structure, const char* field,
                 std::initializer_list<std::string> values) {
  if (values.size() == 1) {
    gst_structure_set(structure, field, G_TYPE_STRING, values.begin()->c_str(), nullptr);
    return;
  }
  GValue list = G_VALUE_INIT;
  gst_value_list_init(&list, static_cast<guint>(values.size()));
  for (const std::string& text : values) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, text.c_str());
    gst_value_list_append_and_take_value(&list, &value);
  }
  gst_structure_take_value(structure, field, &list);
}

CapsPtr mel_caps(const Settings& settings, const Recipe& recipe, const Shape& shape) {
  CapsPtr caps =
      MelInfo::from_recipe(recipe, nick(settings.normalize), shape.frames, shape.stride).to_caps();
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);

  const bool half_fits = recipe.log != LogType::none;
  if (settings.format == FormatChoice::f16)
    set_strings(structure, "format", {"F16LE"});
  else if (settings.format == FormatChoice::f32 || !half_fits)
    set_strings(structure, "format", {"F32LE"});
  else
    set_strings(structure, "format", {"F32LE", "F16LE"});

  if (settings.layout == LayoutChoice::frame_major)
    set_strings(structure, "layout", {"frame-major"});
  else if (settings.layout == LayoutChoice::mel_major)
    set_strings(structure, "layout", {"mel-major"});
  else
    set_strings(structure, "layout", {"frame-major", "mel-major"});
  return caps;
}

/// Dimensions are text, innermost first, and core compares them as text: every spelling of the same
/// shape that tensor elements use is offered, with 1s filling up the rank.
CapsPtr tensor_caps(const Settings& settings, const Recipe& recipe, const Shape& shape) {
  CapsPtr caps(gst_caps_new_simple(kTensorMediaType, "format", G_TYPE_STRING, "static",
                                   "num_tensors", G_TYPE_INT, 1, "types", G_TYPE_STRING, "float32",
                                   "framerate", GST_TYPE_FRACTION, recipe.rate,
                                   recipe.hop_length * shape.stride, nullptr));
  GValue list = G_VALUE_INIT;
  gst_value_list_init(&list, 10);
  const auto add = [&](int inner, int outer) {
    for (const int rank : {3, 2, 4, 8, 16}) {
      std::string text = std::to_string(inner) + ":" + std::to_string(outer);
      for (int i = 2; i < rank; ++i) text += ":1";
      GValue value = G_VALUE_INIT;
      g_value_init(&value, G_TYPE_STRING);
      g_value_set_string(&value, text.c_str());
      gst_value_list_append_and_take_value(&list, &value);
    }
  };
  if (settings.layout != LayoutChoice::mel_major) add(recipe.width(), shape.frames);
  if (settings.layout == LayoutChoice::mel_major ||
      (settings.layout == LayoutChoice::automatic && recipe.width() != shape.frames))
    add(shape.frames, recipe.width());
  gst_structure_take_value(gst_caps_get_structure(caps.get(), 0), "dimensions", &list);
  return caps;
}

CapsPtr source_caps_at(const Settings& settings, int rate) {
  const Recipe recipe = resolve_recipe(settings, rate);
  const Shape shape = resolve_shape(settings);
  CapsPtr caps = mel_caps(settings, recipe, shape);
  if (!shape.whole() && settings.format != FormatChoice::f16)
    gst_caps_append(caps.get(), tensor_caps(settings, recipe, shape).release());
  return caps;
}

/// The one rate of a structure, given or implied by the preset.
std::optional<int> one_rate(const Settings& settings, const GstStructure* structure) {
  int rate = 0;
  if (gst_structure_get_int(structure, "rate", &rate)) return rate;
  rate = published_rate(settings.preset);
  if (rate == 0) return std::nullopt;
  GValue published = G_VALUE_INIT;
  g_value_init(&published, G_TYPE_INT);
  g_value_set_int(&published, rate);
  const GValue* range = gst_structure_get_value(structure, "rate");
  if (range != nullptr && !gst_value_intersect(nullptr, range, &published)) return std::nullopt;
  return rate;
}

}  // namespace

GstStaticPadTemplate* sink_template() { return &sink_pad_template; }
GstStaticPadTemplate* source_template() { return &source_pad_template; }

CapsPtr sink_caps(const Settings& settings, const GstCaps* source) {
  CapsPtr caps(gst_caps_new_empty());
  const CapsPtr any(gst_static_pad_template_get_caps(&sink_pad_template));
  const int published = published_rate(settings.preset);
  for (guint i = 0; i < gst_caps_get_size(source); ++i) {
    CapsPtr one(gst_caps_copy(any.get()));
    GstStructure* structure = gst_caps_get_structure(one.get(), 0);
    const GValue* wanted = gst_structure_get_value(gst_caps_get_structure(source, i), "rate");
    if (published != 0)
      gst_structure_set(structure, "rate", G_TYPE_INT, published, nullptr);
    else if (wanted != nullptr)
      gst_structure_set_value(structure, "rate", wanted);
    caps.reset(gst_caps_merge(caps.release(), one.release()));
  }
  return caps;
}

CapsPtr source_caps(const Settings& settings, const GstCaps* sink) {
  CapsPtr caps(gst_caps_new_empty());
  for (guint i = 0; i < gst_caps_get_size(sink); ++i) {
    const GstStructure* structure = gst_caps_get_structure(sink, i);
    const std::optional<int> rate = one_rate(settings, structure);
    CapsPtr one;
    try {
      if (rate) one = source_caps_at(settings, *rate);
    } catch (const std::invalid_argument&) {
      // The template below lets negotiation reach set_caps, which posts the reason.
    }
    if (!one) {
      one.reset(gst_static_pad_template_get_caps(&source_pad_template));
      one.reset(gst_caps_make_writable(one.release()));
      const GValue* range = gst_structure_get_value(structure, "rate");
      if (range != nullptr)
        gst_structure_set_value(gst_caps_get_structure(one.get(), 0), "rate", range);
    }
    caps.reset(gst_caps_merge(caps.release(), one.release()));
  }
  return caps;
}

OutputFormat parse_source_caps(const Settings& settings, const Recipe& recipe,
                               const GstCaps* caps) {
  if (const auto info = MelInfo::from_caps(caps)) return {info->layout, info->type};
  OutputFormat format;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  if (gst_structure_has_name(structure, kTensorMediaType)) {
    const char* dimensions = gst_structure_get_string(structure, "dimensions");
    int inner = 0;
    if (dimensions != nullptr) std::sscanf(dimensions, "%d", &inner);
    const bool mel_major = settings.layout == LayoutChoice::mel_major ||
                           (settings.layout == LayoutChoice::automatic && inner != recipe.width());
    format.layout = mel_major ? Layout::mel_major : Layout::frame_major;
  }
  return format;
}

CapsPtr with_frames(const GstCaps* caps, Layout layout, int frames) {
  CapsPtr changed(gst_caps_copy(caps));
  GstStructure* structure = gst_caps_get_structure(changed.get(), 0);
  if (!gst_structure_has_name(structure, kTensorMediaType)) {
    gst_structure_set(structure, "frames", G_TYPE_INT, frames, nullptr);
    describe_tensor(changed.get());
    return changed;
  }
  const std::string text = gst_structure_get_string(structure, "dimensions");
  int inner = 0;
  int outer = 0;
  int used = 0;
  std::sscanf(text.c_str(), "%d:%d%n", &inner, &outer, &used);
  const bool mel_major = layout == Layout::mel_major;
  const std::string dimensions = std::to_string(mel_major ? frames : inner) + ":" +
                                 std::to_string(mel_major ? outer : frames) +
                                 text.substr(static_cast<size_t>(used));
  gst_structure_set(structure, "dimensions", G_TYPE_STRING, dimensions.c_str(), nullptr);
  return changed;
}

std::string explain_mismatch(const GstCaps* have, const GstCaps* wanted) {
  std::string names;
  for (guint w = 0; w < gst_caps_get_size(wanted); ++w) {
    const GstStructure* theirs = gst_caps_get_structure(wanted, w);
    const char* name = gst_structure_get_name(theirs);
    for (guint h = 0; h < gst_caps_get_size(have); ++h) {
      const GstStructure* ours = gst_caps_get_structure(have, h);
      if (!gst_structure_has_name(ours, name)) continue;
      std::string differing = to_text(conflicts(ours, theirs));
      if (!differing.empty()) return differing;
    }
    if (names.find(name) == std::string::npos)
      names += (names.empty() ? "" : ", ") + std::string(name);
  }
  const bool tensors = names.find(kTensorMediaType) != std::string::npos;
  return "the next element takes " + (names.empty() ? "nothing" : names) +
         " and npumelspec makes " + kMelMediaType +
         (tensors ? "; tensors are float32 of one size: format=F32LE and frames above 0" : "");
}

}  // namespace npumel
