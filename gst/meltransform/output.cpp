// SPDX-License-Identifier: LGPL-2.1-or-later
// What leaves: blocks of rows with caps, time, flags and metas, and the end of a stream.
#include <algorithm>
#include <utility>

#include "gst/common/guarded.h"
#include "gst/common/tensor.h"
#include "gst/meltransform/log.h"
#include "gst/meltransform/mel_transform.h"

#define GST_CAT_DEFAULT mel_transform_debug

namespace npumel {

bool MelTransform::peer_takes(const GstCaps* caps) const {
  return gst_pad_peer_query_accept_caps(GST_BASE_TRANSFORM_SRC_PAD(self_),
                                        const_cast<GstCaps*>(caps)) != FALSE;
}

/// Whether a FALSE from downstream may mean no more than that a flush or a stop has begun: it
/// reaches the next element before it reaches our own pads.
bool MelTransform::flushing() const {
  GstPad* source = GST_BASE_TRANSFORM_SRC_PAD(self_);
  if (GST_PAD_IS_FLUSHING(source) || GST_PAD_IS_FLUSHING(GST_BASE_TRANSFORM_SINK_PAD(self_)))
    return true;
  const PadPtr peer(gst_pad_get_peer(source));
  return peer && GST_PAD_IS_FLUSHING(peer.get());
}

/// A buffer of another length than the caps say is preceded by caps that say so.
GstFlowReturn MelTransform::announce_frames(int64_t frames) {
  if (frames == announced_frames_) return GST_FLOW_OK;
  const CapsPtr caps = with_frames(out_caps_.get(), features_.layout, static_cast<int>(frames));
  // Pushing refused caps succeeds, only the buffer after them fails: ask first.
  const bool taken = peer_takes(caps.get());
  if (flushing()) return GST_FLOW_FLUSHING;
  if (!taken) {
    NPUMEL_ELEMENT_ERROR(
        self_, CORE, NEGOTIATION,
        ("The next element refuses a buffer of %" G_GINT64_FORMAT
         " instead of %d rows: its caps must leave frames open, or npumelspec fill "
         "its buffers with eos-mode=pad",
         frames, features_.frames),
        (nullptr));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self_), gst_event_new_caps(caps.get())))
    announced_frames_ = frames;
  return GST_FLOW_OK;
}

/// Our own push and not the base class's, which marks DISCONT wherever the input does.
GstFlowReturn MelTransform::push(BufferPtr buffer) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self_);
  const GstClockTime pts = GST_BUFFER_PTS(buffer.get());
  const GstClockTime duration = GST_BUFFER_DURATION(buffer.get());
  const GstFlowReturn flow = gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(base), buffer.release());
  const bool timed = GST_CLOCK_TIME_IS_VALID(pts) && GST_CLOCK_TIME_IS_VALID(duration);
  if (flow == GST_FLOW_OK && timed && base->segment.format == GST_FORMAT_TIME)
    base->segment.position = pts + duration;  // the answer to POSITION
  return flow;
}

/// Fills blocks with the rows that wait and sends those that are full.
GstFlowReturn MelTransform::push_full_blocks() {
  const auto width = static_cast<size_t>(features_.dims);
  while (true) {
    const size_t left = waiting_.size() - waiting_from_;
    if (left > 0 && !writer_.full()) {
      std::span<float> target;
      const GstFlowReturn flow = writer_.begin(target);
      if (flow != GST_FLOW_OK) return flow;
      const size_t count = std::min(left, target.size());
      std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_from_), count,
                  target.begin());
      waiting_from_ += count;
      writer_.wrote(static_cast<int64_t>(count / width));
    }
    if (!writer_.full()) break;
    const GstFlowReturn flow = push_block(writer_.filled(), writer_.filled());
    if (flow != GST_FLOW_OK) return flow;
  }
  waiting_.clear();
  waiting_from_ = 0;
  return GST_FLOW_OK;
}

/// Sends the block as a buffer of `rows` rows, the first `valid` of which are real.
GstFlowReturn MelTransform::push_block(int64_t rows, int64_t valid) {
  BufferPtr buffer;
  const GstFlowReturn announced = announce_frames(rows);
  if (announced != GST_FLOW_OK) return announced;
  const GstFlowReturn flow = writer_.finish(rows, buffer);
  if (flow != GST_FLOW_OK) return flow;
  const int64_t start = sent_rows_;
  sent_rows_ += rows;
  stamp(buffer.get(), start, rows);
  describe(buffer.get(), start + static_cast<int64_t>(first_offset_), rows, valid);
  return push(std::move(buffer));
}

void MelTransform::stamp(GstBuffer* buffer, int64_t start, int64_t rows) {
  const int64_t begin = position_of(start);
  const int64_t end = position_of(start + rows);
  // Padding has no time of its own where real rows may follow.
  const int64_t until = time_limit_ < 0 ? end : std::clamp(time_limit_, begin, end);
  GST_BUFFER_PTS(buffer) = timeline_.at(begin);
  GST_BUFFER_DURATION(buffer) = timeline_.duration_between(begin, until);
  GST_BUFFER_OFFSET(buffer) = first_offset_ + static_cast<uint64_t>(start);
  GST_BUFFER_OFFSET_END(buffer) = first_offset_ + static_cast<uint64_t>(start + rows);
  if (first_output_ || !timeline_.continuous(last_start_, begin))
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  if (first_output_ && resynced_) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_RESYNC);
  if (sound_end_ == 0) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
  first_output_ = resynced_ = false;
  last_start_ = begin;
  captures_.attach(buffer, begin, timeline_);
}

void MelTransform::describe(GstBuffer* buffer, int64_t start, int64_t rows, int64_t valid) {
  attach_row_meta(buffer, {.valid = static_cast<int>(valid),
                           .offset = static_cast<uint64_t>(start),
                           .log_max = log_max_,
                           .backend = backend_.c_str()});
  attach_tensor_meta(buffer, kFeatureTensorId, features_.layout, features_.type, features_.dims,
                     static_cast<int>(rows));
  GST_LOG_OBJECT(self_,
                 "buffer: rows %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " (%" G_GINT64_FORMAT
                 " valid) at %" GST_TIME_FORMAT " for %" GST_TIME_FORMAT "%s",
                 start, start + rows - 1, valid, GST_TIME_ARGS(GST_BUFFER_PTS(buffer)),
                 GST_TIME_ARGS(GST_BUFFER_DURATION(buffer)),
                 GST_BUFFER_IS_DISCONT(buffer) ? ", discont" : "");
}

/// An exception ends this stream and not the event that asked for its end: EOS goes on after it.
GstFlowReturn MelTransform::drain(bool eos) {
  const GstFlowReturn flow =
      guarded(self_, GST_FLOW_ERROR, [this, eos] { return finish_stream(eos); });
  reset_stream();
  return flow;
}

GstFlowReturn MelTransform::finish_stream(bool eos) {
  if (!configured_ || mode_ != Mode::stream || !timeline_.started()) return GST_FLOW_OK;
  const int64_t rows_in = transformer_->rows_in();
  const int64_t valid = transformed_valid_rows(*recipe_, rows_in);
  if (!eos) time_limit_ = rows_in * hop();
  waiting_.resize(static_cast<size_t>(transformer_->rows_at_end()) *
                  static_cast<size_t>(features_.dims));
  waiting_from_ = 0;
  transformer_->drain(waiting_);
  const GstFlowReturn flow = push_full_blocks();
  if (flow != GST_FLOW_OK) return flow;

  const int64_t rest = writer_.filled();
  GST_DEBUG_OBJECT(self_,
                   "ends after %" G_GINT64_FORMAT " rows with %" G_GINT64_FORMAT
                   " rows, %" G_GINT64_FORMAT " valid",
                   rows_in, sent_rows_ + rest, valid);
  // Padded audio makes a first buffer even where it is too short for a row of its own.
  const bool nothing = sent_rows_ + rest == 0;
  if (nothing && rows_in > 0) warn_of_short_clip(rows_in);
  if (rest == 0 && !(nothing && filled_)) return GST_FLOW_OK;
  const int64_t all = rest + writer_.room();
  const int64_t with_padding = transformed_rows(*recipe_, rows_in + padding_) - sent_rows_;
  const int64_t rows = std::clamp(with_padding, rest, all);
  const CapsPtr caps = with_frames(out_caps_.get(), features_.layout, static_cast<int>(rows));
  const bool fills = filled_ || !peer_takes(caps.get());
  return push_block(fills ? all : rows, std::clamp<int64_t>(valid - sent_rows_, 0, rest));
}

void MelTransform::reset_stream() {
  if (transformer_) transformer_->reset();
  writer_.reset();
  continuity_.restart();
  timeline_.restart();
  captures_.clear();
  waiting_.clear();
  waiting_from_ = 0;
  sent_rows_ = last_start_ = sound_end_ = 0;
  first_offset_ = 0;
  time_limit_ = -1;
  first_output_ = true;
  resynced_ = filled_ = false;
  padding_ = 0;
}

}  // namespace npumel
