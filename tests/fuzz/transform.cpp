// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes become mel and feature caps, rows at any time with any offset, gaps, segments, settings and
// peers for meltransform. Whatever comes, a buffer holds whole rows of what the caps say, no more
// valid ones than it has, and offsets go on where no DISCONT says otherwise.
#include "tests/fuzz/sink_session.h"
#include "tests/fuzz/target.h"

using namespace npumel;
using namespace npumel::fuzz;

namespace {

constexpr const char* kTransforms[] = {
    "meltransform",
    "meltransform deltas=2",
    "meltransform deltas=2 delta-rule=librosa",
    "meltransform deltas=1 delta-rule=torchaudio stack-stride=1 stack-left=2",
    "meltransform preset=lfr-funasr",
    "meltransform preset=seamless160",
    "meltransform stack-stride=2 stack-right=1 stack-edge=zero",
    "meltransform dct=ortho coefficients=3 lifter=22 dct-order=htk",
    "meltransform cmvn=sliding cmvn-window=7 cmvn-min-window=3 cmvn-variance=true",
    "meltransform cmvn=sliding cmvn-window=6 cmvn-center=true",
    "meltransform cmvn=online cmvn-window=5 cmvn-global-frames=0 deltas=2",
    "meltransform pcen=librosa",
    "meltransform cmvn=clip cmvn-variance=true",
    "meltransform stack-stride=1000 stack-left=1000 stack-right=1000",
    "meltransform stack-stride=2 stack-right=1 stack-edge=zero ! meltransform deltas=1",
};
constexpr const char* kPeers[] = {"ANY",
                                  "audio/x-speech-features",
                                  "audio/x-speech-features,frames=3",
                                  "audio/x-speech-features,layout=mel-major",
                                  "audio/x-speech-features,format=F16LE",
                                  "other/tensors,dimensions=(string)5:3:1",
                                  "audio/x-speech-features,dims=7",
                                  "video/x-raw"};
constexpr const char* kFeatureCaps[] = {
    "dims=5,frames=3,rate=16000,hop-length=160,framerate=100/3,kind=mel+dct",
    "dims=5,frames=0,rate=16000,hop-length=160",
    "dims=1048576,frames=1000000,rate=16000,hop-length=1",
    "dims=5,frames=3,rate=2147483647,hop-length=2147483647,framerate=2147483647/1",
};
constexpr guint kMostBuffers = 2000;

class Session {
 public:
  explicit Session(Bytes& bytes)
      : bytes_(bytes), harness_(gst_harness_new_parse(bytes.pick(kTransforms))), bus_(harness_) {
    gst_harness_set_sink_caps_str(harness_.get(), bytes.pick(kPeers));
    g_object_set_data(G_OBJECT(harness_->sinkpad), "session", this);
    gst_pad_set_chain_function(harness_->sinkpad, chain);
    gst_pad_push_event(harness_->srcpad, gst_event_new_stream_start("fuzz"));
  }

  void step() {
    switch (bytes_.byte() % 16) {
      case 0:
      case 1:
        push_caps();
        restart();
        break;
      case 2:
        restart();
        break;
      case 3:
        gst_pad_push_event(
            harness_->srcpad,
            gst_event_new_gap(std::min<guint64>(pick_time(bytes_), G_MAXUINT64 - 1),
                              bytes_.byte() % 2 == 0 ? G_MAXUINT64 : bytes_.pick(kTimes)));
        break;
      case 4:
        flow_ = bytes_.pick(kFlows);
        break;
      case 5:
        gst_pad_push_event(harness_->srcpad, gst_event_new_flush_start());
        gst_pad_push_event(harness_->srcpad, gst_event_new_flush_stop(TRUE));
        next_offset_ = G_MAXUINT64;
        restart();
        break;
      case 6:
        push_caps(1 + bytes_.byte() % 64);
        restart();
        break;
      case 7: {
        const check::Owned<GstQuery> drain(gst_query_new_drain());
        gst_pad_peer_query(harness_->srcpad, drain.get());
        break;
      }
      case 8:
        gst_harness_set_sink_caps_str(harness_.get(), bytes_.pick(kPeers));
        gst_pad_push_event(harness_->sinkpad, gst_event_new_reconfigure());
        break;
      case 9: {
        const check::Owned<GstQuery> latency(gst_query_new_latency());
        gst_pad_peer_query(harness_->sinkpad, latency.get());
        break;
      }
      default:
        push();
        break;
    }
    fail_allocation(0);
  }

  void finish() { gst_pad_push_event(harness_->srcpad, gst_event_new_eos()); }

 private:
  static GstFlowReturn chain(GstPad* pad, GstObject*, GstBuffer* buffer) {
    Session& self = *static_cast<Session*>(g_object_get_data(G_OBJECT(pad), "session"));
    const check::Buffer owned(buffer);
    if (++self.buffers_ > kMostBuffers) return GST_FLOW_FLUSHING;
    const check::Caps caps(gst_pad_get_current_caps(pad));
    self.look_at(buffer, gst_caps_get_structure(caps.get(), 0));
    return self.flow_;
  }

  void look_at(GstBuffer* buffer, const GstStructure* caps) {
    gint dims = 0;
    if (!gst_structure_get_int(caps, "dims", &dims)) return;
    const gsize row = static_cast<gsize>(dims) *
                      (g_strcmp0(gst_structure_get_string(caps, "format"), "F16LE") == 0 ? 2 : 4);
    const gsize size = gst_buffer_get_size(buffer);
    demand(size > 0 && size % row == 0, "whole rows");
    gint frames = 0;
    gst_structure_get_int(caps, "frames", &frames);
    demand(frames == 0 || size / row == static_cast<gsize>(frames), "as many rows as the caps say");
    GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, "GstNpuMelMeta");
    gint valid = -1;
    demand(meta != nullptr &&
               gst_structure_get_int(gst_custom_meta_get_structure(meta), "valid-frames", &valid),
           "a meta");
    demand(valid >= 0 && static_cast<gsize>(valid) <= size / row, "valid rows");
    // Buffers that stand alone repeat what the input says.
    if (frames == 0 || GST_BUFFER_OFFSET_END(buffer) == G_MAXUINT64) return;
    demand(GST_BUFFER_OFFSET_END(buffer) - GST_BUFFER_OFFSET(buffer) == size / row, "offsets");
  }

  void push_caps(int fails_at = 0) {
    const bool features = bytes_.byte() % 4 == 0;
    const check::Caps caps(
        features ? gst_caps_from_string(
                       (std::string("audio/x-speech-features,format=F32LE,layout=frame-major,") +
                        bytes_.pick(kFeatureCaps))
                           .c_str())
                 : pick_mel_caps(bytes_));
    fail_allocation(fails_at);
    gst_pad_push_event(harness_->srcpad, gst_event_new_caps(caps.get()));
    fail_allocation(0);
  }

  void restart() { gst_pad_push_event(harness_->srcpad, pick_segment(bytes_)); }

  void push() {
    GstBuffer* buffer = pick_buffer(bytes_);
    const uint8_t what = bytes_.byte();
    GST_BUFFER_PTS(buffer) = what % 2 == 0 ? time_ : pick_time(bytes_);
    time_ = GST_BUFFER_PTS(buffer) + 30 * GST_MSECOND;
    if (what % 8 < 5) {
      if (next_offset_ == G_MAXUINT64 || what % 16 == 3) next_offset_ = bytes_.pick(kTimes) / 2;
      GST_BUFFER_OFFSET(buffer) = next_offset_;
      next_offset_ += gst_buffer_get_size(buffer) / 20;
      GST_BUFFER_OFFSET_END(buffer) = next_offset_;
    }
    if (what % 32 < 4) GST_BUFFER_DURATION(buffer) = bytes_.pick(kTimes);
    if (what % 64 < 7) {
      GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, "GstNpuMelMeta");
      gst_structure_set(gst_custom_meta_get_structure(meta), "valid-frames", G_TYPE_INT,
                        bytes_.byte() % 6 - 2, nullptr);
    }
    const uint8_t flags = bytes_.byte();
    if (flags % 4 == 0) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    if (flags % 8 == 1) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
    if (flags % 16 == 2) fail_allocation(1 + bytes_.byte() % 32);
    gst_pad_push(harness_->srcpad, buffer);
  }

  Bytes& bytes_;
  check::Harness harness_;
  check::BusWatch bus_;
  guint buffers_ = 0;
  guint64 next_offset_ = G_MAXUINT64;
  guint64 time_ = 0;
  GstFlowReturn flow_ = GST_FLOW_OK;
};

}  // namespace

const GLogLevelFlags fuzz::kFatalLevels = G_LOG_LEVEL_CRITICAL;

void fuzz::play(Bytes& bytes) {
  Session session(bytes);
  play_session(session, bytes);
}
