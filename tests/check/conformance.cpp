// SPDX-License-Identifier: LGPL-2.1-or-later
// What every GStreamer element has to stand, for each element of the plugin: all orders of states,
// every value of every property in every state, templates and caps as text.
#include <algorithm>
#include <map>

#include "tests/check/support.h"

using namespace npumel::check;

namespace {

constexpr GstState kStates[] = {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED,
                                GST_STATE_PLAYING};

std::vector<std::string> factories() {
  std::vector<std::string> names;
  GList* features = gst_registry_get_feature_list_by_plugin(gst_registry_get(), "npumelspec");
  for (GList* one = features; one != nullptr; one = one->next)
    if (GST_IS_ELEMENT_FACTORY(one->data))
      names.emplace_back(gst_plugin_feature_get_name(GST_PLUGIN_FEATURE(one->data)));
  gst_plugin_feature_list_free(features);
  return names;
}

Owned<GstElement> make(const std::string& name) {
  Owned<GstElement> element(gst_element_factory_make(name.c_str(), nullptr));
  fail_unless(element != nullptr, "%s", name.c_str());
  gst_object_ref_sink(element.get());
  return element;
}

/// Values to try: both ends and the middle of what the property allows, and texts that mean
/// nothing.
std::vector<std::string> values_for(GParamSpec* spec) {
  if (G_IS_PARAM_SPEC_ENUM(spec)) {
    std::vector<std::string> nicks;
    const GEnumClass* klass = G_PARAM_SPEC_ENUM(spec)->enum_class;
    for (guint i = 0; i < klass->n_values; ++i) nicks.emplace_back(klass->values[i].value_nick);
    return nicks;
  }
  if (G_IS_PARAM_SPEC_BOOLEAN(spec)) return {"true", "false"};
  if (G_IS_PARAM_SPEC_STRING(spec)) return {"", "nonsense", "0000:99:99.9", ":::/nowhere:"};
  const auto texts = [](auto low, auto high, auto standard) {
    return std::vector<std::string>{std::to_string(low), std::to_string(high),
                                    std::to_string(standard)};
  };
  if (G_IS_PARAM_SPEC_INT(spec)) {
    const GParamSpecInt* p = G_PARAM_SPEC_INT(spec);
    return texts(p->minimum, p->maximum, p->default_value);
  }
  if (G_IS_PARAM_SPEC_UINT(spec)) {
    const GParamSpecUInt* p = G_PARAM_SPEC_UINT(spec);
    return texts(p->minimum, p->maximum, p->default_value);
  }
  if (G_IS_PARAM_SPEC_UINT64(spec)) {
    const GParamSpecUInt64* p = G_PARAM_SPEC_UINT64(spec);
    return texts(p->minimum, p->maximum, p->default_value);
  }
  if (G_IS_PARAM_SPEC_DOUBLE(spec)) {
    const GParamSpecDouble* p = G_PARAM_SPEC_DOUBLE(spec);
    return texts(p->minimum, p->maximum, p->default_value);
  }
  return {};
}

void for_each_property(GstElement* element, const std::function<void(GParamSpec*)>& body) {
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  for (guint i = 0; i < count; ++i)
    if (specs[i]->owner_type != GST_TYPE_OBJECT) body(specs[i]);
  g_free(specs);
}

void assert_same_caps(const GstCaps* caps, const char* what) {
  const Owned<gchar> text(gst_caps_to_string(caps));
  const Caps again(gst_caps_from_string(text.get()));
  fail_unless(again && gst_caps_is_equal(caps, again.get()), "%s: %s", what, text.get());
}

}  // namespace

CHECK_TEST(the_plugin_has_the_elements_that_are_tested) {
  const std::vector<std::string> names = factories();
  for (const char* name : {"npumelspec", "melspecscope", "npyenc"})
    fail_unless(std::find(names.begin(), names.end(), name) != names.end(), "%s", name);
}

CHECK_TEST(every_element_goes_through_all_orders_of_states) {
  for (const std::string& name : factories()) {
    const Owned<GstElement> element = make(name);
    for (const GstState first : kStates)
      for (const GstState second : kStates)
        for (const GstState third : kStates)
          for (const GstState state : {first, second, third}) {
            fail_unless(gst_element_set_state(element.get(), state) != GST_STATE_CHANGE_FAILURE,
                        "%s", name.c_str());
            GstState now = GST_STATE_NULL;
            fail_unless(gst_element_get_state(element.get(), &now, nullptr, GST_SECOND) !=
                        GST_STATE_CHANGE_FAILURE);
          }
    gst_element_set_state(element.get(), GST_STATE_NULL);
    // One reference is left: nothing that ran holds another.
    ASSERT_EQUAL(G_OBJECT(element.get())->ref_count, 1);
  }
}

SLOW_CHECK_TEST(every_property_can_be_read_and_set_in_every_state) {
  for (const std::string& name : factories()) {
    for (const GstState state : kStates) {
      const Owned<GstElement> element = make(name);
      gst_element_set_state(element.get(), state);
      for_each_property(element.get(), [&](GParamSpec* spec) {
        GValue before = G_VALUE_INIT;
        g_value_init(&before, spec->value_type);
        if (spec->flags & G_PARAM_READABLE)
          g_object_get_property(G_OBJECT(element.get()), spec->name, &before);
        if (spec->flags & G_PARAM_WRITABLE) {
          for (const std::string& value : values_for(spec)) {
            gst_util_set_object_arg(G_OBJECT(element.get()), spec->name, value.c_str());
            GValue after = G_VALUE_INIT;
            g_value_init(&after, spec->value_type);
            g_object_get_property(G_OBJECT(element.get()), spec->name, &after);
            g_value_unset(&after);
          }
          // Back to what it was, which reads the same.
          g_object_set_property(G_OBJECT(element.get()), spec->name, &before);
          GValue after = G_VALUE_INIT;
          g_value_init(&after, spec->value_type);
          g_object_get_property(G_OBJECT(element.get()), spec->name, &after);
          ASSERT_EQUAL(g_param_values_cmp(spec, &before, &after), 0);
          g_value_unset(&after);
        }
        g_value_unset(&before);
      });
      gst_element_set_state(element.get(), GST_STATE_NULL);
    }
  }
}

SLOW_CHECK_TEST(properties_at_their_ends_start_and_stop) {
  // Each end of each property on an element that then goes through its states: it may refuse to
  // start, and does not fall.
  for (const std::string& name : factories()) {
    std::map<std::string, std::vector<std::string>> values;
    for_each_property(make(name).get(), [&](GParamSpec* spec) {
      if (spec->flags & G_PARAM_WRITABLE) values[spec->name] = values_for(spec);
    });
    for (const auto& [property, texts] : values) {
      for (const std::string& text : texts) {
        const Owned<GstElement> element = make(name);
        gst_util_set_object_arg(G_OBJECT(element.get()), property.c_str(), text.c_str());
        gst_element_set_state(element.get(), GST_STATE_PLAYING);
        gst_element_set_state(element.get(), GST_STATE_NULL);
      }
    }
  }
}

CHECK_TEST(templates_and_caps_survive_as_text) {
  for (const std::string& name : factories()) {
    const Owned<GstElementFactory> factory(gst_element_factory_find(name.c_str()));
    for (const GList* one = gst_element_factory_get_static_pad_templates(factory.get());
         one != nullptr; one = one->next) {
      auto* pad_template = static_cast<GstStaticPadTemplate*>(one->data);
      const Caps caps(gst_static_pad_template_get_caps(pad_template));
      fail_if(gst_caps_is_empty(caps.get()) || gst_caps_is_any(caps.get()), "%s", name.c_str());
      assert_same_caps(caps.get(), name.c_str());
    }
    const Owned<GstElement> element = make(name);
    for (const GstState state : kStates) {
      gst_element_set_state(element.get(), state);
      for (const char* pad_name : {"sink", "src"}) {
        const Owned<GstPad> pad(gst_element_get_static_pad(element.get(), pad_name));
        fail_unless(pad != nullptr);
        const Caps caps(gst_pad_query_caps(pad.get(), nullptr));
        const Caps allowed(gst_pad_get_pad_template_caps(pad.get()));
        fail_if(gst_caps_is_empty(caps.get()), "%s %s", name.c_str(), pad_name);
        assert_same_caps(caps.get(), name.c_str());
        // A template cannot spell what GStreamer 1.28 adds; everything else is a part of it.
        fail_unless(gst_caps_can_intersect(caps.get(), allowed.get()));
      }
    }
    gst_element_set_state(element.get(), GST_STATE_NULL);
  }
}
