// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element adds to the latency of a pipeline, and whether that pipeline is live.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>

namespace npumel {

/// Any thread may call everything. `granted` is npumelspec's property processing-latency:
/// the time that a live pipeline leaves for computing a buffer.
class Latency {
 public:
  /// A buffer is complete `samples` samples after its first one. rate > 0.
  void configure(int64_t samples, int rate);
  /// Nothing is known, as before the first caps. Liveness stays as upstream said.
  void reset();
  bool known() const { return buffering_ != GST_CLOCK_TIME_NONE; }

  void set_live(bool live) { live_ = live; }
  bool live() const { return live_; }

  /// The element's own latency: until a buffer is complete its first frame has waited for all
  /// others. 0 before configure().
  GstClockTime own(GstClockTime granted) const;
  /// Adds own() to upstream's answer to a LATENCY query and notes whether upstream is live.
  void answer(GstQuery* query, GstClockTime granted);
  /// Whether own() has changed since the last call: a LATENCY message is due.
  bool changed(GstClockTime granted);

  /// Whether a buffer that was complete `taken` after its last sample is too late for sinks that
  /// synchronise.
  bool late(GstClockTime taken, GstClockTime granted) const { return live_ && taken > granted; }

 private:
  std::atomic<bool> live_{false};
  std::atomic<GstClockTime> buffering_{GST_CLOCK_TIME_NONE};
  std::atomic<GstClockTime> announced_{GST_CLOCK_TIME_NONE};
};

}  // namespace npumel
