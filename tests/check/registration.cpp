// SPDX-License-Identifier: LGPL-2.1-or-later
// The element as gst-inspect sees it, and going up and down.
#include "kernels/mel/recipe.h"
#include "tests/check/support.h"

using namespace npumel;
using namespace npumel::check;

namespace {

Owned<GstElement> make() {
  Owned<GstElement> element(gst_element_factory_make("npumelspec", nullptr));
  fail_unless(element != nullptr);
  gst_object_ref_sink(element.get());
  return element;
}

const GParamSpec* property(GstElement* element, const char* name) {
  const GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
  fail_unless(spec != nullptr, "no property %s", name);
  return spec;
}

std::string enum_nick(GstElement* element, const char* name) {
  const GParamSpec* spec = property(element, name);
  fail_unless(G_IS_PARAM_SPEC_ENUM(spec), "%s", name);
  int value = 0;
  g_object_get(element, name, &value, nullptr);
  const GEnumValue* found = g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value);
  return found ? found->value_nick : "";
}

}  // namespace

CHECK_TEST(the_factory_says_what_it_is) {
  const Owned<GstElementFactory> factory(gst_element_factory_find("npumelspec"));
  fail_unless(factory != nullptr);
  ASSERT_EQUAL(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory.get())), GST_RANK_NONE);
  fail_unless_equals_string(
      gst_element_factory_get_metadata(factory.get(), GST_ELEMENT_METADATA_KLASS),
      "Filter/Analyzer/Audio");
  for (const char* key : {GST_ELEMENT_METADATA_LONGNAME, GST_ELEMENT_METADATA_DESCRIPTION,
                          GST_ELEMENT_METADATA_AUTHOR})
    fail_unless(std::strlen(gst_element_factory_get_metadata(factory.get(), key)) > 5);
}

CHECK_TEST(templates_offer_mel_first_and_tensors_second) {
  const Owned<GstElement> element = make();
  const Owned<GstPad> src(gst_element_get_static_pad(element.get(), "src"));
  const Caps out(gst_pad_get_pad_template_caps(src.get()));
  fail_unless(
      gst_structure_has_name(gst_caps_get_structure(out.get(), 0), "audio/x-mel-spectrogram"));
  const guint last = gst_caps_get_size(out.get()) - 1;
  fail_unless(gst_structure_has_name(gst_caps_get_structure(out.get(), last), "other/tensors"));
  const Owned<GstPad> sink(gst_element_get_static_pad(element.get(), "sink"));
  const Caps in(gst_pad_get_pad_template_caps(sink.get()));
  for (const char* format : {"S16LE", "F32LE"}) {
    const Caps audio(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, format, "rate",
                                         G_TYPE_INT, 16000, "channels", G_TYPE_INT, 1, "layout",
                                         G_TYPE_STRING, "interleaved", nullptr));
    fail_unless(gst_caps_is_subset(audio.get(), in.get()), "%s", format);
  }
}

CHECK_TEST(defaults_are_those_of_the_documentation) {
  const Owned<GstElement> element = make();
  const std::pair<const char*, const char*> enums[] = {{"preset", "whisper80"},
                                                       {"normalize", "none"},
                                                       {"eos-mode", "auto"},
                                                       {"layout", "auto"},
                                                       {"format", "auto"},
                                                       {"backend", "auto"},
                                                       {"window", "preset"},
                                                       {"spectrum", "preset"},
                                                       {"mel-scale", "preset"},
                                                       {"mel-norm", "preset"},
                                                       {"padding", "preset"},
                                                       {"log", "preset"},
                                                       {"preemphasis-mode", "preset"},
                                                       {"floor-mode", "preset"},
                                                       {"frame-count", "preset"},
                                                       {"dft", "preset"},
                                                       {"tail-rule", "preset"},
                                                       {"normalize-as", "preset"}};
  for (const auto& [name, nick] : enums)
    fail_unless(enum_nick(element.get(), name) == nick, "%s=%s", name,
                enum_nick(element.get(), name).c_str());
  const std::pair<const char*, guint64> numbers[] = {{"frames", 100},
                                                     {"first-frames", 0},
                                                     {"stride", 0},
                                                     {"tail-silence", 0},
                                                     {"npu-timeout", 2000},
                                                     {"in-flight", 2},
                                                     {"verify-interval", 64},
                                                     {"retry-interval", 5 * GST_SECOND},
                                                     {"max-gap", GST_SECOND},
                                                     {"alignment-threshold", 40 * GST_MSECOND},
                                                     {"discont-wait", GST_SECOND},
                                                     {"processing-latency", 20 * GST_MSECOND},
                                                     {"max-duration", 3600 * GST_SECOND}};
  for (const auto& [name, expected] : numbers) {
    property(element.get(), name);
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_UINT64);
    g_object_get_property(G_OBJECT(element.get()), name, &value);
    fail_unless(g_value_get_uint64(&value) == expected, "%s", name);
    g_value_unset(&value);
  }
  for (const char* name : {"mels", "n-fft", "win-length", "hop-length", "fmin"}) {
    int value = 0;
    property(element.get(), name);
    g_object_get(element.get(), name, &value, nullptr);
    fail_unless(value == -1, "%s=%d", name, value);
  }
  for (const char* name : {"recipe", "active-backend", "stats"})
    fail_if(property(element.get(), name)->flags & G_PARAM_WRITABLE, "%s", name);
  for (const char* name : {"device", "kernel-path", "fmax", "preemphasis", "remove-dc",
                           "input-scale", "log-floor", "fixed-max"})
    property(element.get(), name);
}

CHECK_TEST(only_processing_latency_may_change_while_playing) {
  const Owned<GstElement> element = make();
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  for (guint i = 0; i < count; ++i) {
    const GParamSpec* spec = specs[i];
    if (spec->owner_type != G_OBJECT_TYPE(element.get()) || !(spec->flags & G_PARAM_WRITABLE))
      continue;
    const std::string name = spec->name;
    const bool playing = spec->flags & GST_PARAM_MUTABLE_PLAYING;
    const bool ready = spec->flags & GST_PARAM_MUTABLE_READY;
    const bool any_state = name == "processing-latency" || name == "max-gap" ||
                           name == "alignment-threshold" || name == "discont-wait";
    if (!any_state) fail_if(playing, "%s", name.c_str());
    if (name == "processing-latency") fail_unless(playing);
    fail_unless(playing || ready, "%s says nothing about when it can change", name.c_str());
    fail_unless(std::strlen(g_param_spec_get_blurb(const_cast<GParamSpec*>(spec))) > 10, "%s",
                name.c_str());
  }
  g_free(specs);
}

CHECK_TEST(every_preset_is_a_value_of_the_property) {
  const Owned<GstElement> element = make();
  for (const auto& name : enum_names<Preset>()) {
    gst_util_set_object_arg(G_OBJECT(element.get()), "preset", name.nick);
    fail_unless(enum_nick(element.get(), "preset") == name.nick);
    gchar* text = nullptr;
    g_object_get(element.get(), "recipe", &text, nullptr);
    const int rate = published_rate(name.value);
    if (rate > 0) {
      const std::string expected = canonical_text(resolve(name.value, {}, rate));
      fail_unless(text == expected, "%s: %s", name.nick, text);
    }
    g_free(text);
  }
}

SLOW_CHECK_TEST(states_go_up_and_down_two_hundred_times) {
  const Owned<GstElement> pipeline(gst_parse_launch(
      "audiotestsrc samplesperbuffer=1600 ! npumelspec frames=10 ! fakesink sync=false", nullptr));
  for (int i = 0; i < 200; ++i) {
    fail_unless(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) !=
                GST_STATE_CHANGE_FAILURE);
    fail_unless(gst_element_get_state(pipeline.get(), nullptr, nullptr, 20 * GST_SECOND) ==
                GST_STATE_CHANGE_SUCCESS);
    fail_unless(gst_element_set_state(pipeline.get(), GST_STATE_NULL) == GST_STATE_CHANGE_SUCCESS);
  }
}

CHECK_TEST(an_element_that_was_never_started_can_be_dropped) {
  for (int i = 0; i < 10; ++i) make();
  const Owned<GstElement> element = make();
  fail_unless(gst_element_set_state(element.get(), GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(element.get(), GST_STATE_NULL);
}
