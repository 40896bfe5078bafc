// SPDX-License-Identifier: LGPL-2.1-or-later
// What an application's bus hears when something fails: one ERROR message with the reason, however
// often the same thing fails again, and the same once more after a new start.
#include <functional>

#include "tests/check/audio.h"
#include "tests/check/closed_memory.h"
#include "tests/check/mel_stream.h"
#include "tests/check/npyenc_support.h"

using namespace npumel::check;

namespace {

/// What a bus heard from a start to the end of the data.
struct Heard {
  std::vector<std::string> ours;  ///< texts of the errors of this plugin's elements
  std::string first_source;       ///< element that posted the first error
  int others_without_flow = 0;    ///< errors of other elements that do not say "my flow returned"
};

bool is_ours(GstObject* source) {
  const gchar* type = G_OBJECT_TYPE_NAME(source);
  return g_str_equal(type, "GstNpuMelSpec") || g_str_equal(type, "GstNpyEnc") ||
         g_str_equal(type, "GstMelSpecScope") || g_str_equal(type, "GstMelTransform");
}

void note(Heard& heard, GstMessage* message) {
  GError* error = nullptr;
  const GstStructure* details = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  gst_message_parse_error_details(message, &details);
  if (heard.first_source.empty()) heard.first_source = GST_MESSAGE_SRC_NAME(message);
  if (is_ours(GST_MESSAGE_SRC(message)))
    heard.ours.emplace_back(error->message);
  else
    heard.others_without_flow +=
        details == nullptr || gst_structure_has_field(details, "flow-return") == FALSE;
  g_error_free(error);
}

/// Plays until the source gives up or the stream ends (`to_the_end`: until that only), then goes to
/// READY, which ends all threads.
Heard play(GstElement* pipeline, bool to_the_end = false) {
  Heard heard;
  const Owned<GstBus> bus(gst_element_get_bus(pipeline));
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  bool ended = false;
  while (!ended) {
    const Message message(gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
    fail_unless(message != nullptr, "neither an error nor the end");
    const bool error = GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR;
    if (error) note(heard, message.get());
    ended = !error || (!to_the_end && !is_ours(GST_MESSAGE_SRC(message.get())));
  }
  gst_element_set_state(pipeline, GST_STATE_READY);
  while (const Message message{gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR)})
    note(heard, message.get());
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return heard;
}

void assert_told_once(const Heard& heard, const char* words, const std::string& situation) {
  std::string all;
  for (const std::string& text : heard.ours) all += "\n  " + text;
  fail_unless(heard.ours.size() == 1, "%s: %zu errors:%s", situation.c_str(), heard.ours.size(),
              all.c_str());
  fail_unless(heard.ours[0].find(words) != std::string::npos, "%s:%s", situation.c_str(),
              all.c_str());
}

/// Errors that wait on a bus: one, with these words.
void assert_one_error(BusWatch& bus, const char* words) {
  const PostedError error = posted(bus);
  fail_unless(error.code >= 0, "no error about: %s", words);
  fail_unless(error.says(words), "%s, not: %s", error.text.c_str(), words);
  const PostedError second = posted(bus);
  fail_unless(second.code < 0, "a second error: %s", second.text.c_str());
}

GstSegment bytes_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  return segment;
}

/// Caps that may be refused, which gst_harness_set_src_caps() does not allow for.
void send_caps(GstHarness* harness, const char* text) {
  const Caps caps(gst_caps_from_string(text));
  gst_harness_push_event(harness, gst_event_new_caps(caps.get()));
}

/// What comes before data: the events that a pad forgets when the element stops.
void begin_stream(GstHarness* harness, const char* caps) {
  gst_harness_push_event(harness, gst_event_new_stream_start("stream"));
  if (caps != nullptr) send_caps(harness, caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(harness, gst_event_new_segment(&segment));
}

constexpr const char* kAudio = "audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved";
constexpr const char* kStereo = "audio/x-raw,format=S16LE,rate=16000,channels=2,layout=interleaved";
constexpr const char* kMelCaps =
    "audio/x-mel-spectrogram,format=F32LE,layout=frame-major,mels=4,frames=10,channels=1,"
    "rate=16000,hop-length=160,normalize=none,framerate=10/1,log=log10";
constexpr const char* kVideo = "video/x-raw,format=RGB,width=32,height=16,framerate=30/1";

GstBuffer* mel_buffer(GstClockTime time) {
  GstBuffer* buffer = buffer_of(std::vector<float>(40, 1));
  GST_BUFFER_PTS(buffer) = time;
  return buffer;
}

}  // namespace

CHECK_TEST(a_pipeline_hears_one_error_and_hears_it_again_after_a_new_start) {
  const TemporaryFile file;
  const std::string to_file = " ! filesink location=" + file.path();
  struct {
    std::string after_source;
    const char* words;
  } const cases[] = {
      {"format=S16LE,rate=16000,channels=2 ! wavenc ! wavparse ! npumelspec name=culprit ! "
       "fakesink",
       "takes one channel, not 2"},
      {"format=S32LE,rate=16000,channels=1 ! wavenc ! wavparse ! npumelspec name=culprit ! "
       "fakesink",
       "takes mono S16LE or F32LE"},
      {"rate=44100,channels=1 ! wavenc ! wavparse ! npumelspec name=culprit ! fakesink",
       "not for 44100 Hz"},
      {"rate=16000 ! npumelspec name=culprit fmin=9000 ! fakesink", "fmin"},
      {"rate=16000 ! npumelspec name=culprit frames=10 stride=11 ! fakesink", "stride"},
      {"rate=16000 ! npumelspec name=culprit frames=0 stride=10 ! fakesink", "frames=0"},
      {"rate=16000 ! npumelspec name=culprit frames=0 first-frames=10 ! fakesink", "frames=0"},
      {"rate=16000 ! npumelspec name=culprit ! audio/x-mel-spectrogram,mels=40 ! fakesink",
       "does not take these features"},
      {"rate=16000 ! npumelspec name=culprit frames=0 max-duration=100000000 ! fakesink",
       "max-duration"},
      {"rate=16000 ! npumelspec name=culprit frames=30 eos-mode=short ! "
       "audio/x-mel-spectrogram,frames=30 ! fakesink",
       "refuses a buffer"},
      // What comes behind says nothing of its own.
      {"rate=16000,channels=2 ! wavenc ! wavparse ! npumelspec name=culprit ! npyenc" + to_file,
       "takes one channel, not 2"},
      {"rate=16000 ! npumelspec frames=10 stride=5 ! npyenc name=culprit" + to_file,
       "Buffers overlap"},
      {"rate=16000 ! npumelspec frames=7 eos-mode=short ! npyenc name=culprit mode=stack" + to_file,
       "mode=stack needs equal ones"},
      {"rate=16000 ! npumelspec frames=10 layout=mel-major ! npyenc name=culprit" + to_file,
       "second mel-major buffer"},
      {"rate=16000 ! npumelspec frames=10 ! npyenc name=culprit ! fakesink", "cannot seek back"},
      {"rate=16000 ! npumelspec frames=10 ! meltransform name=culprit cmvn=clip ! npyenc" + to_file,
       "cmvn=clip needs the mean of the whole clip"},
      {"rate=16000 ! npumelspec ! meltransform name=culprit dct=ortho coefficients=500 ! fakesink",
       "coefficients (500)"},
      {"rate=16000 ! npumelspec ! meltransform name=culprit ! audio/x-speech-features,dims=3 ! "
       "fakesink",
       "does not take these features"},
      {"rate=16000 ! npumelspec ! melspecscope name=culprit mode=page ! "
       "video/x-raw,framerate=30/1 ! fakesink",
       "makes one picture a buffer"},
      {"rate=16000 ! npumelspec ! melspecscope name=culprit ! video/x-raw,framerate=0/1 ! fakesink",
       "needs a frame rate"},
  };
  for (const auto& one : cases) {
    const std::string line = "audiotestsrc num-buffers=20 ! audio/x-raw," + one.after_source;
    GError* problem = nullptr;
    const Owned<GstElement> pipeline(gst_parse_launch(line.c_str(), &problem));
    fail_unless(problem == nullptr, "%s: %s", line.c_str(), problem ? problem->message : "");
    for (int start = 0; start < 2; ++start) {
      const Heard heard = play(pipeline.get());
      assert_told_once(heard, one.words, line);
      // Upstream adds what its own push returned, marked as such, and never before the reason.
      fail_unless(heard.first_source == "culprit", "%s: %s", line.c_str(),
                  heard.first_source.c_str());
      ASSERT_EQUAL(heard.others_without_flow, 0);
    }
  }
}

CHECK_TEST(audio_that_goes_on_failing_is_told_once) {
  struct Case {
    const char* words;
    const char* properties;
    bool begins;  ///< well, before it fails
    std::function<void(MelStream&)> fail;
  };
  GstAllocator* closed = make_closed_allocator();
  const Case cases[] = {
      {"without saying what audio it is", "", false,
       [](MelStream& s) {
         begin_stream(s.harness(), nullptr);
         s.push(audio(1600), 0);
       }},
      {"fmin", "fmin=9000", false,
       [](MelStream& s) {
         begin_stream(s.harness(), kAudio);
         s.push(audio(1600), 0);
       }},
      {"takes one channel, not 2", "", true,
       [](MelStream& s) {
         send_caps(s.harness(), kStereo);
         s.push(audio(1600), 0);
       }},
      {"without a time segment", "", true,
       [](MelStream& s) {
         s.segment(bytes_segment());
         s.push(audio(1600), 0);
       }},
      {"does not hold whole samples", "", true,
       [](MelStream& s) { s.push(buffer_of(std::vector<uint8_t>(1601))); }},
      {"Cannot read", "", true,
       [&](MelStream& s) {
         GstBuffer* buffer = gst_buffer_new_allocate(closed, 3200, nullptr);
         GST_BUFFER_PTS(buffer) = 0;
         s.push(buffer);
       }},
      {"max-duration", "frames=0 max-duration=50000000", true,
       [](MelStream& s) { s.push(audio(1600), 0); }},
      {"ClosedMemory", "frames=100", true,
       [&](MelStream& s) {
         offer_closed_memory(s.harness(), closed);
         gst_harness_push_upstream_event(s.harness(), gst_event_new_reconfigure());
         s.push(audio(32000), 0);
       }},
  };
  for (const Case& one : cases) {
    MelStream stream = MelStream::idle(one.properties);
    for (int start = 0; start < 2; ++start) {
      if (one.begins) begin_stream(stream.harness(), kAudio);
      for (int i = 0; i < 4; ++i) one.fail(stream);
      stream.eos();
      assert_one_error(stream.bus(), one.words);
      gst_element_set_state(stream.element(), GST_STATE_READY);
      gst_element_set_state(stream.element(), GST_STATE_PLAYING);
    }
  }
  gst_object_unref(closed);
}

CHECK_TEST(an_error_is_told_again_after_a_flush_and_after_what_is_right) {
  MelStream stream = MelStream::idle("frames=10");
  begin_stream(stream.harness(), kAudio);
  const auto fail = [&] {
    send_caps(stream.harness(), kStereo);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    stream.segment(segment);
    stream.push(audio(1600), 0);
  };
  fail();
  assert_one_error(stream.bus(), "takes one channel");
  stream.flush();
  fail();
  assert_one_error(stream.bus(), "takes one channel");
  send_caps(stream.harness(), "audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved");
  fail();
  assert_one_error(stream.bus(), "takes one channel");
  g_object_set(stream.element(), "max-gap", GST_SECOND, nullptr);
  fail();
  assert_one_error(stream.bus(), "takes one channel");
}

CHECK_TEST(features_that_go_on_failing_are_told_of_once_by_npyenc) {
  struct Case {
    const char* words;
    std::function<void(NpyWriter&)> fail;
    bool has_caps = true;
  };
  const Case cases[] = {
      {"The stream changed while it was being written (mels from 5 to 7)",
       [](NpyWriter& w) {
         w.send_caps({.mels = 7, .frames = 2, .stride = 0});
         w.push(counting(14));
       }},
      {"Buffers overlap",
       [](NpyWriter& w) {
         w.send_caps({.frames = 4, .stride = 3});
         w.push(counting(20));
       }},
      {"does not hold whole frames", [](NpyWriter& w) { w.push(counting(14)); }},
      {"The stream ended before its format was known", [](NpyWriter& w) { w.eos(); }, false},
  };
  for (const Case& one : cases) {
    NpyWriter writer;
    for (int start = 0; start < 2; ++start) {
      GstSegment segment;
      gst_segment_init(&segment, GST_FORMAT_TIME);
      writer.event(gst_event_new_stream_start("stream"));
      if (one.has_caps) {
        writer.send_caps({});
        writer.event(gst_event_new_segment(&segment));
        ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_OK);
      }
      for (int i = 0; i < 4; ++i) one.fail(writer);
      writer.eos();
      assert_one_error(writer.bus(), one.words);
      writer.set_state(GST_STATE_NULL);
      // Whatever was written is no array.
      fail_unless(writer.is_unfinished(), "%s", one.words);
      writer.set_state(GST_STATE_PLAYING);
    }
  }
}

CHECK_TEST(features_that_go_on_failing_are_told_of_once_by_melspecscope) {
  struct Case {
    const char* words;
    const char* properties;
    const char* video;
    std::function<void(const Harness&)> fail;
  };
  GstAllocator* closed = make_closed_allocator();
  const Case cases[] = {
      {"makes one picture a buffer", "mode=page", kVideo,
       [](const Harness& h) { gst_harness_push(h.get(), mel_buffer(0)); }},
      {"needs a frame rate", "", "video/x-raw,format=RGB,width=32,height=16,framerate=0/1",
       [](const Harness& h) { gst_harness_push(h.get(), mel_buffer(0)); }},
      {"insert videoconvert", "", "video/x-raw,format=I420,width=32,height=16,framerate=30/1",
       [](const Harness& h) { gst_harness_push(h.get(), mel_buffer(0)); }},
      {"without a time segment", "", kVideo,
       [](const Harness& h) {
         const GstSegment segment = bytes_segment();
         gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
         gst_harness_push(h.get(), mel_buffer(0));
       }},
      {"does not hold whole frames", "", kVideo,
       [](const Harness& h) {
         gst_harness_push(h.get(), gst_buffer_new_allocate(nullptr, 18, nullptr));
       }},
      {"needs buffers with a time", "", kVideo,
       [](const Harness& h) { gst_harness_push(h.get(), mel_buffer(GST_CLOCK_TIME_NONE)); }},
      {"cannot be written", "", kVideo,
       [&](const Harness& h) {
         offer_closed_memory(h.get(), closed);
         gst_harness_push_upstream_event(h.get(), gst_event_new_reconfigure());
         gst_harness_push(h.get(), mel_buffer(0));
       }},
  };
  for (const Case& one : cases) {
    const Harness h(
        gst_harness_new_parse(("melspecscope axes=false " + std::string(one.properties)).c_str()));
    BusWatch bus(h);
    gst_harness_set_sink_caps_str(h.get(), one.video);
    for (int start = 0; start < 2; ++start) {
      begin_stream(h.get(), kMelCaps);
      for (int i = 0; i < 4; ++i) {
        one.fail(h);
        while (const Buffer picture{gst_harness_try_pull(h.get())}) continue;
      }
      gst_harness_push_event(h.get(), gst_event_new_eos());
      assert_one_error(bus, one.words);
      gst_element_set_state(h->element, GST_STATE_READY);
      gst_element_set_state(h->element, GST_STATE_PLAYING);
    }
  }
  gst_object_unref(closed);
}

CHECK_TEST(a_file_is_not_completed_after_an_error_of_npumelspec) {
  // What was held is sent at the end of the stream; the rows are there and the file is not whole.
  for (const char* properties : {"frames=0 max-duration=500000000", "frames=10 fmin=20"}) {
    const bool fails_late = g_str_has_prefix(properties, "frames=10");
    const TemporaryFile file;
    const Owned<GstElement> pipeline(gst_parse_launch(
        ("appsrc name=source format=time caps=audio/x-raw,format=S16LE,rate=16000,channels=1,"
         "layout=interleaved ! npumelspec " +
         std::string(properties) +
         " ! npyenc ! filesink async=false buffer-mode=unbuffered location=" + file.path())
            .c_str(),
        nullptr));
    const Owned<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
    GstFlowReturn flow = GST_FLOW_OK;
    for (int i = 0; i < 3; ++i) {
      // An odd number of bytes at the end.
      GstBuffer* buffer =
          i == 2 && fails_late ? buffer_of(std::vector<uint8_t>(1601)) : buffer_of(audio(8000));
      GST_BUFFER_PTS(buffer) = time_of(static_cast<guint64>(i) * 8000);
      g_signal_emit_by_name(source.get(), "push-buffer", buffer, &flow);
      gst_buffer_unref(buffer);
    }
    g_signal_emit_by_name(source.get(), "end-of-stream", &flow);
    const Heard heard = play(pipeline.get(), true);
    assert_told_once(heard, fails_late ? "whole samples" : "max-duration", properties);
    const std::string bytes = read_file(file.path());
    fail_unless(bytes.find("'unfinished file") < 128, "%s", properties);
    fail_unless(bytes.size() > 128 && bytes.size() % 320 == 128, "%zu bytes", bytes.size());
  }
}
