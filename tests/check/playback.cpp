// SPDX-License-Identifier: LGPL-2.1-or-later
// Real files in real pipelines: seeks of every kind, rates, states and holes, seen from behind the
// element: events, segments, sequence numbers, times.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>

#include "tests/check/audio.h"
#include "tests/check/support.h"

using namespace npumel::check;

namespace {

constexpr int kSeconds = 6;

struct Out {
  GstEventType event = GST_EVENT_UNKNOWN;  ///< UNKNOWN: a buffer
  guint32 seqnum = 0;
  GstSegment segment = {};
  GstClockTime pts = 0, duration = 0;
  guint64 offset = 0;
  bool discont = false;
  bool loud = false;
};

/// A pipeline with an npumelspec called `mel`, of which everything that leaves is noted.
class Player {
 public:
  explicit Player(const std::string& line) {
    GError* error = nullptr;
    pipeline_.reset(gst_parse_launch(line.c_str(), &error));
    fail_unless(pipeline_ && !error, "%s", error ? error->message : "");
    gst_object_ref_sink(pipeline_.get());
    mel.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "mel"));
    const Owned<GstPad> pad(gst_element_get_static_pad(mel.get(), "src"));
    gst_pad_add_probe(pad.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                      note, this, nullptr);
    const Owned<GstPad> sink(gst_element_get_static_pad(mel.get(), "sink"));
    gst_pad_add_probe(
        sink.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                     GST_PAD_PROBE_TYPE_EVENT_FLUSH),
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          auto* self = static_cast<Player*>(data);
          GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
          const std::lock_guard lock(self->mutex_);
          self->came_in_[GST_EVENT_TYPE(event)] = gst_event_get_seqnum(event);
          return GST_PAD_PROBE_OK;
        },
        this, nullptr);
  }
  ~Player() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  void go(GstState state) {
    fail_unless(gst_element_set_state(pipeline_.get(), state) != GST_STATE_CHANGE_FAILURE);
    fail_unless(gst_element_get_state(pipeline_.get(), nullptr, nullptr, 60 * GST_SECOND) !=
                GST_STATE_CHANGE_FAILURE);
  }
  /// Waits for EOS or SEGMENT_DONE; no error and no unexpected warning may come.
  void wait(GstMessageType wanted, int warnings = 0) {
    const Owned<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    int seen = 0;
    while (true) {
      const Message message(gst_bus_timed_pop_filtered(
          bus.get(), 60 * GST_SECOND,
          static_cast<GstMessageType>(wanted | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
      fail_unless(message != nullptr, "nothing came");
      if (GST_MESSAGE_TYPE(message.get()) == wanted) break;
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING) {
        ++seen;
        continue;
      }
      GError* error = nullptr;
      gst_message_parse_error(message.get(), &error, nullptr);
      fail_unless(error == nullptr, "%s", error->message);
    }
    ASSERT_EQUAL(seen, warnings);
  }
  guint32 seek(double rate, int flags, GstClockTime start, GstClockTime stop) {
    GstEvent* event = gst_event_new_seek(
        rate, GST_FORMAT_TIME, static_cast<GstSeekFlags>(flags | GST_SEEK_FLAG_ACCURATE),
        GST_SEEK_TYPE_SET, static_cast<gint64>(start),
        GST_CLOCK_TIME_IS_VALID(stop) ? GST_SEEK_TYPE_SET : GST_SEEK_TYPE_NONE,
        static_cast<gint64>(stop));
    const guint32 seqnum = gst_event_get_seqnum(event);
    // Backwards the branch with features says no, and the others say yes.
    fail_unless(gst_element_send_event(pipeline_.get(), event) == (rate > 0));
    return seqnum;
  }
  /// Waits until an event has left, and takes what left until then.
  std::vector<Out> take_until(GstEventType last) {
    std::unique_lock lock(mutex_);
    const auto left = [&] {
      return std::any_of(out_.begin(), out_.end(),
                         [&](const Out& one) { return one.event == last; });
    };
    fail_unless(changed_.wait_for(lock, std::chrono::seconds(60), left));
    return std::move(out_);
  }
  /// Sequence number of the last event of a type that came in.
  guint32 came_in(GstEventType type) {
    const std::lock_guard lock(mutex_);
    return came_in_[type];
  }
  std::vector<Out> take() {
    const std::lock_guard lock(mutex_);
    return std::move(out_);
  }
  guint64 stat(const char* name) const {
    GstStructure* raw = nullptr;
    g_object_get(mel.get(), "stats", &raw, nullptr);
    const Owned<GstStructure> stats(raw);
    guint64 value = G_MAXUINT64;
    fail_unless(gst_structure_get_uint64(stats.get(), name, &value));
    return value;
  }

  Owned<GstElement> mel;

 private:
  static GstPadProbeReturn note(GstPad*, GstPadProbeInfo* info, gpointer data) {
    Out out;
    if (GST_IS_EVENT(info->data)) {
      GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
      out.event = GST_EVENT_TYPE(event);
      out.seqnum = gst_event_get_seqnum(event);
      if (out.event == GST_EVENT_SEGMENT) gst_event_copy_segment(event, &out.segment);
    } else {
      GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
      out.pts = GST_BUFFER_PTS(buffer);
      out.duration = GST_BUFFER_DURATION(buffer);
      out.offset = GST_BUFFER_OFFSET(buffer);
      out.discont = GST_BUFFER_IS_DISCONT(buffer);
      for (const float value : values_of<float>(buffer)) out.loud = out.loud || value > 0;
    }
    auto* self = static_cast<Player*>(data);
    const std::lock_guard lock(self->mutex_);
    self->out_.push_back(out);
    self->changed_.notify_all();
    return GST_PAD_PROBE_OK;
  }

  Owned<GstElement> pipeline_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Out> out_;
  std::map<GstEventType, guint32> came_in_;
};

/// A folder of the test's own, gone with it.
class Folder {
 public:
  Folder() : path_(g_dir_make_tmp("npumelspec-XXXXXX", nullptr)) { fail_unless(path_ != nullptr); }
  ~Folder() {
    for (const std::string& file : files_) g_remove(file.c_str());
    g_rmdir(path_.get());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const char* name) {
    files_.push_back(std::string(path_.get()) + "/" + name);
    return files_.back();
  }

 private:
  static int g_remove(const char* name) { return remove(name); }
  static int g_rmdir(const char* name) { return remove(name); }
  Owned<gchar> path_;
  std::vector<std::string> files_;
};

void run_line(const std::string& line) {
  const Owned<GstElement> pipeline(gst_parse_launch(line.c_str(), nullptr));
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const Message message(
      gst_bus_timed_pop_filtered(bus.get(), 60 * GST_SECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  fail_unless(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS, "%s", line.c_str());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

struct Container {
  const char* name;
  const char* muxer;
  const char* demuxer;
};
constexpr Container kWav = {"a.wav", "wavenc", "wavparse"};
constexpr Container kMatroska = {"a.mkv", "matroskamux", "matroskademux"};

std::string make_file(Folder& folder, const Container& container) {
  const std::string path = folder.file(container.name);
  run_line("audiotestsrc wave=red-noise samplesperbuffer=1600 num-buffers=" +
           std::to_string(kSeconds * 10) + " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! " +
           container.muxer + " ! filesink location=" + path);
  return path;
}

std::string player_line(const Container& container, const std::string& path) {
  return "filesrc location=" + path + " ! " + container.demuxer +
         " ! npumelspec name=mel frames=10 eos-mode=short ! fakesink sync=false";
}

/// Buffers from FIRST to LAST without a hole, in the segment before them, the first one DISCONT.
void assert_plays(const std::vector<Out>& out, GstClockTime first, GstClockTime last) {
  GstClockTime next = first;
  int buffers = 0;
  bool segment = false;
  GstSegment current = {};
  for (const Out& one : out) {
    if (one.event == GST_EVENT_SEGMENT) {
      segment = true;
      current = one.segment;
    }
    if (one.event != GST_EVENT_UNKNOWN) continue;
    fail_unless(segment, "no segment before the first buffer");
    ASSERT_EQUAL(one.pts, next);
    ASSERT_EQUAL(one.discont, buffers == 0);
    ASSERT_EQUAL(one.offset, buffers * 10);
    fail_unless(gst_segment_clip(&current, GST_FORMAT_TIME, one.pts, one.pts + one.duration,
                                 nullptr, nullptr));
    next = one.pts + one.duration;
    ++buffers;
  }
  ASSERT_EQUAL(next, last);
}

size_t count_of(const std::vector<Out>& out, GstEventType type) {
  return static_cast<size_t>(
      std::count_if(out.begin(), out.end(), [&](const Out& one) { return one.event == type; }));
}

}  // namespace

CHECK_TEST(files_play_from_start_to_end) {
  for (const Container& container : {kWav, kMatroska}) {
    Folder folder;
    Player player(player_line(container, make_file(folder, container)));
    player.go(GST_STATE_PLAYING);
    player.wait(GST_MESSAGE_EOS);
    const std::vector<Out> out = player.take();
    assert_plays(out, 0, kSeconds * GST_SECOND);
    ASSERT_EQUAL(count_of(out, GST_EVENT_EOS), 1);
    ASSERT_EQUAL(out.back().event, GST_EVENT_EOS);
    ASSERT_EQUAL(player.stat("samples-in"), kSeconds * 16000);
    ASSERT_EQUAL(player.stat("resyncs") + player.stat("samples-inserted"), 0);
  }
}

CHECK_TEST(flushing_seeks_keep_their_sequence_number_and_start_at_their_time) {
  for (const Container& container : {kWav, kMatroska}) {
    Folder folder;
    Player player(player_line(container, make_file(folder, container)));
    player.go(GST_STATE_PAUSED);
    player.take();
    for (const GstClockTime start : {2 * GST_SECOND, GST_SECOND / 2, 5 * GST_SECOND}) {
      const guint32 seqnum = player.seek(1, GST_SEEK_FLAG_FLUSH, start, GST_CLOCK_TIME_NONE);
      player.go(GST_STATE_PAUSED);
      const std::vector<Out> out = player.take();
      fail_unless(out.size() >= 4);
      ASSERT_EQUAL(count_of(out, GST_EVENT_FLUSH_START), 1);
      ASSERT_EQUAL(count_of(out, GST_EVENT_FLUSH_STOP), 1);
      ASSERT_EQUAL(count_of(out, GST_EVENT_SEGMENT), 1);
      bool first = true;
      for (const Out& one : out) {
        if (one.event == GST_EVENT_FLUSH_START || one.event == GST_EVENT_FLUSH_STOP ||
            one.event == GST_EVENT_SEGMENT)
          ASSERT_EQUAL(one.seqnum, seqnum);
        if (one.event != GST_EVENT_UNKNOWN) continue;
        if (first) {
          ASSERT_EQUAL(one.pts, start);
          fail_unless(one.discont);
          ASSERT_EQUAL(one.offset, 0);
        }
        first = false;
      }
      fail_if(first);
    }
    player.go(GST_STATE_PLAYING);
    player.wait(GST_MESSAGE_EOS);
  }
}

CHECK_TEST(a_part_of_a_file_has_the_frames_of_its_samples) {
  for (const Container& container : {kWav, kMatroska}) {
    Folder folder;
    Player player(player_line(container, make_file(folder, container)));
    player.go(GST_STATE_PAUSED);
    player.take();
    for (const double rate : {1.0, 2.0, 0.5}) {
      player.seek(rate, GST_SEEK_FLAG_FLUSH, GST_SECOND, 3 * GST_SECOND + GST_SECOND / 2);
      player.go(GST_STATE_PLAYING);
      player.wait(GST_MESSAGE_EOS);
      const std::vector<Out> out = player.take();
      assert_plays(out, GST_SECOND, 3 * GST_SECOND + GST_SECOND / 2);
      fail_unless_equals_float(
          std::find_if(out.begin(), out.end(),
                       [](const Out& one) { return one.event == GST_EVENT_SEGMENT; })
              ->segment.rate,
          rate);
      ASSERT_EQUAL(out.back().event, GST_EVENT_EOS);
      ASSERT_EQUAL(out.back().seqnum, player.came_in(GST_EVENT_EOS));
      player.go(GST_STATE_PAUSED);
      player.take();
    }
  }
}

CHECK_TEST(segment_seeks_loop_without_losing_a_frame) {
  Folder folder;
  Player player(player_line(kWav, make_file(folder, kWav)));
  player.go(GST_STATE_PAUSED);
  player.take();
  player.seek(1, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT, GST_SECOND, 2 * GST_SECOND);
  player.go(GST_STATE_PLAYING);
  for (int loop = 0; loop < 3; ++loop) {
    player.wait(GST_MESSAGE_SEGMENT_DONE);
    const std::vector<Out> out = player.take_until(GST_EVENT_SEGMENT_DONE);
    assert_plays(out, GST_SECOND, 2 * GST_SECOND);
    ASSERT_EQUAL(out.back().event, GST_EVENT_SEGMENT_DONE);
    ASSERT_EQUAL(out.back().seqnum, player.came_in(GST_EVENT_SEGMENT_DONE));
    ASSERT_EQUAL(count_of(out, GST_EVENT_EOS), 0);
    player.seek(1, GST_SEEK_FLAG_SEGMENT, GST_SECOND, 2 * GST_SECOND);
  }
  ASSERT_EQUAL(player.stat("resyncs"), 0);
}

CHECK_TEST(a_player_goes_on_while_it_plays_backwards) {
  Folder folder;
  const std::string path = make_file(folder, kMatroska);
  Player player("filesrc location=" + path +
                " ! matroskademux ! tee name=t ! queue ! npumelspec name=mel frames=10 "
                "eos-mode=short ! fakesink sync=false t. ! queue ! fakesink sync=false");
  player.go(GST_STATE_PAUSED);
  player.take();
  // The other branch takes the seek.
  player.seek(-1, GST_SEEK_FLAG_FLUSH, 0, 4 * GST_SECOND);
  player.go(GST_STATE_PAUSED);  // prerolls without a feature
  player.go(GST_STATE_PLAYING);
  player.wait(GST_MESSAGE_EOS, 1);
  const std::vector<Out> out = player.take();
  ASSERT_EQUAL(count_of(out, GST_EVENT_UNKNOWN), 0);
  fail_unless(count_of(out, GST_EVENT_GAP) > 0);
  player.seek(1, GST_SEEK_FLAG_FLUSH, GST_SECOND, kSeconds * GST_SECOND);
  player.go(GST_STATE_PLAYING);
  player.wait(GST_MESSAGE_EOS);
  assert_plays(player.take(), GST_SECOND, kSeconds * GST_SECOND);
}

CHECK_TEST(states_go_up_and_down_in_mid_stream) {
  Folder folder;
  Player player(player_line(kWav, make_file(folder, kWav)));
  for (const GstState state :
       {GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_PAUSED,
        GST_STATE_READY, GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_PAUSED})
    player.go(state);
  player.take();
  player.go(GST_STATE_READY);
  player.go(GST_STATE_PLAYING);
  player.wait(GST_MESSAGE_EOS);
  assert_plays(player.take(), 0, kSeconds * GST_SECOND);
}

CHECK_TEST(a_matroska_file_with_a_hole_keeps_its_sounds_at_their_times) {
  // Tones of 200 ms at 0 and at 7 s, nothing at all from 2 to 7 s, no flag.
  Folder folder;
  const std::string path = folder.file("hole.mkv");
  {
    const Owned<GstElement> pipeline(gst_parse_launch(
        ("appsrc name=in format=time caps=audio/x-raw,format=S16LE,rate=16000,channels=1,"
         "layout=interleaved ! audio/x-raw ! matroskamux ! filesink location=" +
         path)
            .c_str(),
        nullptr));
    const Owned<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    for (const size_t second : {0, 7}) {
      for (size_t i = 0; i < 100; ++i) {
        std::vector<int16_t> samples(320);
        for (size_t k = 0; k < 320; ++k)
          samples[k] = static_cast<int16_t>(
              i < 10 ? std::lround(8000 * std::sin(0.3927 * static_cast<double>(k))) : k % 7);
        GstBuffer* buffer = buffer_of(samples);
        GST_BUFFER_PTS(buffer) = second * GST_SECOND + i * 20 * GST_MSECOND;
        GST_BUFFER_DURATION(buffer) = 20 * GST_MSECOND;
        GstFlowReturn flow = GST_FLOW_OK;
        g_signal_emit_by_name(source.get(), "push-buffer", buffer, &flow);
        gst_buffer_unref(buffer);
        ASSERT_EQUAL(flow, GST_FLOW_OK);
      }
    }
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source.get(), "end-of-stream", &flow);
    const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
    const Message message(gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    fail_unless(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  }
  const std::string line = "filesrc location=" + path +
                           " ! matroskademux ! audioconvert ! audioresample ! npumelspec name=mel ";
  Player parts(line + "frames=1 eos-mode=short ! fakesink sync=false");
  parts.go(GST_STATE_PLAYING);
  parts.wait(GST_MESSAGE_EOS, 1);  // the warning tells the resync
  ASSERT_EQUAL(parts.stat("resyncs"), 1);
  std::vector<double> tones;
  bool before = false;
  for (const Out& one : parts.take()) {
    if (one.event != GST_EVENT_UNKNOWN) continue;
    if (one.loud && !before) tones.push_back(static_cast<double>(one.pts) / 1e9);
    before = one.loud;
  }
  ASSERT_EQUAL(tones.size(), 2);
  fail_unless(std::abs(tones[0]) <= 0.030 && std::abs(tones[1] - 7) <= 0.030, "%.3f %.3f", tones[0],
              tones[1]);
  Player whole(line + "frames=0 ! fakesink sync=false");
  whole.go(GST_STATE_PLAYING);
  whole.wait(GST_MESSAGE_EOS);
  const std::vector<Out> out = whole.take();
  ASSERT_EQUAL(count_of(out, GST_EVENT_UNKNOWN), 1);
  ASSERT_EQUAL(whole.stat("frames"), 900);
  ASSERT_EQUAL(whole.stat("samples-inserted"), 5 * 16000);
}
