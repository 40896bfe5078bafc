// SPDX-License-Identifier: LGPL-2.1-or-later
// MelInfo to and from caps, and how two of them differ.
#include "gst/common/mel_info.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/mel/recipe_fields.h"

namespace npumel {
namespace {

/// Fields that MelInfo has a member for.
const std::vector<std::string_view>& mel_members() {
  static const std::vector<std::string_view> names = {"format", "layout", "channels", "mels",
                                                      "frames", "rate",   "framerate"};
  return names;
}

bool is_mel_member(std::string_view field) {
  return std::find(mel_members().begin(), mel_members().end(), field) != mel_members().end();
}

/// All fields in the order in which a person wants to read them.
FieldTexts mel_texts(const MelInfo& info) {
  FieldTexts texts = {
      {"format", caps_name(info.type)},
      {"layout", caps_name(info.layout)},
      {"mels", std::to_string(info.mels)},
      {"frames", std::to_string(info.frames)},
      {"rate", std::to_string(info.rate)},
      {"channels", std::to_string(info.channels)},
      {"framerate", std::to_string(info.buffers_n) + "/" + std::to_string(info.buffers_d)}};
  for (const auto& [field, value] : info.definition) texts.emplace_back(field, text_of(value));
  return texts;
}

}  // namespace

std::optional<MelInfo> MelInfo::from_caps(const GstCaps* caps) {
  if (caps == nullptr || gst_caps_is_fixed(caps) == FALSE) return std::nullopt;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  MelInfo info;
  if (gst_structure_has_name(structure, kMelMediaType) == FALSE ||
      !read_format(structure, info.type) || !read_layout(structure, info.layout) ||
      gst_structure_get_int(structure, "mels", &info.mels) == FALSE || info.mels < 1 ||
      gst_structure_get_int(structure, "frames", &info.frames) == FALSE || info.frames < 0)
    return std::nullopt;
  gst_structure_get_int(structure, "rate", &info.rate);
  gst_structure_get_int(structure, "channels", &info.channels);
  gst_structure_get_fraction(structure, "framerate", &info.buffers_n, &info.buffers_d);
  info.definition = read_fields(structure, mel_members());
  return info;
}

MelInfo MelInfo::from_recipe(const Recipe& recipe, const char* normalize, int frames, int stride) {
  MelInfo info;
  info.mels = recipe.width();
  info.frames = frames;
  info.rate = recipe.rate;
  if (frames > 0) {
    const int divisor = gst_util_greatest_common_divisor(recipe.rate, recipe.hop_length * stride);
    info.buffers_n = recipe.rate / divisor;
    info.buffers_d = recipe.hop_length * stride / divisor;
  }
  info.definition = {
      {"preset", nick(recipe.preset)}, {"recipe-id", recipe_id(recipe)}, {"normalize", normalize}};
  for (const RecipeField& field : recipe_fields()) {
    if (!field.has(field_in_caps) || is_mel_member(field.name)) continue;
    const double value = field.get(recipe);
    if (field.kind == FieldKind::choice)
      info.definition.emplace(field.name, field_text(field, value));
    else
      info.definition.emplace(
          field.name,
          static_cast<int>(std::lround(value * (field.has(field_per_mille) ? 1000 : 1))));
  }
  return info;
}

CapsPtr MelInfo::to_caps() const {
  CapsPtr caps(gst_caps_new_simple(
      kMelMediaType, "format", G_TYPE_STRING, caps_name(type), "layout", G_TYPE_STRING,
      caps_name(layout), "mels", G_TYPE_INT, mels, "frames", G_TYPE_INT, frames, "channels",
      G_TYPE_INT, channels, "framerate", GST_TYPE_FRACTION, buffers_n, buffers_d, nullptr));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  if (rate > 0) gst_structure_set(structure, "rate", G_TYPE_INT, rate, nullptr);
  write_fields(structure, definition);
  return caps;
}

bool MelInfo::same_features(const MelInfo& other) const {
  MelInfo like_this = other;
  like_this.frames = frames;
  like_this.buffers_n = buffers_n;
  like_this.buffers_d = buffers_d;
  return *this == like_this;
}

std::vector<FieldDifference> MelInfo::differs(const MelInfo& wanted) const {
  return differences(mel_texts(*this), mel_texts(wanted), {"recipe-id"});
}

std::optional<int> MelInfo::integer(std::string_view field) const {
  const auto found = definition.find(field);
  if (found == definition.end()) return std::nullopt;
  const int* number = std::get_if<int>(&found->second);
  return number != nullptr ? std::optional<int>(*number) : std::nullopt;
}

std::optional<std::string_view> MelInfo::text(std::string_view field) const {
  const auto found = definition.find(field);
  if (found == definition.end()) return std::nullopt;
  const std::string* text = std::get_if<std::string>(&found->second);
  return text != nullptr ? std::optional<std::string_view>(*text) : std::nullopt;
}

int64_t MelInfo::stride() const {
  const int hop = integer("hop-length").value_or(0);
  if (rate <= 0 || hop <= 0 || buffers_n <= 0) return 0;
  return int64_t{rate} * buffers_d / (int64_t{hop} * buffers_n);
}

}  // namespace npumel
