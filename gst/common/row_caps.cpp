// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps of source pads that send rows.
#include "gst/common/row_caps.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "gst/common/caps_fields.h"
#include "gst/common/tensor.h"

namespace npumel {
namespace {

void append_text(GValue* list, const std::string& text) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  g_value_set_string(&value, text.c_str());
  gst_value_list_append_and_take_value(list, &value);
}

/// The shapes among the spellings that tensor_offer() makes: "80:100 or 100:80".
std::string offered_dimensions(const GstStructure* tensors) {
  const GValue* spellings = gst_structure_get_value(tensors, "dimensions");
  if (!GST_VALUE_HOLDS_LIST(spellings)) return gst_structure_get_string(tensors, "dimensions");
  std::string text;
  for (guint i = 0; i < gst_value_list_get_size(spellings); ++i) {
    const std::string spelling = g_value_get_string(gst_value_list_get_value(spellings, i));
    if (std::count(spelling.begin(), spelling.end(), ':') != 1) continue;
    text += (text.empty() ? "" : " or ") + spelling;
  }
  return text;
}

}  // namespace

void set_strings(GstStructure* structure, const char* field,
                 const std::vector<std::string>& values) {
  if (values.size() == 1) {
    gst_structure_set(structure, field, G_TYPE_STRING, values.front().c_str(), nullptr);
    return;
  }
  GValue list = G_VALUE_INIT;
  gst_value_list_init(&list, static_cast<guint>(values.size()));
  for (const std::string& text : values) append_text(&list, text);
  gst_structure_take_value(structure, field, &list);
}

/// Dimensions are text, innermost first, and core compares them as text: every spelling of the same
/// shape that tensor elements use is offered, with 1s filling up the rank.
CapsPtr tensor_offer(Layouts layouts, int width, int frames, int buffers_n, int buffers_d) {
  CapsPtr caps(gst_caps_new_simple(kTensorMediaType, "format", G_TYPE_STRING, "static",
                                   "num_tensors", G_TYPE_INT, 1, "types", G_TYPE_STRING, "float32",
                                   "framerate", GST_TYPE_FRACTION, buffers_n, buffers_d, nullptr));
  // Not into a GValue at once, which would leak when memory runs out.
  std::vector<std::string> spellings;
  const auto add = [&](int inner, int outer) {
    for (const int rank : {3, 2, 4, 8, 16}) {
      std::string text = std::to_string(inner) + ":" + std::to_string(outer);
      for (int i = 2; i < rank; ++i) text += ":1";
      spellings.push_back(std::move(text));
    }
  };
  if (layouts.frame_major) add(width, frames);
  if (layouts.mel_major && !(layouts.frame_major && width == frames)) add(frames, width);
  set_strings(gst_caps_get_structure(caps.get(), 0), "dimensions", spellings);
  return caps;
}

Layout layout_of_tensor(Layouts layouts, int width, const GstStructure* structure) {
  const char* dimensions = gst_structure_get_string(structure, "dimensions");
  int inner = 0;
  if (dimensions != nullptr) std::sscanf(dimensions, "%d", &inner);
  const bool mel_major = layouts.mel_major && (!layouts.frame_major || inner != width);
  return mel_major ? Layout::mel_major : Layout::frame_major;
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

std::string explain_mismatch(const GstCaps* have, const GstCaps* wanted, const char* maker,
                             const char* makes) {
  std::string names;
  for (guint w = 0; w < gst_caps_get_size(wanted); ++w) {
    const GstStructure* theirs = gst_caps_get_structure(wanted, w);
    const char* name = gst_structure_get_name(theirs);
    for (guint h = 0; h < gst_caps_get_size(have); ++h) {
      const GstStructure* ours = gst_caps_get_structure(have, h);
      if (!gst_structure_has_name(ours, name)) continue;
      std::vector<FieldDifference> differing = conflicts(ours, theirs);
      for (FieldDifference& one : differing)
        if (one.field == "dimensions") one.have = offered_dimensions(ours);
      if (!differing.empty()) return to_text(differing);
    }
    if (names.find(name) == std::string::npos)
      names += (names.empty() ? "" : ", ") + std::string(name);
  }
  const bool tensors = names.find(kTensorMediaType) != std::string::npos;
  return "the next element takes " + (names.empty() ? "nothing" : names) + " and " + maker +
         " makes " + makes +
         (tensors ? "; tensors are float32 of one size: format=F32LE and frames above 0" : "");
}

}  // namespace npumel
