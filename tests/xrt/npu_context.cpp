// SPDX-License-Identifier: LGPL-2.1-or-later
// The GstContext gst.npu.device with an NPU behind it: elements use the device that it names, share
// one hardware context however they were told, and say which device they use.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr const char* kType = "gst.npu.device";
constexpr const char* kAddress = "0000:c5:00.1";  // with-npu.sh

struct StopAndUnref {
  void operator()(GstElement* element) const {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
  }
};
struct UnrefContext {
  void operator()(GstContext* context) const { gst_context_unref(context); }
};
using Context = std::unique_ptr<GstContext, UnrefContext>;

Context context_for(const char* device) {
  Context context(gst_context_new(kType, TRUE));
  gst_structure_set(gst_context_writable_structure(context.get()), "device", G_TYPE_STRING, device,
                    nullptr);
  return context;
}

/// An application's pipeline of two streams that are kept open: EOS comes, nobody stops.
class Pipeline {
 public:
  explicit Pipeline(const std::string& properties = "") {
    std::string line;
    for (const char* name : {"a", "b"})
      line += std::string(
                  "audiotestsrc wave=pink-noise num-buffers=20 samplesperbuffer=1600 ! "
                  "audio/x-raw,format=S16LE,rate=16000,channels=1 ! npumelspec name=") +
              name + " backend=npu " + properties + kernel_path("v2-80") +
              " ! fakesink sync=false ";
    GError* error = nullptr;
    pipeline_.reset(gst_parse_launch(line.c_str(), &error));
    fail_unless(pipeline_ && !error);
    gst_object_ref_sink(pipeline_.get());
    bus_.reset(gst_element_get_bus(pipeline_.get()));
  }

  GstElement* get() const { return pipeline_.get(); }

  /// Runs to the end of the stream. Empty, or the error.
  check::PostedError run() {
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    check::PostedError result;
    while (true) {
      const check::Message message(gst_bus_timed_pop(bus_.get(), GST_CLOCK_TIME_NONE));
      const GstMessageType type = GST_MESSAGE_TYPE(message.get());
      if (type == GST_MESSAGE_EOS) return result;
      if (type == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gst_message_parse_error(message.get(), &error, nullptr);
        result = {error->domain, error->code, error->message};
        g_error_free(error);
        return result;
      }
      if (type == GST_MESSAGE_HAVE_CONTEXT) {
        GstContext* context = nullptr;
        gst_message_parse_have_context(message.get(), &context);
        have.emplace_back(context);
      }
    }
  }

  /// What an application reads from one of the two elements.
  std::string field(const char* element, const char* name) const {
    const check::Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline_.get()), element));
    const Context context(gst_element_get_context(mel.get(), kType));
    if (!context) return "no context";
    const char* text = gst_structure_get_string(gst_context_get_structure(context.get()), name);
    return text ? text : "no field";
  }

  std::vector<Context> have;  ///< contexts of HAVE_CONTEXT messages

 private:
  std::unique_ptr<GstElement, StopAndUnref> pipeline_;
  check::Owned<GstBus> bus_;
};

void assert_runs(Pipeline& pipeline) {
  const check::PostedError error = pipeline.run();
  fail_unless(error.code < 0, "%s", error.text.c_str());
  for (const char* element : {"a", "b"}) {
    fail_unless(pipeline.field(element, "device") == kAddress, "%s uses %s", element,
                pipeline.field(element, "device").c_str());
    fail_unless(pipeline.field(element, "name") == "RyzenAI-npu1");
  }
}

CHECK_TEST(pipelines_share_one_hardware_context_however_they_were_told) {
  const emu::Counters before = Emulation::counters();
  Pipeline by_index, by_address, untold, by_property("device=0");
  gst_element_set_context(by_index.get(), context_for("0").get());
  gst_element_set_context(by_address.get(), context_for(kAddress).get());
  for (Pipeline* pipeline : {&by_index, &by_address, &untold, &by_property}) assert_runs(*pipeline);
  // 8 streams are open now.
  const emu::Counters after = Emulation::counters();
  ASSERT_EQUAL(after.contexts_created - before.contexts_created, 1);
  ASSERT_EQUAL(after.contexts_alive - before.contexts_alive, 1);
  ASSERT_EQUAL(after.violations, 0);
}

CHECK_TEST(only_who_chose_by_itself_tells_the_others) {
  Pipeline told, untold;
  gst_element_set_context(told.get(), context_for("0").get());
  assert_runs(told);
  ASSERT_EQUAL(told.have.size(), 0);
  assert_runs(untold);
  fail_unless(!untold.have.empty(), "nobody said which NPU is used");
  for (const Context& context : untold.have) {
    const GstStructure* fields = gst_context_get_structure(context.get());
    fail_unless(gst_context_has_context_type(context.get(), kType));
    ASSERT_EQUAL(g_strcmp0(gst_structure_get_string(fields, "device"), kAddress), 0);
    ASSERT_EQUAL(g_strcmp0(gst_structure_get_string(fields, "name"), "RyzenAI-npu1"), 0);
  }
}

CHECK_TEST(the_device_that_a_context_names_is_the_one_that_is_opened) {
  Pipeline elsewhere;
  gst_element_set_context(elsewhere.get(), context_for("7").get());
  const check::PostedError error = elsewhere.run();
  fail_unless(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND), "%s", error.text.c_str());
  fail_unless(error.says("there is no device 7"), "%s", error.text.c_str());
}

CHECK_TEST(a_device_property_is_not_overruled) {
  Pipeline pipeline("device=0");
  gst_element_set_context(pipeline.get(), context_for("7").get());
  assert_runs(pipeline);
}

}  // namespace
