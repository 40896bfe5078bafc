// SPDX-License-Identifier: LGPL-2.1-or-later
// Pad templates of meltransform, and caps made of recipes and rows.
#include "gst/meltransform/transform_caps.h"

#include <optional>
#include <stdexcept>
#include <string>

#include "gst/common/feature_info.h"

namespace npumel {
namespace {

GstStaticPadTemplate rows_in_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("audio/x-mel-spectrogram, "
                                            "format = (string) { F32LE, F16LE }, "
                                            "layout = (string) { frame-major, mel-major }, "
                                            "mels = (int) [ 1, 1048576 ], "
                                            "frames = (int) [ 0, 1000000 ]; "
                                            "audio/x-speech-features, "
                                            "format = (string) { F32LE, F16LE }, "
                                            "layout = (string) { frame-major, mel-major }, "
                                            "dims = (int) [ 1, 1048576 ], "
                                            "frames = (int) [ 0, 1000000 ]"));

GstStaticPadTemplate rows_out_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("audio/x-speech-features, "
                                            "format = (string) { F32LE, F16LE }, "
                                            "layout = (string) { frame-major, mel-major }, "
                                            "dims = (int) [ 1, 1048576 ], "
                                            "frames = (int) [ 0, 1000000 ]; "
                                            "other/tensors, "
                                            "format = (string) static, "
                                            "num_tensors = (int) 1, "
                                            "types = (string) float32, "
                                            "framerate = (fraction) [ 0/1, 2147483647/1 ]"));

/// The rows that one structure of sink caps stands for: fixed but for format and layout. Nothing
/// when more is open.
std::optional<Source> source_in(const GstStructure* structure) {
  const CapsPtr caps(gst_caps_new_full(gst_structure_copy(structure), nullptr));
  GstStructure* one = gst_caps_get_structure(caps.get(), 0);
  for (const char* field : {"format", "layout"}) gst_structure_fixate_field(one, field);
  auto info = RowInfo::from_caps(caps.get());
  if (!info) return std::nullopt;
  return Source(std::move(*info));
}

/// Powers do not fit into float16.
bool fits_half(const FeatureInfo& features) {
  const auto log = features.more.find("log");
  return log == features.more.end() || log->second != FieldValue("none") ||
         features.kind.find("pcen") != std::string::npos;
}

CapsPtr caps_of(const TransformRecipe& recipe, const Source& source) {
  const FeatureInfo features = features_of(recipe, source);
  CapsPtr caps = features.to_caps();
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  if (fits_half(features))
    set_strings(structure, "format", {"F32LE", "F16LE"});
  else
    set_strings(structure, "format", {"F32LE"});
  set_strings(structure, "layout", {"frame-major", "mel-major"});
  if (features.frames > 0)
    gst_caps_append(caps.get(), tensor_offer({}, features.dims, features.frames, features.buffers_n,
                                             features.buffers_d)
                                    .release());
  return caps;
}

}  // namespace

GstStaticPadTemplate* transform_sink_template() { return &rows_in_template; }
GstStaticPadTemplate* transform_source_template() { return &rows_out_template; }

CapsPtr transform_sink_caps(const GstCaps* source) {
  CapsPtr caps(gst_caps_new_empty());
  const CapsPtr any(gst_static_pad_template_get_caps(&rows_in_template));
  for (guint i = 0; i < gst_caps_get_size(source); ++i) {
    CapsPtr one(gst_caps_copy(any.get()));
    const GValue* rate = gst_structure_get_value(gst_caps_get_structure(source, i), "rate");
    if (rate != nullptr) gst_caps_set_value(one.get(), "rate", rate);
    caps.reset(gst_caps_merge(caps.release(), one.release()));
  }
  return caps;
}

CapsPtr transform_source_caps(const TransformRecipe& recipe, const GstCaps* sink) {
  CapsPtr caps(gst_caps_new_empty());
  for (guint i = 0; i < gst_caps_get_size(sink); ++i) {
    CapsPtr one;
    try {
      const auto source = source_in(gst_caps_get_structure(sink, i));
      if (source) one = caps_of(recipe, *source);
    } catch (const std::invalid_argument&) {
      // The template below lets negotiation reach set_caps, which posts the reason.
    }
    if (!one) one.reset(gst_static_pad_template_get_caps(&rows_out_template));
    caps.reset(gst_caps_merge(caps.release(), one.release()));
  }
  return caps;
}

RowFormat format_of(const GstCaps* caps, int dims) {
  if (const auto info = FeatureInfo::from_caps(caps)) return {info->layout, info->type};
  return {layout_of_tensor({}, dims, gst_caps_get_structure(caps, 0)), ElementType::f32};
}

}  // namespace npumel
