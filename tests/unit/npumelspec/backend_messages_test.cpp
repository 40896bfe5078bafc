// SPDX-License-Identifier: LGPL-2.1-or-later
// Notices of the backend become messages, warnings come when they are due, properties are notified.
#include "gst/npumelspec/backend_messages.h"

#include <gtest/gtest.h>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

/// An element with the property that is notified.
struct WithActiveBackend {
  GstBin parent;
};
struct WithActiveBackendClass {
  GstBinClass parent;
};
G_DEFINE_TYPE(WithActiveBackend, with_active_backend, GST_TYPE_BIN)
void with_active_backend_class_init(WithActiveBackendClass* klass) {
  G_OBJECT_CLASS(klass)->get_property = [](GObject*, guint, GValue* value, GParamSpec*) {
    g_value_set_string(value, "");
  };
  g_object_class_install_property(
      G_OBJECT_CLASS(klass), 1,
      g_param_spec_string("active-backend", nullptr, nullptr, nullptr,
                          static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}
void with_active_backend_init(WithActiveBackend*) {}

class BackendMessagesTest : public testing::Test {
 protected:
  BackendMessagesTest() {
    gst_element_set_bus(element_, bus_);
    g_signal_connect(element_, "notify::active-backend",
                     G_CALLBACK(+[](GObject*, GParamSpec*, int* count) { ++*count; }), &notified_);
  }
  ~BackendMessagesTest() override {
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(element_);
  }

  int count(GstMessageType type) {
    int found = 0;
    while (const MessagePtr message{gst_bus_pop_filtered(bus_, type)}) ++found;
    return found;
  }

  GstElement* element_ =
      GST_ELEMENT(gst_object_ref_sink(g_object_new(with_active_backend_get_type(), nullptr)));
  GstBus* bus_ = gst_bus_new();
  int notified_ = 0;
  BackendMessages messages_{element_};
};

TEST_F(BackendMessagesTest, ANoticeIsAMessageWithAllOfIt) {
  EXPECT_FALSE(messages_.post({{"software", "npu", "time-out", 7, 5'000'000'000, false}}));
  const MessagePtr message(gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT));
  ASSERT_TRUE(message);
  const GstStructure* fields = gst_message_get_structure(message.get());
  EXPECT_STREQ(gst_structure_get_name(fields), "npumelspec-backend");
  EXPECT_STREQ(gst_structure_get_string(fields, "backend"), "software");
  EXPECT_STREQ(gst_structure_get_string(fields, "previous"), "npu");
  EXPECT_STREQ(gst_structure_get_string(fields, "reason"), "time-out");
  guint64 batch = 0;
  gint64 retry_in = 0;
  EXPECT_TRUE(gst_structure_get_uint64(fields, "batch", &batch));
  EXPECT_TRUE(gst_structure_get_int64(fields, "retry-in", &retry_in));
  EXPECT_EQ(batch, 7U);
  EXPECT_EQ(retry_in, 5'000'000'000);
  EXPECT_EQ(count(GST_MESSAGE_WARNING), 0);
}

TEST_F(BackendMessagesTest, AWarningComesWhereTheNoticeSaysSo) {
  EXPECT_TRUE(messages_.post({{"software", "npu", "lost", 1, 1, true}, {"npu", "", "back", 2, 0}}));
  EXPECT_EQ(count(GST_MESSAGE_WARNING), 1);
  messages_.post({{"software", "npu", "lost", 1, 1, true}, {"npu", "", "back", 2, 0}});
  EXPECT_EQ(count(GST_MESSAGE_ELEMENT), 2);
}

TEST_F(BackendMessagesTest, AChangeOfTheBackendIsNotified) {
  for (const char* active : {"software", "software", "npu", "software", "software"})
    messages_.notify_active(active);
  EXPECT_EQ(notified_, 3);
}

TEST_F(BackendMessagesTest, SamplesThatAreNoNumbersAreWarnedOfOnceAStart) {
  for (int start = 0; start < 2; ++start) {
    messages_.restart();
    messages_.warn_of_nonfinite(0);
    EXPECT_EQ(count(GST_MESSAGE_WARNING), 0);
    messages_.warn_of_nonfinite(1);
    messages_.warn_of_nonfinite(2);
    EXPECT_EQ(count(GST_MESSAGE_WARNING), 1);
  }
}

}  // namespace
}  // namespace npumel
