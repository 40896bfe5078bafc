// SPDX-License-Identifier: LGPL-2.1-or-later
// Moves samples through framer, backend and assembler, in the order that schedule.h says.
#include "gst/npumelspec/stream.h"

#include <algorithm>
#include <utility>

#include "gst/npumelspec/device_buffer.h"
#include "gst/npumelspec/log.h"
#include "gst/npumelspec/schedule.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

void Stream::configure(const Config& config) {
  reset();
  config_ = config;
  batches_ = 0;
  framer_.configure(config.backend.recipe, config.backend.type);
  config_.backend.type = framer_.slot_type();
  config_.backend.raw_type = config.backend.type;
  supervisor_.configure(config_.backend);
  config_.backend.type = config.backend.type;
  Recipe raw = config.backend.recipe;
  raw.preemphasis = 0;
  raw_framer_.configure(raw, config.backend.type);
  Assembler::Config output = config.output;
  output.full_batches = supervisor_.may_fill_batches();
  output.batch_frames = supervisor_.max_frames();
  assembler_.configure(output);
  if (config.measures_level) meter_.configure(config.backend.recipe, config.backend.type);
  in_flight_.reserve(static_cast<size_t>(supervisor_.depth()));
}

void Stream::reset() noexcept {
  if (!in_flight_.empty()) supervisor_.discard();
  in_flight_.clear();
  slot_ = nullptr;
  framer_.reset();
  raw_framer_.reset();
  assembler_.reset();
  meter_.reset();
  silence_ = 0;
  samples_ = nullptr;
  samples_left_ = 0;
}

void Stream::feed(int64_t silence, const void* samples, int64_t count) {
  silence_ = silence;
  samples_ = static_cast<const char*>(samples);
  samples_left_ = count;
}

void Stream::finish(int64_t length, const Ending& ending) {
  silence_ = std::max<int64_t>(length - framer_.samples(), 0);
  samples_left_ = 0;
  assembler_.finish(ending);
  framer_.lower_limit(assembler_.limit(framer_.first_frame()));
  raw_framer_.lower_limit(assembler_.limit(framer_.first_frame()));
}

bool Stream::closing() const {
  return assembler_.finished() && framer_.first_frame() < assembler_.ending().total;
}

/// Moves samples into the slot and submits it when it can be. False: nothing moved.
bool Stream::fill(bool wait) {
  if (assembler_.finished() && !closing()) silence_ = 0;
  if (!has_input() && !closing()) return false;
  if (slot_ == nullptr) {
    slot_ = supervisor_.begin();
    if (slot_ == nullptr) return false;
    const int limit = assembler_.limit(framer_.first_frame());
    framer_.begin(*slot_, limit);
    if (slot_->raw != nullptr) raw_framer_.begin(*slot_->raw, limit);
  }
  const auto width = static_cast<int64_t>(size_of(config_.backend.type));
  if (silence_ > 0) {
    const int64_t taken = framer_.push_silence(silence_);
    if (slot_->raw != nullptr) raw_framer_.push_silence(taken);
    if (config_.measures_level) meter_.push_silence(taken);
    silence_ -= taken;
  }
  if (silence_ == 0 && samples_left_ > 0) {
    const int64_t taken = framer_.push(samples_, samples_left_);
    if (slot_->raw != nullptr) raw_framer_.push(samples_, taken);
    if (config_.measures_level) meter_.push(samples_, taken);
    samples_ += taken * width;
    samples_left_ -= taken;
  }
  if (framer_.complete()) {
    submit(framer_.ready());
    return true;
  }
  if (has_input()) return true;
  if (closing()) {
    framer_.finish();
    raw_framer_.finish();
    submit(framer_.ready());
    return true;
  }
  if (!wait && supervisor_.fills_batches()) return false;
  const int early = assembler_.early(framer_.first_frame(), framer_.ready());
  if (early > 0) submit(early);
  return early > 0;
}

void Stream::submit(int frames) {
  const int64_t first = framer_.first_frame();
  framer_.prepare(frames);
  if (slot_->raw != nullptr) raw_framer_.prepare(frames);
  slot_->beyond_end = framer_.beyond_end();
  in_flight_.push_back({batches_, first, frames, framer_.silent(first, frames)});
  GST_LOG_OBJECT(log_object_,
                 "batch %" G_GUINT64_FORMAT ": frames %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                 " submitted, %zu in flight",
                 batches_, first, first + frames - 1, in_flight_.size());
  ++batches_;
  supervisor_.submit(*slot_, frames, more_follow());
  slot_ = nullptr;
}

/// Whether another batch will be submitted before the result of the last one is needed.
bool Stream::more_follow() const {
  const int64_t hop = int64_t{config_.backend.recipe.hop_length};
  return silence_ + samples_left_ >= kBatchFrames * hop || can_wait();
}

/// Whether what has been submitted completes no buffer.
bool Stream::can_wait() const {
  return !assembler_.finished() && !assembler_.complete_with(framer_.first_frame());
}

GstFlowReturn Stream::collect() {
  const Batch& batch = in_flight_.front();
  RowSink rows;
  const GstFlowReturn flow = assembler_.sink(batch.first, batch.frames, rows);
  if (flow != GST_FLOW_OK) return flow;
  DeviceRows sent;
  const bool direct = takes_device_memory_ && assembler_.is_a_buffer(batch.first, batch.frames);
  const Supervisor::Collected collected = supervisor_.collect(rows, direct ? &sent : nullptr);
  if (collected.interrupted) return GST_FLOW_FLUSHING;
  if (sent) {
    rows.data = data_of(*sent);
    assembler_.adopt(device_buffer(std::move(sent)));
  }
  GST_LOG_OBJECT(log_object_,
                 "batch %" G_GUINT64_FORMAT ": frames %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                 " computed by %s, maximum %g",
                 batch.number, batch.first, batch.first + batch.frames - 1, collected.backend,
                 collected.maximum);
  if (config_.measures_level) meter_.push_rows(batch.first, batch.frames, rows);
  assembler_.commit(batch.first, batch.frames, collected.maximum, collected.backend, batch.silent);
  in_flight_.erase(in_flight_.begin());
  return GST_FLOW_OK;
}

AudioLevel Stream::level(int64_t first, int64_t count) {
  const AudioLevel level = meter_.level(first, count);
  meter_.drop_before(first);
  return level;
}

GstFlowReturn Stream::next(Output& output, bool wait) {
  while (true) {
    GstFlowReturn flow = assembler_.take(output);
    if (flow != GST_FLOW_OK || output.buffer) return flow;
    Situation now;
    now.oldest_done = !in_flight_.empty() && supervisor_.ready();
    // fill() returns whether there was anything to move, so it is called before deciding.
    now.can_fill = !now.oldest_done && fill(wait);
    now.input_waits = has_input() || closing();
    now.in_flight = in_flight_.size();
    now.may_lag = may_lag({.everything = wait || assembler_.finished(),
                           .completes_buffer = !can_wait(),
                           .depth = supervisor_.depth(),
                           .ahead = supervisor_.ahead()});
    switch (next_step(now)) {
      case StreamStep::fill:
        break;
      case StreamStep::collect:
        flow = collect();
        if (flow != GST_FLOW_OK) return flow;
        break;
      case StreamStep::leave:
        return GST_FLOW_OK;
    }
  }
}

}  // namespace npumel
