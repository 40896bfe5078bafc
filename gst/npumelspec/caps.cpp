// SPDX-License-Identifier: LGPL-2.1-or-later
// Pad templates of npumelspec, and caps made from settings and settings from caps.
#include "gst/npumelspec/caps.h"

#include <gst/audio/audio.h>

#include <optional>
#include <stdexcept>

#include "gst/common/mel_info.h"

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

Layouts layouts_of(const Settings& settings) {
  return {.frame_major = settings.layout != LayoutChoice::mel_major,
          .mel_major = settings.layout != LayoutChoice::frame_major};
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

CapsPtr source_caps_at(const Settings& settings, int rate) {
  const Recipe recipe = resolve_recipe(settings, rate);
  const Shape shape = resolve_shape(settings);
  CapsPtr caps = mel_caps(settings, recipe, shape);
  if (!shape.whole() && settings.format != FormatChoice::f16)
    gst_caps_append(caps.get(), tensor_offer(layouts_of(settings), recipe.width(), shape.frames,
                                             recipe.rate, recipe.hop_length * shape.stride)
                                    .release());
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
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  OutputFormat format;
  if (gst_structure_has_name(structure, kTensorMediaType))
    format.layout = layout_of_tensor(layouts_of(settings), recipe.width(), structure);
  return format;
}

}  // namespace npumel
