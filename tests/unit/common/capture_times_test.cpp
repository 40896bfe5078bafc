// SPDX-License-Identifier: LGPL-2.1-or-later
// Capture times of the input reach the output at the right sample, for each clock.
#include "gst/common/capture_times.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace npumel {
namespace {

constexpr GstClockTime kBase = 7 * GST_SECOND;

class CaptureTimesTest : public testing::Test {
 protected:
  CaptureTimesTest() {
    timeline_.configure(16000);
    timeline_.start(kBase);
  }

  /// An input buffer whose first sample was captured at `time` by `clock`.
  void note(const char* clock, GstClockTime time, int64_t position) {
    const BufferPtr buffer(gst_buffer_new());
    const CapsPtr caps(gst_caps_new_empty_simple(clock));
    gst_buffer_add_reference_timestamp_meta(buffer.get(), caps.get(), time, GST_CLOCK_TIME_NONE);
    captures_.note(buffer.get(), position);
  }

  /// What an output buffer at `position` says, by clock.
  std::map<std::string, GstClockTime> at(int64_t position) {
    const BufferPtr buffer(gst_buffer_new());
    captures_.attach(buffer.get(), position, timeline_);
    std::map<std::string, GstClockTime> times;
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
               buffer.get(), &state, GST_REFERENCE_TIMESTAMP_META_API_TYPE)) {
      const auto* reference = reinterpret_cast<const GstReferenceTimestampMeta*>(meta);
      times[gst_structure_get_name(gst_caps_get_structure(reference->reference, 0))] =
          reference->timestamp;
    }
    return times;
  }

  using Times = std::map<std::string, GstClockTime>;
  Timeline timeline_;
  CaptureTimes captures_;
};

TEST_F(CaptureTimesTest, AreCountedFromTheLatestKnownOne) {
  EXPECT_EQ(at(0), Times());
  note("timestamp/x-ntp", 1000, 0);
  note("timestamp/x-ntp", 500 * GST_MSECOND, 1600);
  EXPECT_EQ(at(160), (Times{{"timestamp/x-ntp", 1000 + 10 * GST_MSECOND}}));
  EXPECT_EQ(at(1600), (Times{{"timestamp/x-ntp", 500 * GST_MSECOND}}));
  EXPECT_EQ(at(3200), (Times{{"timestamp/x-ntp", 600 * GST_MSECOND}}));
}

TEST_F(CaptureTimesTest, OfEveryClock) {
  note("timestamp/x-ntp", 1000, 0);
  note("timestamp/x-unix", 9000, 0);
  EXPECT_EQ(at(16), (Times{{"timestamp/x-ntp", 1001000}, {"timestamp/x-unix", 1009000}}));
}

TEST_F(CaptureTimesTest, OfLaterSamplesDoNotCount) {
  note("timestamp/x-ntp", 1000, 1600);
  EXPECT_EQ(at(0), Times());
  EXPECT_EQ(at(1600), (Times{{"timestamp/x-ntp", 1000}}));
}

TEST_F(CaptureTimesTest, OfHeldAudioFollow) {
  note("timestamp/x-ntp", 1000, 0);
  CaptureTimes all;
  all.append(captures_, 1600);
  EXPECT_EQ(at(0), Times());
  std::swap(all, captures_);
  EXPECT_EQ(at(1599), Times());
  EXPECT_EQ(at(1616), (Times{{"timestamp/x-ntp", 1001000}}));
}

TEST_F(CaptureTimesTest, AreForgottenWithTheStream) {
  note("timestamp/x-ntp", 1000, 0);
  captures_.clear();
  EXPECT_EQ(at(0), Times());
}

}  // namespace
}  // namespace npumel
