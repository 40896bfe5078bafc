// SPDX-License-Identifier: LGPL-2.1-or-later
// A model of what becomes of every sample: which part of the stream it belongs to and at which
// place, and so which frames have to come out and when.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <deque>

#include "gst/common/segment_rules.h"
#include "gst/npumelspec/jump_rule.h"
#include "kernels/mel/framing.h"
#include "tests/check/mel_stream.h"

namespace npumel::check {

/// Ends the process as a crash would, so that every fuzzing engine sees it.
inline void demand(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// Follows one npumelspec with frames > 0, stride = frames and eos-mode=short. The decisions about
/// jumps are JumpRule's, which has tests of its own; everything else is reckoned here: clipping,
/// parts, counts, times. Each call stands for what the element is sent; look() takes what it has
/// sent, in order, and holds it against the model.
class StreamModel {
 public:
  StreamModel(const Recipe& recipe, int rate, const JumpRule::Config& config)
      : recipe_(recipe), rate_(rate) {
    rule_.configure(config);
    gst_segment_init(&segment_, GST_FORMAT_TIME);
    clock_.configure(rate);
    parts_.push_back(fresh());
  }

  void push(GstClockTime pts, int64_t samples, bool gap) {
    if (segment_.rate < 0) {
      dropped += samples;
      return;
    }
    const Clip clip = clip_to(segment_, pts, samples, clock_);
    dropped += samples - clip.samples;
    if (clip.samples == 0) return;
    in += clip.samples;
    if (gap) gaps += clip.samples;
    Part& part = parts_.back();
    if (!part.time.started()) {
      const GstClockTime start = GST_CLOCK_TIME_IS_VALID(clip.pts) ? clip.pts : segment_.start;
      part.time.start(start);
      rule_.start(part.time, start, clip.samples);
      part.samples = clip.samples;
      return;
    }
    const JumpRule::Decision decision =
        rule_.judge(part.time, part.samples, clip.pts, clip.samples);
    release(decision);
    if (decision.next == JumpRule::Next::hold) {
      held_ += clip.samples;
      return;
    }
    if (decision.next == JumpRule::Next::restart) restart(decision.next_discontinuity.base);
    parts_.back().samples += clip.samples;
    if (decision.move == 0) return;
    parts_.back().time.move(parts_.back().samples, decision.move);
    ++resyncs;
  }

  void gap(GstClockTime start, GstClockTime duration) {
    if (!parts_.back().time.started()) return;
    confirm_held();
    Part& part = parts_.back();
    if (!GST_CLOCK_TIME_IS_VALID(duration)) {
      drain();
      return;
    }
    const GstClockTime due = part.time.at(part.samples);
    const GstClockTime end = start + std::min(duration, GST_CLOCK_TIME_NONE - 1 - start);
    const JumpRule::Config& config = rule_.config();
    const bool near = start > due ? start - due <= config.max_fill : due - start <= config.max_gap;
    if (near && duration <= config.max_fill) {
      const int64_t silence = end > due ? part.time.samples_in(end - due) : 0;
      inserted += silence;
      part.samples += silence;
      return;
    }
    ++resyncs;
    drain();
  }

  void segment(const GstSegment& next) {
    const GstSegment& now = segment_;
    const bool same = now.rate == next.rate && now.start == next.start && now.time == next.time &&
                      now.base == next.base;
    if (!same) drain();
    segment_ = next;
  }

  /// EOS and everything else that ends the stream for good.
  void drain() {
    confirm_held();
    end();
  }
  /// After look(): nothing of it will come any more.
  void flush() {
    flushed_held += held_;
    held_ = 0;
    rule_.reset();
    while (parts_.size() > 1) next_part();
    flushed_most += parts_.back().samples;
    parts_.assign(1, fresh());
    sent_ = 0;
    gst_segment_init(&segment_, GST_FORMAT_TIME);
  }

  /// Takes what has left the element so far.
  void look(MelStream& stream) {
    for (const Received* buffer : stream.buffers()) look(*buffer);
    stream.forget();
  }
  /// After EOS: nothing may be missing.
  void finish(MelStream& stream) {
    look(stream);
    while (parts_.size() > 1) next_part();
    demand(stat(stream, "samples-in") == static_cast<guint64>(in), "samples-in");
    demand(stat(stream, "samples-inserted") == static_cast<guint64>(inserted), "samples-inserted");
    demand(stat(stream, "samples-gap") == static_cast<guint64>(gaps), "samples-gap");
    demand(stat(stream, "resyncs") == static_cast<guint64>(resyncs), "resyncs");
    demand(stat(stream, "frames") == static_cast<guint64>(frames), "frames");
    const guint64 gone = stat(stream, "samples-dropped");
    const auto least = static_cast<guint64>(dropped + flushed_held);
    demand(gone >= least && gone <= least + static_cast<guint64>(flushed_most), "samples-dropped");
  }

  int64_t in = 0, inserted = 0, dropped = 0, gaps = 0, frames = 0;
  int64_t flushed_held = 0;  ///< samples that were held when a flush came
  int64_t flushed_most = 0;  ///< and the most that may have been under way
  int resyncs = 0, parts = 0;

 private:
  /// Without gst-check's assertions, which fuzz targets do not have.
  static guint64 stat(const MelStream& stream, const char* name) {
    guint64 value = G_MAXUINT64;
    demand(gst_structure_get_uint64(stream.stats().get(), name, &value) != FALSE, name);
    return value;
  }

  struct Part {
    Timeline time;
    int64_t samples = 0;
  };

  Part fresh() const {
    Part part;
    part.time.configure(rate_);
    return part;
  }
  void end() {
    if (parts_.back().time.started()) parts_.push_back(fresh());
  }
  void confirm_held() {
    if (rule_.holding()) release(rule_.resolve(parts_.back().time));
  }
  void release(const JumpRule::Decision& decision) {
    if (decision.held == JumpRule::Held::none) return;
    if (decision.held == JumpRule::Held::restart) restart(decision.held_discontinuity.base);
    inserted += decision.silence;
    parts_.back().samples += decision.silence + held_;
    held_ = 0;
  }
  void restart(GstClockTime base) {
    ++resyncs;
    end();
    parts_.back().time.start(base);
  }

  /// The oldest part is over.
  void next_part() {
    const Part& part = parts_.front();
    demand(sent_ == frame_count(recipe_, part.samples), "every frame of a part");
    parts_.pop_front();
    sent_ = 0;
    ++parts;
  }
  void look(const Received& buffer) {
    if (buffer.offset == 0)
      while (parts_.size() > 1 && (sent_ > 0 || frame_count(recipe_, parts_.front().samples) == 0 ||
                                   buffer.pts != parts_.front().time.at(0)))
        next_part();
    const Part& part = parts_.front();
    const int64_t hop = recipe_.hop_length;
    demand(buffer.offset == static_cast<guint64>(sent_), "no frame twice and none left out");
    demand(part.time.started() && buffer.pts == part.time.at(sent_ * hop), "time to the ns");
    const auto rows = static_cast<int64_t>(buffer.offset_end - buffer.offset);
    demand(buffer.duration == part.time.duration_between(sent_ * hop, (sent_ + rows) * hop),
           "duration to the ns");
    const bool step = sent_ == 0 || !part.time.continuous(last_ * hop, sent_ * hop);
    demand(buffer.has(GST_BUFFER_FLAG_DISCONT) == step, "DISCONT where time is not continuous");
    last_ = sent_;
    sent_ += rows;
    frames += rows;
    demand(sent_ <= frame_count(recipe_, part.samples), "no frame before its samples");
  }

  Recipe recipe_;
  int rate_;
  JumpRule rule_;
  GstSegment segment_;
  Timeline clock_;          ///< for durations alone
  std::deque<Part> parts_;  ///< oldest first; the last one is open
  int64_t held_ = 0;
  int64_t sent_ = 0;  ///< frames of the first part
  int64_t last_ = 0;  ///< first frame of the buffer before
};

}  // namespace npumel::check
