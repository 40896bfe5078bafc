// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's state, apart from GObject: settings, streaming state, counters.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <atomic>
#include <string>
#include <vector>

#include "gst/common/object_lock.h"
#include "gst/common/pointers.h"
#include "gst/npumelspec/caps.h"
#include "gst/npumelspec/device_choice.h"
#include "gst/npumelspec/gstnpumelspec.h"
#include "gst/npumelspec/latency.h"
#include "gst/npumelspec/settings.h"
#include "gst/npumelspec/stream.h"
#include "gst/npumelspec/timeline.h"

GST_DEBUG_CATEGORY_EXTERN(npumelspec_debug);

namespace npumel {

/// Counters behind the `stats` property: written by the streaming thread, read by any.
struct Counters {
  std::atomic<uint64_t> frames{0}, buffers{0};
  std::atomic<uint64_t> samples_in{0}, samples_inserted{0}, samples_dropped{0};
  std::atomic<uint64_t> nonfinite{0};
  std::atomic<uint64_t> late_buffers{0};
};

/// Methods named after a vfunc implement it. Unless said otherwise they run under the stream lock,
/// or while no data flows.
class Element final : private BufferSource {
 public:
  explicit Element(GstNpuMelSpec* self);
  ~Element() override;
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  // Any thread: under the object lock.
  Settings settings() const;
  template <typename Change>
  void change(Change&& change) {
    const ObjectLock lock(self_);
    change(settings_);
  }

  bool start();
  bool stop();
  bool set_caps(GstCaps* in, GstCaps* out);
  bool decide_allocation(GstQuery* query);
  GstFlowReturn submit(BufferPtr buffer);
  GstFlowReturn generate(GstBuffer** buffer);
  bool sink_event(EventPtr event);
  /// Ends the stream that is held and sends what it yields. The next sample starts a new one.
  GstFlowReturn drain();

  // Any thread.
  CapsPtr transform_caps(GstPadDirection direction, const GstCaps* caps) const;
  void sink_caps_query(GstQuery* query);
  bool src_event(EventPtr event);
  bool latency_query(GstQuery* query);
  void interrupt() { stream_.supervisor().interrupt(); }
  void processing_latency_changed();
  GstStructure* stats() const;
  std::string active_backend() const { return stream_.supervisor().active(); }
  std::string recipe_text() const;
  /// Says why caps that the sink pad refuses are refused, as an element error.
  void explain_refusal(const GstCaps* caps);
  /// The same for data that comes before caps.
  void explain_missing_caps();
  /// Whether a context may be kept; says in the log why not. device_context.h.
  bool accepts_context(const GstContext* context) const;
  bool answer_context(GstQuery* query) const;

 private:
  // BufferSource
  GstFlowReturn acquire(size_t bytes, BufferPtr& buffer, GstMapInfo& map) override;

  // element.cpp
  GstFlowReturn place(GstBuffer* buffer, int64_t* silence, int64_t* skip, int64_t samples);
  GstFlowReturn produce(GstBuffer** buffer, bool wait);
  void forget_refused();
  void release_input();
  void reset_stream();
  void publish();
  void too_long();

  // allocation.cpp
  GstFlowReturn allocate(size_t bytes, BufferPtr& buffer);

  // output.cpp
  GstFlowReturn stamp(Output& output);
  GstFlowReturn announce_frames(int frames);
  void note_captures(GstBuffer* buffer, int64_t position);
  void attach_captures(GstBuffer* buffer, int64_t position);

  // drain.cpp
  GstFlowReturn push_pending();
  Ending plan_ending(int64_t* length);
  bool peer_takes(GstCaps* caps) const;
  int64_t tail_samples() const;

  // device.cpp
  void choose_device(const Settings& settings);
  void announce_device();

  // events.cpp
  bool sink_caps_event(EventPtr event);
  bool gap_event(EventPtr event);
  bool segment_event(EventPtr event);
  bool forward(EventPtr event);
  void flush_stop();

  // explain.cpp
  void note_answer(const GstCaps* wanted, const GstCaps* left);
  void explain_silence();
  void warn_of_empty_filters();

  // queries.cpp
  void update_liveness();
  void update_latency();
  GstClockTime processing_latency() const;
  void count_late(GstClockTime taken);

  /// When a sample was captured, by another clock: GstReferenceTimestampMeta of the input.
  struct Capture {
    CapsPtr clock;
    GstClockTime time;
    int64_t position;
  };

  GstNpuMelSpec* self_;
  Settings settings_;  ///< object lock
  CapsPtr refused_;    ///< what upstream would have sent; object lock

  // Fixed by set_caps, used by the streaming thread; recipe and shape also by queries (object
  // lock).
  bool configured_ = false;
  Settings active_;
  Stream::Config config_;
  Timeline::Config timing_;
  CapsPtr out_caps_;
  int announced_frames_ = 0;  ///< what downstream's caps say now
  size_t width_ = 2;          ///< bytes of an input sample

  // Streaming.
  Stream stream_;
  Timeline timeline_;
  bool first_output_ = true;  ///< the next buffer starts anew: DISCONT
  bool resynced_ = false;     ///< and it does so because of the input: RESYNC
  BufferPtr input_;           ///< what the stream reads from until it has consumed it
  GstMapInfo input_map_ = {};
  std::vector<Capture> captures_;  ///< in order of position
  std::string backend_;            ///< as last notified
  bool nonfinite_warned_ = false;
  bool empty_warned_ = false;

  // Any thread.
  std::atomic<bool> started_{false};
  std::atomic<int> rate_{0};
  Latency latency_;
  DeviceChoice device_;
  Counters counters_;
};

}  // namespace npumel
