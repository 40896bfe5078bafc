// SPDX-License-Identifier: LGPL-2.1-or-later
// Refused audio: the text names what to insert, and what was asked for in vain is told once.
#include "gst/npumelspec/negotiation_report.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

CapsPtr caps_of(const char* text) { return CapsPtr(gst_caps_from_string(text)); }

std::string refusal(Preset preset, const char* caps) {
  Settings settings;
  settings.preset = preset;
  return refusal_text(settings, caps_of(caps).get());
}

TEST(RefusalText, NamesTheWayOut) {
  EXPECT_EQ(refusal(Preset::whisper80, "audio/x-raw,format=S16LE,channels=2,rate=44100"),
            "npumelspec takes one channel, not 2: insert audioconvert ! audioresample before it, "
            "or deinterleave for one feature stream a channel");
  EXPECT_EQ(refusal(Preset::whisper80, "audio/x-raw,format=S16LE,channels=1,rate=44100"),
            "preset=whisper80 is defined for 16000 Hz, not for 44100 Hz: insert audioconvert ! "
            "audioresample before it, or use preset=custom");
  const char* other =
      "npumelspec takes mono S16LE or F32LE audio of 4 to 192 kHz: insert audioconvert ! "
      "audioresample before it";
  EXPECT_EQ(refusal(Preset::whisper80, "audio/x-raw,format=S24LE,channels=1,rate=16000"), other);
  EXPECT_EQ(refusal(Preset::librosa, "audio/x-raw,format=S16LE,channels=1,rate=384000"), other);
  EXPECT_EQ(refusal(Preset::whisper80, "video/x-raw"), other);
}

TEST(NegotiationReport, TellsWhatWasAskedForInVainOnce) {
  NegotiationReport report;
  EXPECT_EQ(report.take_refused(), nullptr);
  const CapsPtr stereo = caps_of("audio/x-raw,channels=2");
  report.note_answer(stereo.get(), GST_CAPS_NONE);
  const CapsPtr refused = report.take_refused();
  ASSERT_TRUE(refused);
  EXPECT_TRUE(gst_caps_is_equal(refused.get(), stereo.get()));
  EXPECT_EQ(report.take_refused(), nullptr);
}

TEST(NegotiationReport, AnAnswerClearsIt) {
  NegotiationReport report;
  const CapsPtr stereo = caps_of("audio/x-raw,channels=2");
  report.note_answer(stereo.get(), GST_CAPS_NONE);
  report.note_answer(stereo.get(), stereo.get());
  EXPECT_EQ(report.take_refused(), nullptr);
  report.note_answer(stereo.get(), GST_CAPS_NONE);
  report.note_answer(GST_CAPS_NONE, GST_CAPS_NONE);  // nothing was asked for
  EXPECT_EQ(report.take_refused(), nullptr);
  report.note_answer(stereo.get(), GST_CAPS_NONE);
  report.clear();
  EXPECT_EQ(report.take_refused(), nullptr);
}

}  // namespace
}  // namespace npumel
