// SPDX-License-Identifier: LGPL-2.1-or-later
// FeatureInfo to and from caps, and how two of them differ.
#include "gst/common/feature_info.h"

#include <string_view>

namespace npumel {
namespace {

/// Fields that FeatureInfo has a member for.
const std::vector<std::string_view>& feature_members() {
  static const std::vector<std::string_view> names = {
      "format", "layout",     "dims",      "kind",      "frames",
      "rate",   "hop-length", "framerate", "recipe-id", "transform-id"};
  return names;
}

std::string text_field(const GstStructure* structure, const char* field) {
  const char* text = gst_structure_get_string(structure, field);
  return text != nullptr ? text : "";
}

FieldTexts feature_texts(const FeatureInfo& info) {
  FieldTexts texts = {
      {"format", caps_name(info.type)},
      {"layout", caps_name(info.layout)},
      {"kind", info.kind},
      {"dims", std::to_string(info.dims)},
      {"frames", std::to_string(info.frames)},
      {"rate", std::to_string(info.rate)},
      {"hop-length", std::to_string(info.hop_length)},
      {"framerate", std::to_string(info.buffers_n) + "/" + std::to_string(info.buffers_d)}};
  for (const auto& [field, value] : info.more) texts.emplace_back(field, text_of(value));
  texts.emplace_back("transform-id", info.transform_id);
  texts.emplace_back("recipe-id", info.recipe_id);
  return texts;
}

}  // namespace

std::optional<FeatureInfo> FeatureInfo::from_caps(const GstCaps* caps) {
  if (caps == nullptr || gst_caps_is_fixed(caps) == FALSE) return std::nullopt;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  FeatureInfo info;
  if (gst_structure_has_name(structure, kFeatureMediaType) == FALSE ||
      !read_format(structure, info.type) || !read_layout(structure, info.layout) ||
      gst_structure_get_int(structure, "dims", &info.dims) == FALSE || info.dims < 1 ||
      gst_structure_get_int(structure, "frames", &info.frames) == FALSE || info.frames < 0)
    return std::nullopt;
  gst_structure_get_int(structure, "rate", &info.rate);
  gst_structure_get_int(structure, "hop-length", &info.hop_length);
  gst_structure_get_fraction(structure, "framerate", &info.buffers_n, &info.buffers_d);
  info.kind = text_field(structure, "kind");
  info.recipe_id = text_field(structure, "recipe-id");
  info.transform_id = text_field(structure, "transform-id");
  info.more = read_fields(structure, feature_members());
  return info;
}

CapsPtr FeatureInfo::to_caps() const {
  CapsPtr caps(gst_caps_new_simple(kFeatureMediaType, "format", G_TYPE_STRING, caps_name(type),
                                   "layout", G_TYPE_STRING, caps_name(layout), "dims", G_TYPE_INT,
                                   dims, "frames", G_TYPE_INT, frames, "framerate",
                                   GST_TYPE_FRACTION, buffers_n, buffers_d, nullptr));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  const auto set_number = [&](const char* field, int value) {
    if (value > 0) gst_structure_set(structure, field, G_TYPE_INT, value, nullptr);
  };
  const auto set_text = [&](const char* field, const std::string& text) {
    if (!text.empty()) gst_structure_set(structure, field, G_TYPE_STRING, text.c_str(), nullptr);
  };
  set_text("kind", kind);
  set_number("rate", rate);
  set_number("hop-length", hop_length);
  set_text("recipe-id", recipe_id);
  set_text("transform-id", transform_id);
  write_fields(structure, more);
  return caps;
}

bool FeatureInfo::same_features(const FeatureInfo& other) const {
  FeatureInfo like_this = other;
  like_this.frames = frames;
  like_this.buffers_n = buffers_n;
  like_this.buffers_d = buffers_d;
  return *this == like_this;
}

std::vector<FieldDifference> FeatureInfo::differs(const FeatureInfo& wanted) const {
  return differences(feature_texts(*this), feature_texts(wanted), {"recipe-id", "transform-id"});
}

bool FeatureInfo::rows_of_mels() const {
  std::string_view rest = kind;
  bool first = true;
  while (true) {
    const std::string_view step = rest.substr(0, rest.find('+'));
    const bool keeps = first ? step == "mel" : step == "pcen" || step == "cmvn";
    if (!keeps) return false;
    if (step.size() == rest.size()) return true;
    rest.remove_prefix(step.size() + 1);
    first = false;
  }
}

int64_t FeatureInfo::stride() const {
  if (rate <= 0 || hop_length <= 0 || buffers_n <= 0) return 0;
  return int64_t{rate} * buffers_d / (int64_t{hop_length} * buffers_n);
}

}  // namespace npumel
