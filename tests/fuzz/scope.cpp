// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes become mel caps, buffers at any time, gaps, lateness and peers for melspecscope. Whatever
// comes, the times of pictures rise, and their number is bounded by the time they show.
#include <gst/audio/audio.h>

#include "tests/fuzz/sink_session.h"
#include "tests/fuzz/target.h"

using namespace npumel;
using namespace npumel::fuzz;

namespace {

constexpr const char* kElements[] = {
    "melspecscope",
    "melspecscope mode=page",
    "melspecscope axes=false span=1 level=true",
    "melspecscope span=9223372036854775807 colormap=gray",
    "melspecscope range=fixed range-min=1e30 range-max=-1e30 qos=false",
    "melspecscope mode=page range=fixed range-min=-1e30 range-max=1e30 level=true",
};
constexpr const char* kVideos[] = {
    "video/x-raw,format=RGB,width=32,height=16,framerate=30/1",
    "video/x-raw,format=BGRx,width=160,height=90,framerate=1000/1",
    "video/x-raw,format=BGR,width=1,height=1,framerate=1/1000",
    "video/x-raw,format=xRGB,width=400,height=180",
    "video/x-raw,format=RGB,width=3,height=200,framerate=0/1",
    "video/x-raw,format=RGB,width=16384,height=1,framerate=[1/1,30/1]",
    "video/x-raw,format=I420,width=32,height=16,framerate=30/1",
    "video/x-raw",
    "ANY",
};
constexpr guint kMostPictures = 500;

class Session {
 public:
  explicit Session(Bytes& bytes)
      : bytes_(bytes), harness_(gst_harness_new_parse(bytes.pick(kElements))), bus_(harness_) {
    gst_harness_set_sink_caps_str(harness_.get(), bytes.pick(kVideos));
    g_object_set_data(G_OBJECT(harness_->sinkpad), "session", this);
    gst_pad_set_chain_function(harness_->sinkpad, chain);
    gst_pad_push_event(harness_->srcpad, gst_event_new_stream_start("fuzz"));
  }

  void step() {
    switch (bytes_.byte() % 14) {
      case 0:
      case 1: {
        const check::Caps caps(pick_mel_caps(bytes_));
        gst_pad_push_event(harness_->srcpad, gst_event_new_caps(caps.get()));
        restart();
        break;
      }
      case 2:
        restart();
        break;
      case 3: {
        guint64 time = pick_time(bytes_);
        if (time == G_MAXUINT64) time -= 1;
        constexpr guint64 kDurations[] = {
            0,          1, GST_MSECOND, GST_SECOND, GST_SECOND + 1, G_MAXINT64, G_MAXUINT64 - 1,
            G_MAXUINT64};
        gst_pad_push_event(harness_->srcpad, gst_event_new_gap(time, bytes_.pick(kDurations)));
        break;
      }
      case 4:
        flow_ = bytes_.pick(kFlows);
        break;
      case 5:
        gst_pad_push_event(harness_->srcpad, gst_event_new_flush_start());
        gst_pad_push_event(harness_->srcpad, gst_event_new_flush_stop(TRUE));
        restart();
        break;
      case 6: {
        constexpr gint64 kLateness[] = {0, 1, -1, 100000000, G_MAXINT64, -1000000000, 5000000000};
        const guint64 time = bytes_.pick(kTimes);
        const gint64 late = bytes_.pick(kLateness);
        // No event may say that something is due before time 0.
        if (late < 0 && static_cast<guint64>(-late) > time) break;
        gst_pad_push_event(harness_->sinkpad,
                           gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 0.5, late, time));
        break;
      }
      case 7: {
        const check::Caps caps(pick_mel_caps(bytes_));
        fail_allocation(bytes_.byte() % 64);
        gst_pad_push_event(harness_->srcpad, gst_event_new_caps(caps.get()));
        fail_allocation(0);
        restart();
        break;
      }
      case 8: {
        const check::Owned<GstElement> scope(
            gst_harness_find_element(harness_.get(), "melspecscope"));
        const char* const settings[][2] = {
            {"colormap", "magma"},   {"axes", "false"},  {"axes", "true"},       {"span", "0"},
            {"span", "10000000000"}, {"range", "fixed"}, {"range-min", "-1e30"}, {"range", "auto"}};
        const auto& setting = bytes_.pick(settings);
        gst_util_set_object_arg(G_OBJECT(scope.get()), setting[0], setting[1]);
        break;
      }
      case 9:
        gst_harness_set_sink_caps_str(harness_.get(), bytes_.pick(kVideos));
        gst_pad_push_event(harness_->sinkpad, gst_event_new_reconfigure());
        break;
      default:
        push();
        break;
    }
    fail_allocation(0);
  }

  void finish() { gst_pad_push_event(harness_->srcpad, gst_event_new_eos()); }

 private:
  static GstFlowReturn chain(GstPad* pad, GstObject*, GstBuffer* picture) {
    Session& self = *static_cast<Session*>(g_object_get_data(G_OBJECT(pad), "session"));
    const check::Buffer owned(picture);
    // A sink that has seen enough, as one that is stopped.
    if (++self.pictures_ > kMostPictures) return GST_FLOW_FLUSHING;
    demand(gst_buffer_get_size(picture) > 0, "pixels");
    return self.flow_;
  }

  void restart() { gst_pad_push_event(harness_->srcpad, pick_segment(bytes_)); }

  void push() {
    GstBuffer* buffer = pick_buffer(bytes_);
    GST_BUFFER_PTS(buffer) = pick_time(bytes_);
    const uint8_t bits = bytes_.byte();
    if (bits % 4 == 0) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    if (bits % 8 > 3) gst_buffer_add_audio_level_meta(buffer, bits, bits % 16 > 7);
    if (bytes_.byte() % 16 == 0) fail_allocation(1 + bytes_.byte() % 32);
    gst_pad_push(harness_->srcpad, buffer);
  }

  Bytes& bytes_;
  check::Harness harness_;
  check::BusWatch bus_;
  guint pictures_ = 0;
  GstFlowReturn flow_ = GST_FLOW_OK;
};

}  // namespace

const GLogLevelFlags fuzz::kFatalLevels = G_LOG_LEVEL_CRITICAL;

void fuzz::play(Bytes& bytes) {
  Session session(bytes);
  play_session(session, bytes);
}
