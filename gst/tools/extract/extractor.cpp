// SPDX-License-Identifier: LGPL-2.1-or-later
// The settings of the pipelines, checked once before the first file.
#include "gst/tools/extract/extractor.h"

#include <array>
#include <memory>

#include "gst/tools/extract/pipeline.h"

namespace npumel::extract {
namespace {

constexpr std::array kFixed = {"frames", "first-frames", "stride"};

GParamSpec* find_property(GstElement* element, const std::string& name) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name.c_str());
  if (spec == nullptr) throw std::invalid_argument("npumelspec has no property " + name);
  if ((spec->flags & G_PARAM_WRITABLE) == 0)
    throw std::invalid_argument("npumelspec's property " + name + " cannot be set");
  for (const char* fixed : kFixed)
    if (name == fixed)
      throw std::invalid_argument(name + " cannot be set: an array holds a whole file (frames=0)");
  return spec;
}

}  // namespace

void set_property(GstElement* element, const std::string& name, const std::string& text) {
  GParamSpec* spec = find_property(element, name);
  if (text.empty() && G_PARAM_SPEC_VALUE_TYPE(spec) != G_TYPE_STRING)
    throw std::invalid_argument(name + "= is without a value");
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
  const bool parsed = gst_value_deserialize_with_pspec(&value, text.c_str(), spec);
  const bool changed = parsed && g_param_value_validate(spec, &value);
  if (parsed && !changed) g_object_set_property(G_OBJECT(element), name.c_str(), &value);
  g_value_unset(&value);
  if (!parsed)
    throw std::invalid_argument("npumelspec's property " + name + " cannot be " + text +
                                " (gst-inspect-1.0 npumelspec lists its values)");
  if (changed)
    throw std::invalid_argument("npumelspec's property " + name + ": " + text +
                                " is out of range (gst-inspect-1.0 npumelspec)");
}

Extractor::Extractor(Properties properties, unsigned idle_limit)
    : properties_(std::move(properties)), idle_limit_(idle_limit) {
  std::string text;
  for (const auto& [name, value] : properties_)
    text.append(name).append(1, '=').append(value).append(1, '\n');
  const std::unique_ptr<gchar, decltype(&g_free)> digits(
      g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.c_str(), -1), g_free);
  settings_id_.assign(digits.get(), 16);
  try {
    Pipeline(properties_).run_on_silence();
  } catch (const InputError& error) {
    throw std::invalid_argument(error.what());
  }
}

Features Extractor::extract(const Input& input, const std::atomic<bool>& stop) const {
  return Pipeline(properties_).run(input, decoders_, idle_limit_, stop);
}

}  // namespace npumel::extract
