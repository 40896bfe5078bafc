// SPDX-License-Identifier: LGPL-2.1-or-later
// MelInfo to and from caps, and how two of them differ.
#include "gst/common/mel_info.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/mel/recipe_fields.h"

namespace npumel {
namespace {

constexpr const char* kNone = "(none)";

const char* name_of(ElementType type) { return type == ElementType::f16 ? "F16LE" : "F32LE"; }
const char* name_of(Layout layout) {
  return layout == Layout::mel_major ? "mel-major" : "frame-major";
}

/// Sets `value` to the one of two values whose name a field holds.
template <typename E>
bool read_name(const GstStructure* structure, const char* field, E first, E second, E& value) {
  const char* name = gst_structure_get_string(structure, field);
  for (const E candidate : {first, second}) {
    if (g_strcmp0(name, name_of(candidate)) != 0) continue;
    value = candidate;
    return true;
  }
  return false;
}

/// Fields that MelInfo has a member for.
bool is_member(std::string_view field) {
  constexpr std::string_view kMembers[] = {"format", "layout", "channels", "mels",
                                           "frames", "rate",   "framerate"};
  return std::find(std::begin(kMembers), std::end(kMembers), field) != std::end(kMembers);
}

void read_definition(const GstStructure* structure, MelInfo::Fields& definition) {
  for (gint i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* field = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    const GValue* value = gst_structure_get_value(structure, field);
    if (is_member(field)) continue;
    if (G_VALUE_HOLDS_INT(value)) {
      definition.emplace(field, g_value_get_int(value));
    } else if (G_VALUE_HOLDS_STRING(value)) {
      const char* text = g_value_get_string(value);
      definition.emplace(field, std::string(text != nullptr ? text : ""));
    }
  }
}

std::string text_of(const MelInfo::Value& value) {
  if (const int* number = std::get_if<int>(&value)) return std::to_string(*number);
  return std::get<std::string>(value);
}

std::string text_of(const GValue* value) {
  if (G_VALUE_HOLDS_STRING(value)) {
    const char* text = g_value_get_string(value);
    return text != nullptr ? text : "";
  }
  const TextPtr text(gst_value_serialize(value));
  return text ? text.get() : "?";
}

/// All fields in the order in which a person wants to read them.
std::vector<std::pair<std::string, std::string>> texts_of(const MelInfo& info) {
  std::vector<std::pair<std::string, std::string>> texts = {
      {"format", name_of(info.type)},
      {"layout", name_of(info.layout)},
      {"mels", std::to_string(info.mels)},
      {"frames", std::to_string(info.frames)},
      {"rate", std::to_string(info.rate)},
      {"channels", std::to_string(info.channels)},
      {"framerate", std::to_string(info.buffers_n) + "/" + std::to_string(info.buffers_d)}};
  for (const auto& [field, value] : info.definition) texts.emplace_back(field, text_of(value));
  return texts;
}

}  // namespace

std::string to_text(const std::vector<FieldDifference>& differences) {
  std::string text;
  for (const FieldDifference& one : differences)
    text +=
        (text.empty() ? "" : "; ") + one.field + ": wanted " + one.wanted + ", have " + one.have;
  return text;
}

std::vector<FieldDifference> conflicts(const GstStructure* have, const GstStructure* wanted) {
  std::vector<FieldDifference> found;
  for (gint i = 0; i < gst_structure_n_fields(wanted); ++i) {
    const char* field = gst_structure_nth_field_name(wanted, static_cast<guint>(i));
    const GValue* theirs = gst_structure_get_value(wanted, field);
    const GValue* ours = gst_structure_get_value(have, field);
    if (ours == nullptr || gst_value_intersect(nullptr, theirs, ours) != FALSE) continue;
    found.push_back({field, text_of(theirs), text_of(ours)});
  }
  return found;
}

std::optional<MelInfo> MelInfo::from_caps(const GstCaps* caps) {
  if (caps == nullptr || gst_caps_is_fixed(caps) == FALSE) return std::nullopt;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  MelInfo info;
  if (gst_structure_has_name(structure, kMelMediaType) == FALSE ||
      !read_name(structure, "format", ElementType::f32, ElementType::f16, info.type) ||
      !read_name(structure, "layout", Layout::frame_major, Layout::mel_major, info.layout) ||
      gst_structure_get_int(structure, "mels", &info.mels) == FALSE || info.mels < 1 ||
      gst_structure_get_int(structure, "frames", &info.frames) == FALSE || info.frames < 0)
    return std::nullopt;
  gst_structure_get_int(structure, "rate", &info.rate);
  gst_structure_get_int(structure, "channels", &info.channels);
  gst_structure_get_fraction(structure, "framerate", &info.buffers_n, &info.buffers_d);
  read_definition(structure, info.definition);
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
    if (!field.has(field_in_caps) || is_member(field.name)) continue;
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
  CapsPtr caps(gst_caps_new_simple(kMelMediaType, "format", G_TYPE_STRING, name_of(type), "layout",
                                   G_TYPE_STRING, name_of(layout), "mels", G_TYPE_INT, mels,
                                   "frames", G_TYPE_INT, frames, "channels", G_TYPE_INT, channels,
                                   "framerate", GST_TYPE_FRACTION, buffers_n, buffers_d, nullptr));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  if (rate > 0) gst_structure_set(structure, "rate", G_TYPE_INT, rate, nullptr);
  for (const auto& [field, value] : definition) {
    if (const int* number = std::get_if<int>(&value))
      gst_structure_set(structure, field.c_str(), G_TYPE_INT, *number, nullptr);
    else
      gst_structure_set(structure, field.c_str(), G_TYPE_STRING,
                        std::get<std::string>(value).c_str(), nullptr);
  }
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
  const auto ours = texts_of(*this);
  const auto theirs = texts_of(wanted);
  const auto find = [](const auto& texts, const std::string& field) {
    return std::find_if(texts.begin(), texts.end(),
                        [&](const auto& t) { return t.first == field; });
  };
  std::vector<FieldDifference> found;
  for (const auto& [field, text] : theirs) {
    const auto mine = find(ours, field);
    if (mine == ours.end())
      found.push_back({field, text, kNone});
    else if (mine->second != text)
      found.push_back({field, text, mine->second});
  }
  for (const auto& [field, text] : ours)
    if (find(theirs, field) == theirs.end()) found.push_back({field, kNone, text});
  std::stable_partition(found.begin(), found.end(),
                        [](const FieldDifference& one) { return one.field != "recipe-id"; });
  return found;
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
