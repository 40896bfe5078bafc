// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio that is taken, audio that is refused, recipes that cannot be: and what is said then.
#include <glib/gstdio.h>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

/// Runs a whole launch line until EOS or an error; the error, if any.
PostedError launch(const std::string& line) {
  GError* parse_error = nullptr;
  const Owned<GstElement> pipeline(gst_parse_launch(line.c_str(), &parse_error));
  fail_unless(pipeline && !parse_error, "%s", parse_error ? parse_error->message : "");
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const Message message(
      gst_bus_timed_pop_filtered(bus.get(), 20 * GST_SECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  fail_unless(message != nullptr, "neither EOS nor an error: %s", line.c_str());
  PostedError result;
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return result;
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message.get(), &error, &debug);
  result = {error->domain, error->code, std::string(error->message) + " | " + (debug ? debug : "")};
  g_error_free(error);
  g_free(debug);
  return result;
}

}  // namespace

CHECK_TEST(both_sample_formats_are_taken) {
  for (const char* format : {"S16LE", "F32LE"}) {
    const std::string caps = std::string("audio/x-raw,rate=16000,format=") + format;
    MelStream stream("", caps.c_str());
    ASSERT_EQUAL(stream.push(std::vector<float>(16000), 0), GST_FLOW_OK);
  }
}

CHECK_TEST(other_audio_is_not_taken) {
  for (const char* caps :
       {"audio/x-raw,format=S16LE,rate=44100", "audio/x-raw,format=S16LE,rate=8000",
        "audio/x-raw,format=S16LE,rate=16000,channels=2",
        "audio/x-raw,format=S16LE,rate=16000,layout=non-interleaved",
        "audio/x-raw,format=S16BE,rate=16000"}) {
    MelStream stream("", caps);
    fail_unless(stream.push(audio(1600), 0) == GST_FLOW_NOT_NEGOTIATED, "%s", caps);
    fail_unless(stream.buffers().empty());
  }
}

CHECK_TEST(the_error_for_the_wrong_rate_says_what_to_insert) {
  MelStream stream("", "audio/x-raw,format=S16LE,rate=44100");
  stream.push(audio(1600), 0);
  const PostedError error = stream.error();
  fail_unless(error.says("audioresample"), "%s", error.text.c_str());
}

CHECK_TEST(the_error_for_stereo_says_what_to_insert) {
  MelStream stream("", "audio/x-raw,format=S16LE,rate=16000,channels=2");
  stream.push(audio(1600), 0);
  const PostedError error = stream.error();
  fail_unless(error.says("audioconvert"), "%s", error.text.c_str());
}

CHECK_TEST(a_source_that_has_only_the_wrong_rate_ends_with_the_reason) {
  const Owned<GstElement> pipeline(
      gst_parse_launch("audiotestsrc num-buffers=3 ! audio/x-raw,rate=44100 ! "
                       "npumelspec name=mel ! fakesink",
                       nullptr));
  const Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  std::string reason;
  while (reason.empty()) {
    const Message message(
        gst_bus_timed_pop_filtered(bus.get(), 20 * GST_SECOND, GST_MESSAGE_ERROR));
    fail_unless(message != nullptr, "no error of npumelspec");
    if (GST_MESSAGE_SRC(message.get()) != GST_OBJECT_CAST(mel.get())) continue;
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    reason = error->message;
    g_error_free(error);
  }
  fail_unless(reason.find("44100") != std::string::npos &&
                  reason.find("audioresample") != std::string::npos,
              "%s", reason.c_str());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

CHECK_TEST(an_end_before_any_caps_is_no_error_when_nothing_was_refused) {
  MelStream stream = MelStream::idle("");
  stream.event(gst_event_new_stream_start("s"));
  fail_unless(stream.eos());
  ASSERT_EQUAL(stream.error().code, -1);
}

CHECK_TEST(empty_filters_are_warned_of_once_and_only_where_somebody_made_them_up) {
  struct {
    const char* properties;
    int warnings;
  } const cases[] = {{"mels=300", 1}, {"preset=custom", 0}, {"preset=kaldi80", 0}, {"", 0}};
  for (const auto& expected : cases) {
    MelStream stream(expected.properties);
    stream.push(audio(16000), 0);
    stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
    stream.push(as_float(audio(16000)), GST_SECOND);
    const PostedError warning = posted(stream.bus(), GST_MESSAGE_WARNING);
    ASSERT_EQUAL(warning.code >= 0, expected.warnings > 0);
    if (expected.warnings > 0) fail_unless(warning.says("of 300 mels"), "%s", warning.text.c_str());
    ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), 0);
    // Once a start.
    gst_element_set_state(stream.element(), GST_STATE_NULL);
    gst_element_set_state(stream.element(), GST_STATE_PLAYING);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), expected.warnings);
  }
}

CHECK_TEST(converters_find_the_right_audio_by_themselves) {
  for (const char* source :
       {"rate=44100,channels=2", "rate=16000,channels=1", "rate=48000,channels=6"}) {
    const std::string line = std::string("audiotestsrc num-buffers=50 ! audio/x-raw,") + source +
                             " ! audioconvert ! audioresample ! npumelspec ! fakesink";
    const PostedError error = launch(line);
    fail_unless(error.code < 0, "%s", error.text.c_str());
  }
}

CHECK_TEST(clap_takes_48000_hz_only) {
  fail_unless(launch("audiotestsrc num-buffers=20 ! audio/x-raw,rate=48000 ! npumelspec "
                     "preset=clap64 ! fakesink")
                  .code < 0);
  MelStream stream("preset=clap64", "audio/x-raw,format=S16LE,rate=16000");
  ASSERT_EQUAL(stream.push(audio(1600), 0), GST_FLOW_NOT_NEGOTIATED);
}

CHECK_TEST(impossible_recipes_are_refused_with_the_reason) {
  struct {
    const char* properties;
    const char* words;
  } const cases[] = {
      {"fmin=9000", "fmin"},  {"fmin=4000 fmax=3000", "fmin"},  {"fmax=9000", "fmax"},
      {"n-fft=256", "n-fft"}, {"win-length=600", "win-length"}, {"frames=100 stride=101", "stride"},
  };
  for (const auto& expected : cases) {
    MelStream stream(expected.properties);
    fail_unless(stream.push(audio(16000), 0) < GST_FLOW_OK, "%s", expected.properties);
    const PostedError error = stream.error();
    fail_unless(error.code >= 0 && error.says(expected.words), "%s: %s", expected.properties,
                error.text.c_str());
    fail_unless(stream.buffers().empty());
  }
}

CHECK_TEST(a_setting_that_cannot_work_is_told_once) {
  for (const char* properties :
       {"frames=10 stride=20", "fmax=9000", "mels=0", "preset=kaldi80 normalize=running",
        "preset=kaldi80 normalize=buffer", "preset=librosa normalize=buffer",
        "format=F16LE log=none", "normalize=fixed preset=nemo80", "format=F16LE ! other/tensors",
        "frames=0 ! other/tensors", "! audio/x-mel-spectrogram,mels=40"}) {
    const Owned<GstElement> pipeline(gst_parse_launch(
        (std::string("audiotestsrc num-buffers=20 ! audioconvert ! audioresample ! npumelspec "
                     "name=mel ") +
         properties + " ! fakesink")
            .c_str(),
        nullptr));
    const Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
    const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    // Until the source gives up, and after.
    int told = 0;
    bool ended = false;
    while (!ended) {
      const Message message(
          gst_bus_timed_pop_filtered(bus.get(), 60 * GST_SECOND, GST_MESSAGE_ERROR));
      fail_unless(message != nullptr);
      ended = GST_MESSAGE_SRC(message.get()) != GST_OBJECT(mel.get());
      told += !ended;
    }
    // READY ends the streaming thread and keeps the messages.
    gst_element_set_state(pipeline.get(), GST_STATE_READY);
    while (const Message message{gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR)})
      told += GST_MESSAGE_SRC(message.get()) == GST_OBJECT(mel.get());
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    ASSERT_EQUAL(told, 1);
  }
}

CHECK_TEST(a_refused_recipe_can_be_mended_in_ready) {
  MelStream stream("fmin=9000");
  stream.push(audio(1600), 0);
  fail_unless(stream.error().code >= 0);
  gst_element_set_state(stream.element(), GST_STATE_READY);
  g_object_set(stream.element(), "fmin", 20, nullptr);
  gst_element_set_state(stream.element(), GST_STATE_PLAYING);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  ASSERT_EQUAL(stream.push(audio(32000), 0), GST_FLOW_OK);
  fail_unless(!stream.buffers().empty());
}

CHECK_TEST(properties_may_be_set_in_any_order) {
  MelStream preset_last("mels=40 preset=kaldi80 fmin=50");
  MelStream preset_first("preset=kaldi80 fmin=50 mels=40");
  gchar *one = nullptr, *two = nullptr;
  g_object_get(preset_last.element(), "recipe", &one, nullptr);
  g_object_get(preset_first.element(), "recipe", &two, nullptr);
  fail_unless(std::strcmp(one, two) == 0, "%s and %s", one, two);
  fail_unless(std::string(one).find("mels=40") != std::string::npos);
  g_free(one);
  g_free(two);
}

CHECK_TEST(a_file_of_any_format_goes_through_to_an_array) {
  gchar* folder = g_dir_make_tmp("npumelspec-XXXXXX", nullptr);
  const std::string wav = std::string(folder) + "/a.wav", npy = std::string(folder) + "/a.npy";
  fail_unless(launch("audiotestsrc num-buffers=50 ! audio/x-raw,rate=22050,channels=2 ! wavenc ! "
                     "filesink location=" +
                     wav)
                  .code < 0);
  fail_unless(launch("filesrc location=" + wav +
                     " ! wavparse ! audioconvert ! audioresample ! npumelspec frames=0 "
                     "normalize=buffer ! npyenc ! filesink location=" +
                     npy)
                  .code < 0);
  gchar* bytes = nullptr;
  gsize size = 0;
  fail_unless(g_file_get_contents(npy.c_str(), &bytes, &size, nullptr));
  const auto frames = (50 * 1024 * 16000 + 22049) / 22050 / 160;
  fail_unless(size >= 128 + 80UL * 4 * static_cast<gsize>(frames - 1) &&
              size <= 128 + 80UL * 4 * static_cast<gsize>(frames + 1));
  g_free(bytes);
  g_remove(wav.c_str());
  g_remove(npy.c_str());
  g_rmdir(folder);
  g_free(folder);
}
