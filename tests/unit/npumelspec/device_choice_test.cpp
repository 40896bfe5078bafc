// SPDX-License-Identifier: LGPL-2.1-or-later
// What names an NPU, and which one a running element keeps.
#include "gst/npumelspec/device_choice.h"

#include <gtest/gtest.h>

#include "gst/npumelspec/device_context.h"

namespace npumel {
namespace {

TEST(DeviceName, IsAnIndexOrAPciAddress) {
  for (const char* name : {"0", "9999", "c5:00.1", "0000:c5:00.1", "1:2:3.7", "ABCD:eF:0a.0"})
    EXPECT_TRUE(is_device_name(name)) << name;
  for (const char* name : {"",
                           "10000",
                           "-1",
                           " 0",
                           "0 ",
                           "a",
                           "c5:00",
                           "c5:00.8",
                           "c5:00.10",
                           "c5.1",
                           ":00.1",
                           "c5:.1",
                           "c50:00.1",
                           "c5:000.1",
                           "00000:c5:00.1",
                           ":c5:00.1",
                           "0:0:0:0.1",
                           "0000:c5:00.",
                           ".1",
                           "g5:00.1",
                           "0000:c5:00.1\n",
                           "\xc3\xa9:00.1"})
    EXPECT_FALSE(is_device_name(name)) << name;
}

TEST(DeviceChoice, ARunningElementKeepsItsNpu) {
  DeviceChoice choice;
  EXPECT_EQ(choice.refusal("1"), "");
  choice.choose("0", false);
  EXPECT_EQ(choice.refusal("0"), "");
  EXPECT_EQ(choice.refusal("1"), "the element already runs, on 0");
  EXPECT_TRUE(choice.opened("0000:c5:00.1"));
  EXPECT_EQ(choice.refusal("0"), "");
  EXPECT_EQ(choice.refusal("0000:c5:00.1"), "");
  EXPECT_EQ(choice.refusal("1"), "the element already runs, on 0000:c5:00.1");
  choice.forget();
  EXPECT_EQ(choice.refusal("1"), "");
  EXPECT_EQ(choice.state().opened, "");
}

TEST(DeviceChoice, TheFirstNpuHasNoName) {
  DeviceChoice choice;
  choice.choose("", true);
  EXPECT_TRUE(choice.state().own_choice);
  EXPECT_EQ(choice.refusal("0"), "the element already runs, on the first NPU, if any");
}

TEST(DeviceChoice, AnOpenedNpuIsNewsOnce) {
  DeviceChoice choice;
  choice.choose("", true);
  EXPECT_FALSE(choice.opened(""));
  EXPECT_TRUE(choice.opened("0000:c5:00.1"));
  EXPECT_FALSE(choice.opened("0000:c5:00.1"));
  EXPECT_TRUE(choice.opened("0000:c6:00.1"));
  choice.choose("", true);
  EXPECT_TRUE(choice.opened("0000:c6:00.1"));
}

TEST(DeviceContext, IsReadBackOrSaysWhatIsWrong) {
  const ContextPtr made = make_device_context("0000:c5:00.1", "RyzenAI-npu1", true);
  EXPECT_TRUE(gst_context_is_persistent(made.get()));
  EXPECT_EQ(read_device_context(made.get()).device, "0000:c5:00.1");
  EXPECT_EQ(read_device_context(made.get()).problem, "");
  EXPECT_STREQ(gst_structure_get_string(gst_context_get_structure(made.get()), "name"),
               "RyzenAI-npu1");

  const ContextPtr wrong = make_device_context("first", "", false);
  EXPECT_EQ(read_device_context(wrong.get()).problem,
            "device=\"first\" is neither an index nor a PCI address");
  const ContextPtr empty(gst_context_new(kDeviceContextType, FALSE));
  EXPECT_EQ(read_device_context(empty.get()).problem, "it has no field device");
  gst_structure_set(gst_context_writable_structure(empty.get()), "device", G_TYPE_INT, 0, nullptr);
  EXPECT_EQ(read_device_context(empty.get()).problem, "its field device is not a string");
}

}  // namespace
}  // namespace npumel
