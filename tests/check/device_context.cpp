// SPDX-License-Identifier: LGPL-2.1-or-later
// The GstContext that names the NPU, as far as it can be seen without one; what is then opened is
// in tests/xrt/npu_context.cpp.
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

constexpr const char* kType = "gst.npu.device";

struct UnrefContext {
  void operator()(GstContext* context) const { gst_context_unref(context); }
};
using Context = std::unique_ptr<GstContext, UnrefContext>;

/// A context of our type with these fields, as in caps: "device=(string)1".
Context context_with(const std::string& fields) {
  Context context(gst_context_new(kType, TRUE));
  if (fields.empty()) return context;
  const Owned<GstStructure> parsed(gst_structure_from_string(("x," + fields).c_str(), nullptr));
  const GValue* value = gst_structure_get_value(parsed.get(), "device");
  gst_structure_set_value(gst_context_writable_structure(context.get()), "device", value);
  return context;
}

struct StopAndUnref {
  void operator()(GstElement* element) const {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
  }
};

std::unique_ptr<GstElement, StopAndUnref> make_element(const char* line) {
  GError* error = nullptr;
  GstElement* element = gst_parse_launch(line, &error);
  fail_unless(element && !error);
  return std::unique_ptr<GstElement, StopAndUnref>(GST_ELEMENT(gst_object_ref_sink(element)));
}

/// The device that the answer to a CONTEXT query on the pad names; "none" without an answer.
std::string answer(GstElement* element, const char* pad_name, const char* type = kType) {
  const Owned<GstPad> pad(gst_element_get_static_pad(element, pad_name));
  const Owned<GstQuery> query(gst_query_new_context(type));
  if (!gst_pad_query(pad.get(), query.get())) return "none";
  GstContext* context = nullptr;
  gst_query_parse_context(query.get(), &context);
  fail_unless(context != nullptr, "an answer without a context");
  const char* device = gst_structure_get_string(gst_context_get_structure(context), "device");
  return device ? device : "no device";
}

/// How many of the messages of a type concern our contexts; drops all others.
int context_messages(BusWatch& bus, GstMessageType type) {
  int found = 0;
  while (const Message message = bus.pop(type)) {
    const gchar* wanted = nullptr;
    if (gst_message_parse_context_type(message.get(), &wanted) && std::string(wanted) == kType)
      ++found;
  }
  return found;
}

void start_and_stop(GstElement* element) {
  ASSERT_EQUAL(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  ASSERT_EQUAL(gst_element_set_state(element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
}

/// Messages of the element's log category that are warnings.
std::vector<std::string>& warnings() {
  static std::vector<std::string> lines;
  return lines;
}

void note_warning(GstDebugCategory* category, GstDebugLevel level, const gchar*, const gchar*, gint,
                  GObject*, GstDebugMessage* message, gpointer) {
  if (level == GST_LEVEL_WARNING &&
      std::string(gst_debug_category_get_name(category)) == "npumelspec")
    warnings().emplace_back(gst_debug_message_get(message));
}

}  // namespace

CHECK_TEST(a_context_set_before_ready_is_what_both_pads_answer) {
  const auto element = make_element("npumelspec");
  fail_unless(answer(element.get(), "src") == "none");
  gst_element_set_context(element.get(), context_with("device=(string)\"0000:c5:00.1\"").get());
  for (const char* pad : {"sink", "src"})
    fail_unless(answer(element.get(), pad) == "0000:c5:00.1", "%s: %s", pad,
                answer(element.get(), pad).c_str());
  fail_unless(answer(element.get(), "src", "gst.cuda.context") == "none");
}

CHECK_TEST(who_was_not_told_asks_once_a_start) {
  const auto element = make_element("npumelspec");
  BusWatch bus(element.get());
  start_and_stop(element.get());
  ASSERT_EQUAL(context_messages(bus, GST_MESSAGE_NEED_CONTEXT), 1);
  start_and_stop(element.get());
  ASSERT_EQUAL(context_messages(bus, GST_MESSAGE_NEED_CONTEXT), 1);
}

CHECK_TEST(who_was_told_does_not_ask) {
  for (const char* line : {"npumelspec device=0", "npumelspec backend=software"}) {
    const auto element = make_element(line);
    BusWatch bus(element.get());
    start_and_stop(element.get());
    fail_unless(context_messages(bus, GST_MESSAGE_NEED_CONTEXT) == 0, "%s asks", line);
  }
  const auto element = make_element("npumelspec");
  gst_element_set_context(element.get(), context_with("device=(string)0").get());
  BusWatch bus(element.get());
  start_and_stop(element.get());
  ASSERT_EQUAL(context_messages(bus, GST_MESSAGE_NEED_CONTEXT), 0);
  fail_unless(answer(element.get(), "src") == "0");
}

CHECK_TEST(an_application_answers_when_it_is_asked) {
  const auto pipeline = make_element("audiotestsrc ! npumelspec name=mel ! fakesink");
  const Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_bus_set_sync_handler(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer) {
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_NEED_CONTEXT)
          gst_element_set_context(GST_ELEMENT(GST_MESSAGE_SRC(message)),
                                  context_with("device=(string)3").get());
        return GST_BUS_PASS;
      },
      nullptr, nullptr);
  fail_unless(gst_element_set_state(pipeline.get(), GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
  fail_unless(answer(mel.get(), "src") == "3", "%s", answer(mel.get(), "src").c_str());
}

CHECK_TEST(a_pipelines_context_reaches_an_element_added_later) {
  const auto pipeline = make_element("fakesrc ! fakesink");
  gst_element_set_context(pipeline.get(), context_with("device=(string)2").get());
  GstElement* mel = gst_element_factory_make("npumelspec", nullptr);
  fail_unless(gst_bin_add(GST_BIN(pipeline.get()), mel));
  start_and_stop(mel);
  fail_unless(answer(mel, "sink") == "2", "%s", answer(mel, "sink").c_str());
}

static gboolean answer_five(GstPad* pad, GstObject* parent, GstQuery* query) {
  const gchar* type = nullptr;
  if (GST_QUERY_TYPE(query) != GST_QUERY_CONTEXT || !gst_query_parse_context_type(query, &type) ||
      std::string(type) != kType)
    return gst_pad_query_default(pad, parent, query);
  gst_query_set_context(query, context_with("device=(string)5").get());
  return TRUE;
}

CHECK_TEST(a_neighbours_answer_spares_the_question) {
  Harness harness(gst_harness_new("npumelspec"));
  GstElement* element = harness->element;
  BusWatch bus(element);
  gst_element_set_state(element, GST_STATE_READY);
  gst_pad_set_query_function(harness->sinkpad, answer_five);
  bus.count(GST_MESSAGE_ANY);
  start_and_stop(element);
  ASSERT_EQUAL(context_messages(bus, GST_MESSAGE_NEED_CONTEXT), 0);
  fail_unless(answer(element, "src") == "5", "%s", answer(element, "src").c_str());
}

CHECK_TEST(the_property_wins_over_the_context) {
  const auto element = make_element("npumelspec device=1");
  gst_element_set_context(element.get(), context_with("device=(string)0").get());
  fail_unless(answer(element.get(), "src") == "1", "%s", answer(element.get(), "src").c_str());
  ASSERT_EQUAL(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  fail_unless(answer(element.get(), "sink") == "1");
}

CHECK_TEST(a_malformed_context_is_ignored_and_the_log_says_why) {
  gst_debug_set_active(TRUE);
  gst_debug_set_threshold_for_name("npumelspec", GST_LEVEL_WARNING);
  gst_debug_remove_log_function(gst_debug_log_default);
  gst_debug_add_log_function(note_warning, nullptr, nullptr);
  struct Bad {
    const char* fields;
    const char* says;
  };
  for (const Bad& bad :
       {Bad{"", "no field device"}, Bad{"device=(int)0", "not a string"},
        Bad{"device=(string)\"\"", "neither"}, Bad{"device=(string)-1", "neither"},
        Bad{"device=(string)first", "neither"}, Bad{"device=(string)\"c5:00.1x\"", "neither"},
        Bad{"device=(string)\"0000:c5:00.9\"", "neither"}}) {
    const auto element = make_element("npumelspec");
    warnings().clear();
    gst_element_set_context(element.get(), context_with(bad.fields).get());
    fail_unless(answer(element.get(), "src") == "none", "taken: %s", bad.fields);
    ASSERT_EQUAL(warnings().size(), 1);
    fail_unless(warnings()[0].find(bad.says) != std::string::npos, "%s", warnings()[0].c_str());
  }
  // A good one that was there stays.
  const auto element = make_element("npumelspec");
  gst_element_set_context(element.get(), context_with("device=(string)\"c5:00.1\"").get());
  gst_element_set_context(element.get(), context_with("device=(string)\"?\"").get());
  fail_unless(answer(element.get(), "src") == "c5:00.1");
  gst_debug_remove_log_function(note_warning);
}

CHECK_TEST(a_running_element_keeps_its_device) {
  gst_debug_set_active(TRUE);
  gst_debug_set_threshold_for_name("npumelspec", GST_LEVEL_WARNING);
  gst_debug_remove_log_function(gst_debug_log_default);
  gst_debug_add_log_function(note_warning, nullptr, nullptr);
  warnings().clear();
  const auto element = make_element("npumelspec");
  gst_element_set_context(element.get(), context_with("device=(string)0").get());
  ASSERT_EQUAL(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_context(element.get(), context_with("device=(string)1").get());
  fail_unless(answer(element.get(), "src") == "0", "%s", answer(element.get(), "src").c_str());
  ASSERT_EQUAL(warnings().size(), 1);
  fail_unless(warnings()[0].find("already runs, on 0") != std::string::npos, "%s",
              warnings()[0].c_str());
  ASSERT_EQUAL(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_context(element.get(), context_with("device=(string)1").get());
  fail_unless(answer(element.get(), "src") == "1");
  gst_debug_remove_log_function(note_warning);
}

CHECK_TEST(folders_of_kernel_path_that_do_not_exist_are_warned_of_once) {
  struct {
    const char* backend;
    const char* path;
    const char* says;  ///< null: nothing
  } const cases[] = {{"auto", "/nonexistent", ": /nonexistent |"},
                     {"auto", "/nonexistent:/tmp:/no\nsuch", ": /nonexistent, /no\\x0asuch |"},
                     {"auto", "/tmp", nullptr},
                     {"auto", "", nullptr},
                     {"software", "/nonexistent", nullptr}};
  for (const auto& one : cases) {
    const auto element = make_element("npumelspec");
    BusWatch bus(element.get());
    gst_util_set_object_arg(G_OBJECT(element.get()), "backend", one.backend);
    g_object_set(element.get(), "kernel-path", one.path, nullptr);
    gst_element_set_state(element.get(), GST_STATE_PAUSED);
    const PostedError warning = posted(bus, GST_MESSAGE_WARNING);
    ASSERT_EQUAL(warning.code >= 0, one.says != nullptr);
    if (one.says != nullptr) fail_unless(warning.says(one.says), "%s", warning.text.c_str());
    ASSERT_EQUAL(bus.count(GST_MESSAGE_WARNING), 0);
    gst_element_set_state(element.get(), GST_STATE_NULL);
  }
}
