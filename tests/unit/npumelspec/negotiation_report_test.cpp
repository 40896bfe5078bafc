// SPDX-License-Identifier: LGPL-2.1-or-later
// Refused caps: the text names what to insert or which field differs, and is posted once.
#include "gst/npumelspec/negotiation_report.h"

#include <gtest/gtest.h>

#include <vector>

#include "gst/common/element_error.h"

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

class NegotiationReportTest : public testing::Test {
 protected:
  NegotiationReportTest() { gst_element_set_bus(element_, bus_); }
  ~NegotiationReportTest() override {
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(element_);
  }

  /// Texts of all messages of a type since the last call.
  std::vector<std::string> posted(GstMessageType type) {
    std::vector<std::string> texts;
    while (const MessagePtr message{gst_bus_pop_filtered(bus_, type)}) {
      GError* error = nullptr;
      if (type == GST_MESSAGE_ERROR)
        gst_message_parse_error(message.get(), &error, nullptr);
      else
        gst_message_parse_warning(message.get(), &error, nullptr);
      texts.emplace_back(error->message);
      g_error_free(error);
    }
    return texts;
  }
  std::vector<std::string> errors() { return posted(GST_MESSAGE_ERROR); }

 private:
  GstElement* element_ = GST_ELEMENT(gst_object_ref_sink(gst_bin_new("bin")));
  GstBus* bus_ = gst_bus_new();

 protected:
  GstElement* element() { return element_; }
  NegotiationReport report_{element_};
};

using Texts = std::vector<std::string>;

TEST_F(NegotiationReportTest, AnEmptyAnswerIsPostedOnce) {
  const Settings settings;
  report_.post_empty_answer(settings);
  EXPECT_EQ(errors(), Texts());
  const CapsPtr stereo = caps_of("audio/x-raw,channels=2");
  report_.note_caps_query(stereo.get(), GST_CAPS_NONE);
  report_.post_empty_answer(settings);
  EXPECT_EQ(errors(), Texts{refusal_text(settings, stereo.get())});
  reset_errors(element());
  report_.post_empty_answer(settings);
  EXPECT_EQ(errors(), Texts());
}

TEST_F(NegotiationReportTest, AnAnswerClearsIt) {
  const Settings settings;
  const CapsPtr stereo = caps_of("audio/x-raw,channels=2");
  report_.note_caps_query(stereo.get(), GST_CAPS_NONE);
  report_.note_caps_query(stereo.get(), stereo.get());
  report_.post_empty_answer(settings);
  report_.note_caps_query(stereo.get(), GST_CAPS_NONE);
  report_.note_caps_query(GST_CAPS_NONE, GST_CAPS_NONE);  // nothing was asked for
  report_.post_empty_answer(settings);
  report_.note_caps_query(stereo.get(), GST_CAPS_NONE);
  report_.clear();
  report_.post_empty_answer(settings);
  EXPECT_EQ(errors(), Texts());
}

TEST_F(NegotiationReportTest, TheSameRefusalIsPostedOnce) {
  const CapsPtr stereo = caps_of("audio/x-raw,channels=2");
  for (int i = 0; i < 3; ++i) report_.post_refusal({}, stereo.get());
  report_.post_missing_caps();  // follows from it
  EXPECT_EQ(errors().size(), 1U);
}

TEST_F(NegotiationReportTest, AMismatchNamesTheField) {
  const CapsPtr offered = caps_of("audio/x-mel-spectrogram,mels=80,log=log10");
  const CapsPtr wanted = caps_of("audio/x-mel-spectrogram,mels=80,log=ln");
  report_.post_mismatch(offered.get(), wanted.get());
  EXPECT_EQ(errors(), Texts{"The next element does not take these features: log: wanted ln, have "
                            "log10"});
}

TEST_F(NegotiationReportTest, EmptyFiltersOfACustomRecipeAreWarnedOfOnceAStart) {
  RecipeOverrides overrides;
  overrides.mels = 300;
  const Recipe custom = resolve(Preset::whisper80, overrides, 16000);
  for (int start = 0; start < 2; ++start) {
    report_.clear();
    for (int i = 0; i < 3; ++i) report_.warn_of_empty_filters(custom);
    const Texts warnings = posted(GST_MESSAGE_WARNING);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("of 300 mels"), std::string::npos) << warnings[0];
  }
  report_.clear();
  report_.warn_of_empty_filters(resolve(Preset::kaldi80, {}, 16000));
  report_.warn_of_empty_filters(resolve(Preset::nemo128, {}, 16000));
  EXPECT_EQ(posted(GST_MESSAGE_WARNING), Texts());
}

}  // namespace
}  // namespace npumel
