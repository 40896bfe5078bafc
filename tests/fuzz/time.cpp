// SPDX-License-Identifier: LGPL-2.1-or-later
// Fuzz target: operations on time and segments become a stream; a model says which frames must
// come out of it, when, and what became of every sample.
#include "tests/check/stream_model.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/target.h"

using namespace npumel;
using namespace npumel::check;

namespace {

struct Shape {
  const char* properties;
  JumpRule::Config rule;
};
constexpr uint64_t ms = GST_MSECOND;
constexpr Shape kShapes[] = {
    {"frames=1", {40 * ms, GST_SECOND, GST_SECOND, GST_SECOND}},
    {"frames=10", {40 * ms, GST_SECOND, GST_SECOND, GST_SECOND}},
    {"frames=100", {40 * ms, GST_SECOND, GST_SECOND, GST_SECOND}},
    {"frames=7 max-gap=0", {40 * ms, GST_SECOND, 0, 0}},
    {"frames=10 max-gap=100000000 discont-wait=0", {40 * ms, 0, 100 * ms, 100 * ms}},
    {"frames=3 alignment-threshold=0", {0, GST_SECOND, GST_SECOND, GST_SECOND}},
    {"frames=10 alignment-threshold=1000000 discont-wait=50000000 max-gap=5000000000",
     {1 * ms, 50 * ms, 5 * GST_SECOND, 5 * GST_SECOND}},
    {"frames=100 in-flight=4", {40 * ms, GST_SECOND, GST_SECOND, GST_SECOND}},
};

const std::vector<int16_t>& noise() {
  static const std::vector<int16_t> samples = [] {
    std::vector<int16_t> result(40000);
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = static_cast<int16_t>(i * 7919 % 9973 - 4986);
    return result;
  }();
  return samples;
}

class Session {
 public:
  Session(fuzz::Bytes& bytes, const Shape& shape)
      : bytes_(bytes),
        stream_(std::string(shape.properties) + " eos-mode=short backend=software"),
        model_(resolve(Preset::whisper80, {}, 16000), 16000, shape.rule) {
    gst_segment_init(&segment_, GST_FORMAT_TIME);
  }

  void step() {
    switch (bytes_.byte() % 16) {
      case 0:
        now_ += jump();
        push(now_);
        break;
      case 1:
        now_ -= std::min(now_, jump());
        push(now_);
        break;
      case 2:  // jitter
        push(now_ + bytes_.byte() % 50 * ms);
        break;
      case 3:
        push(GST_CLOCK_TIME_NONE);
        break;
      case 4:
        push(now_, GST_BUFFER_FLAG_GAP);
        break;
      case 5:
        gap();
        break;
      case 6:
        segment();
        break;
      case 7:
        stream_.flush();
        model_.look(stream_);
        model_.flush();
        gst_segment_init(&segment_, GST_FORMAT_TIME);
        segment();
        break;
      case 8:
        end();
        break;
      case 9:
        stream_.event(
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("fuzz")));
        break;
      case 10:
        stall();
        break;
      default:
        push(now_, bytes_.byte() % 2 != 0 ? GST_BUFFER_FLAG_DISCONT : 0);
        break;
    }
    model_.look(stream_);
  }

  void finish() {
    stream_.eos();
    model_.drain();
    model_.finish(stream_);
    demand(stream_.error().code == -1, "no error");
  }

 private:
  guint64 jump() {
    constexpr guint64 kJumps[] = {1,          62500,      999999,     39999999,
                                  40000000,   40000001,   60000000,   100000000,
                                  100000001,  500000000,  999999999,  1000000000,
                                  1000000001, 3000000000, 9000000000, 3600000000000};
    return bytes_.pick(kJumps);
  }
  void push(GstClockTime pts, guint flags = 0) {
    constexpr int kSizes[] = {1,   159,  160,  161,  320,  320,   320,
                              480, 1000, 1600, 1601, 4097, 16000, 33333};
    push(pts, bytes_.pick(kSizes), flags);
  }
  void push(GstClockTime pts, int samples, guint flags) {
    constexpr GstClockTime kDurations[] = {GST_CLOCK_TIME_NONE, 0, 20 * ms, GST_SECOND, 1};
    GstBuffer* buffer =
        buffer_of(std::span<const int16_t>(noise()).first(static_cast<size_t>(samples)));
    GST_BUFFER_PTS(buffer) = pts;
    GST_BUFFER_DURATION(buffer) = kDurations[bytes_.byte() % std::size(kDurations)];
    GST_BUFFER_FLAGS(buffer) |= flags;
    demand(stream_.push(buffer) == GST_FLOW_OK, "audio is taken");
    model_.push(pts, samples, flags == GST_BUFFER_FLAG_GAP);
    now_ += time_of(static_cast<guint64>(samples));
  }
  /// A source with stamps of arrival that stands still and catches up, wholly or in part.
  void stall() {
    const GstClockTime length = bytes_.byte() % 100 * 20 * ms;
    const GstClockTime lost = bytes_.byte() % 4 == 0 ? length / 2 / (20 * ms) * (20 * ms) : 0;
    for (GstClockTime at = lost; at < length; at += 20 * ms) push(now_ + length - at, 320, 0);
    now_ += lost;
  }
  void gap() {
    const GstClockTime start = bytes_.byte() % 4 == 0 ? now_ + jump() : now_;
    const GstClockTime length = bytes_.byte() % 8 == 0 ? GST_CLOCK_TIME_NONE : jump();
    stream_.event(gst_event_new_gap(start, length));
    model_.gap(start, length);
    if (GST_CLOCK_TIME_IS_VALID(length)) now_ = start + length;
  }
  void segment() {
    const uint8_t what = bytes_.byte();
    if (what & 1) segment_.start = segment_.time = jump();
    if (what & 2) segment_.base += jump();
    if (what & 4) segment_.stop = segment_.start + jump() + GST_SECOND;
    if (what & 8) segment_.stop = GST_CLOCK_TIME_NONE;
    if (what & 16) segment_.position = jump();
    segment_.rate = (what & 0xe0) == 0xe0 ? -1 : 1;
    if (what & 1) now_ = segment_.start;
    demand(stream_.segment(segment_), "segments are taken");
    model_.segment(segment_);
  }
  void end() {
    switch (bytes_.byte() % 4) {
      case 0:
        stream_.event(gst_event_new_segment_done(GST_FORMAT_TIME, -1));
        break;
      case 1: {
        const Owned<GstQuery> drain(gst_query_new_drain());
        gst_pad_peer_query(stream_.harness()->srcpad, drain.get());
        break;
      }
      case 2:
        stream_.eos();
        stream_.event(gst_event_new_stream_start("next"));
        stream_.segment(segment_);
        break;
      default:
        stream_.event(gst_event_new_stream_start("another"));
        stream_.event(gst_event_new_stream_start("one more"));
        break;
    }
    model_.drain();
  }

  fuzz::Bytes& bytes_;
  GstSegment segment_;
  GstClockTime now_ = 0;
  MelStream stream_;
  StreamModel model_;
};

}  // namespace

const GLogLevelFlags fuzz::kFatalLevels =
    static_cast<GLogLevelFlags>(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

void fuzz::play(Bytes& bytes) {
  Session session(bytes, bytes.pick(kShapes));
  play_session(session, bytes);
}
