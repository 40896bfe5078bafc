// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's state, apart from GObject: settings, streaming state, counters.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <atomic>
#include <string>

#include "gst/common/capture_times.h"
#include "gst/common/element_error.h"
#include "gst/common/latency.h"
#include "gst/common/mapped_buffer.h"
#include "gst/common/object_lock.h"
#include "gst/common/output_pool.h"
#include "gst/common/pointers.h"
#include "gst/common/segment_rules.h"
#include "gst/common/timeline.h"
#include "gst/npumelspec/backend_log.h"
#include "gst/npumelspec/backend_messages.h"
#include "gst/npumelspec/caps.h"
#include "gst/npumelspec/device_choice.h"
#include "gst/npumelspec/ending.h"
#include "gst/npumelspec/gstnpumelspec.h"
#include "gst/npumelspec/held_audio.h"
#include "gst/npumelspec/jump_rule.h"
#include "gst/npumelspec/log.h"
#include "gst/npumelspec/negotiation_report.h"
#include "gst/npumelspec/output_timing.h"
#include "gst/npumelspec/settings.h"
#include "gst/npumelspec/stats.h"
#include "gst/npumelspec/stream.h"

namespace npumel {

/// Methods named after a vfunc implement it. Unless said otherwise they run under the stream lock,
/// or while no data flows.
class Element final {
 public:
  explicit Element(GstNpuMelSpec* self);
  ~Element();
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  // Any thread: under the object lock.
  Settings settings() const;
  template <typename Change>
  void change(Change&& change) {
    {
      const ObjectLock lock(self_);
      change(settings_);
    }
    reset_errors(GST_ELEMENT(self_));
  }

  bool start();
  bool stop();
  bool set_caps(GstCaps* in, GstCaps* out);
  bool decide_allocation(GstQuery* query);
  GstFlowReturn submit(BufferPtr buffer);
  bool sink_event(EventPtr event);
  /// Ends the stream that is held and sends what it yields. The next sample starts a new one.
  /// `eos`: there will be none.
  GstFlowReturn drain(bool eos = false);
  /// Keeps a flow return of what an event or a query made the element send: the next submit()
  /// returns it.
  void set_pending_flow(GstFlowReturn flow);

  // Any thread.
  CapsPtr transform_caps(GstPadDirection direction, const GstCaps* caps) const;
  void sink_caps_query(GstQuery* query);
  bool src_event(EventPtr event);
  bool latency_query(GstQuery* query);
  void interrupt() { stream_.supervisor().interrupt(); }
  void processing_latency_changed();
  StructurePtr stats() const;
  std::string active_backend() const { return stream_.supervisor().active(); }
  std::string recipe_text() const;
  /// Posts an element error that says why the sink pad refuses these caps.
  void post_refusal(const GstCaps* caps);
  /// Posts an element error if data came before caps.
  void post_missing_caps();
  /// Whether a context may be kept; says in the log why not. device_context.h.
  bool accepts_context(const GstContext* context) const;
  bool answer_context(GstQuery* query) const;

 private:
  // element.cpp
  GstFlowReturn produce(GstBuffer** buffer, bool wait);
  void reset_stream();
  void publish();

  // input.cpp
  GstFlowReturn place(BufferPtr buffer, const Clip& clip);
  GstFlowReturn take(BufferPtr buffer, const Clip& clip);
  GstFlowReturn hold(BufferPtr buffer, const Clip& clip);
  GstFlowReturn release(const JumpRule::Decision& decision);
  GstFlowReturn confirm_held();
  GstFlowReturn restart(const JumpRule::Discontinuity& where, const char* reason);
  GstFlowReturn feed(int64_t silence, const void* samples, int64_t count);
  GstFlowReturn skip_reverse(const Clip& clip);
  bool map(BufferPtr buffer);
  void insert_silence(int64_t samples);
  void report_resync(GstClockTime pts, GstClockTime expected, const char* reason);
  void count_discarded();
  void discard_rejected();
  void discard_input();
  JumpRule::Config jump_rule(const Settings& settings) const;

  // output.cpp
  GstFlowReturn push(BufferPtr buffer);
  /// Works and sends until nothing more can be sent. `wait`: leaves nothing in flight.
  GstFlowReturn push_pending(bool wait = true);
  bool flushing() const;
  GstFlowReturn stamp(Output& output);
  GstFlowReturn announce_frames(int frames);

  // drain.cpp
  GstFlowReturn finish_stream(bool eos);
  GstFlowReturn push_ending(bool eos);
  StreamEnd stream_end(bool eos) const;
  bool peer_takes(int frames) const;

  // device.cpp
  void choose_device(const Settings& settings);
  void warn_of_missing_folders(const Settings& settings);
  void announce_device();

  // events.cpp
  bool sink_caps_event(EventPtr event);
  bool gap_event(EventPtr event);
  bool segment_event(EventPtr event);
  void flush_stop();

  // queries.cpp
  void update_liveness();
  void update_latency();
  GstClockTime processing_latency() const;
  void count_late(GstClockTime taken);

  GstNpuMelSpec* self_;
  Settings settings_;           ///< object lock
  std::string running_recipe_;  ///< recipe of the stream, "" without one; object lock

  // Fixed by set_caps, used by the streaming thread.
  bool configured_ = false;
  Settings active_;
  Stream::Config config_;
  CapsPtr out_caps_;
  int announced_frames_ = 0;  ///< what downstream's caps say now
  size_t width_ = 2;          ///< bytes of an input sample

  // Streaming.
  BackendLog backend_log_;
  OutputPool pool_;
  Stream stream_;
  Timeline timeline_;
  JumpRule jumps_;
  HeldAudio held_;      ///< what jumps_ has not decided about
  MappedBuffer input_;  ///< what the stream reads from until it has consumed it
  CaptureTimes captures_;
  OutputTiming timing_;
  GstFlowReturn pending_flow_ = GST_FLOW_OK;
  bool reverse_ = false;  ///< the segment plays backwards
  bool exceeded_max_duration_ = false;
  BackendMessages backend_messages_;

  // Any thread.
  std::atomic<bool> started_{false};
  std::atomic<int> rate_{0};
  Latency latency_;
  DeviceChoice device_;
  NegotiationReport negotiation_;
  Counters counters_;
};

}  // namespace npumel
