// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's state, apart from GObject: settings, negotiation, rows in, buffers out.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gst/common/capture_times.h"
#include "gst/common/element_error.h"
#include "gst/common/latency.h"
#include "gst/common/output_pool.h"
#include "gst/common/pointers.h"
#include "gst/common/row_meta.h"
#include "gst/common/timeline.h"
#include "gst/meltransform/block_writer.h"
#include "gst/meltransform/continuity.h"
#include "gst/meltransform/gstmeltransform.h"
#include "gst/meltransform/settings.h"
#include "gst/meltransform/transform_caps.h"
#include "kernels/transform/transform.h"

namespace npumel {

/// Methods named after a vfunc implement it. Unless said otherwise they run under the stream lock,
/// or while no data flows.
class MelTransform final {
 public:
  explicit MelTransform(GstMelTransform* self);
  MelTransform(const MelTransform&) = delete;
  MelTransform& operator=(const MelTransform&) = delete;

  bool start();
  bool stop();
  bool set_caps(GstCaps* in, GstCaps* out);
  bool decide_allocation(GstQuery* query);
  GstFlowReturn submit(BufferPtr buffer);
  bool sink_event(EventPtr event);
  /// Ends the stream that is held and sends what it yields. The next row starts a new one. `eos`:
  /// there will be none.
  GstFlowReturn drain(bool eos = false);
  /// Keeps a flow return of what an event or a query made the element send: the next submit()
  /// returns it.
  void set_pending_flow(GstFlowReturn flow);

  // Any thread.
  TransformChoice& choice() { return choice_; }
  const TransformChoice& choice() const { return choice_; }
  CapsPtr transform_caps(GstPadDirection direction, const GstCaps* caps) const;
  void sink_caps_query(GstQuery* query) const;
  bool src_event(EventPtr event);
  bool latency_query(GstQuery* query);
  /// The canonical text of the transform that runs or, without a stream, that the settings say;
  /// "invalid: " and the reason where they say none.
  std::string transform_text() const;
  /// Posts an element error that says why the sink pad refuses these caps.
  void post_refusal(const GstCaps* caps);

 private:
  // mel_transform.cpp
  void use(TransformChoice::Recipe recipe, Source source, const GstCaps* out);
  void update_latency();

  // input.cpp
  GstFlowReturn take(BufferPtr buffer);
  GstFlowReturn take_stream(GstBuffer* buffer, std::span<const float> rows, int64_t valid);
  GstFlowReturn feed(std::span<const float> rows);
  GstFlowReturn take_alone(GstBuffer* buffer, std::span<const float> rows, int64_t valid);
  GstFlowReturn transform_alone(std::span<const float> rows, int64_t least, BufferPtr& result);
  void note_meta(const RowMeta& meta);
  void count_nonfinite(uint64_t found);
  void warn_of_short_clip(int64_t rows);

  // output.cpp
  GstFlowReturn push_full_blocks();
  GstFlowReturn push_block(int64_t rows, int64_t valid);
  GstFlowReturn push(BufferPtr buffer);
  GstFlowReturn finish_stream(bool eos);
  GstFlowReturn announce_frames(int64_t frames);
  void stamp(GstBuffer* buffer, int64_t start, int64_t rows);
  void describe(GstBuffer* buffer, int64_t start, int64_t rows, int64_t valid);
  bool peer_takes(const GstCaps* caps) const;
  bool flushing() const;
  void reset_stream();

  // events.cpp
  bool sink_caps_event(EventPtr event);
  bool segment_event(EventPtr event);
  bool gap_event(EventPtr event);

  int hop() const { return source_->input.hop_length; }
  /// Where in the timeline an output row lies, in samples of the audio.
  int64_t position_of(int64_t row) const { return row * recipe_->stride() * hop(); }

  GstMelTransform* self_;
  TransformChoice choice_;

  // Fixed by set_caps, used by the streaming thread.
  bool configured_ = false;
  TransformChoice::Recipe recipe_;
  std::optional<Source> source_;
  std::optional<Transformer> transformer_;
  Mode mode_ = Mode::alone;
  FeatureInfo features_;  ///< of what leaves, with the negotiated format and layout
  CapsPtr out_caps_;
  int64_t announced_frames_ = 0;  ///< what downstream's caps say now

  // Streaming.
  OutputPool pool_;
  BlockWriter writer_;
  Continuity continuity_;
  Timeline timeline_;  ///< positions are samples of the audio
  CaptureTimes captures_;
  std::vector<float> scratch_;  ///< input rows in the transform's form
  std::vector<float> waiting_;  ///< output rows for the next blocks
  size_t waiting_from_ = 0;     ///< values of waiting_ that have gone
  std::vector<float> clip_;     ///< Mode::alone: output rows that need another form
  int64_t sent_rows_ = 0;       ///< rows of the blocks that have left, padding included
  uint64_t first_offset_ = 0;   ///< OFFSET of the stream's first row
  int64_t last_start_ = 0;      ///< position of the last block that left
  int64_t time_limit_ = -1;     ///< where the last rows must end, as others may follow
  int64_t sound_end_ = 0;       ///< input rows before the end of the last one that is no GAP
  bool first_output_ = true;    ///< the next buffer is the first after a start: DISCONT
  bool resynced_ = false;       ///< that start was a resync: RESYNC
  int64_t padding_ = 0;         ///< rows of padding behind the last real one
  bool filled_ = false;         ///< with them upstream fills its buffers, and so do we
  double log_max_ = 0;          ///< of the last input buffer's meta, as the next
  std::string backend_ = "software";
  GstFlowReturn pending_flow_ = GST_FLOW_OK;
  bool reverse_ = false;  ///< the segment plays backwards
  bool nonfinite_warned_ = false;
  bool short_warned_ = false;

  // Any thread.
  std::atomic<bool> started_{false};
  Latency latency_;
  mutable std::mutex running_mutex_;
  TransformChoice::Recipe running_;  ///< of the stream; null without one
};

}  // namespace npumel
