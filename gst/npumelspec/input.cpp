// SPDX-License-Identifier: LGPL-2.1-or-later
// The way of a buffer of audio into the stream: clipped by the segment, judged by its time, held
// while a jump is not understood, then fed.
#include <algorithm>
#include <utility>

#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

JumpRule::Config Element::jump_rule(const Settings& settings) const {
  const GstClockTime max_gap = settings.max_gap.value_or(kDefaultMaxGap);
  // One buffer for all of a clip shows its true length.
  const bool whole = settings.frames == 0 && !settings.max_gap;
  return {settings.alignment_threshold, settings.discont_wait, max_gap,
          whole ? settings.max_duration : max_gap};
}

void Element::set_pending_flow(GstFlowReturn flow) {
  if (flow != GST_FLOW_OK) pending_flow_ = flow;
}

/// Counts samples whose frames will not be sent, as a flush or a rejected buffer ends the stream.
void Element::count_discarded() {
  int64_t lost = held_.samples();
  if (configured_ && timeline_.started()) {
    const int64_t pending = stream_.samples() + stream_.input_left();
    lost += std::max<int64_t>(pending - timing_.sent_samples(), 0);
  }
  counters_.samples_dropped += static_cast<uint64_t>(lost);
}

/// Drops everything that has come in and was not sent.
void Element::discard_input() {
  reset_stream();
  jumps_.reset();
  held_.clear();
}

/// When downstream has rejected a buffer, the rest of the input is discarded, too: the next buffer
/// starts a new stream at its own time.
void Element::discard_rejected() {
  if (!input_ && !stream_.has_input() && (held_.empty() || jumps_.holding())) return;
  count_discarded();
  discard_input();
  timing_.mark_resync();
}

GstFlowReturn Element::submit(BufferPtr buffer) {
  if (pending_flow_ != GST_FLOW_OK) return std::exchange(pending_flow_, GST_FLOW_OK);
  if (exceeded_max_duration_) return GST_FLOW_ERROR;
  discard_rejected();
  const GstSegment& segment = GST_BASE_TRANSFORM(self_)->segment;
  if (segment.format != GST_FORMAT_TIME) {
    NPUMEL_ELEMENT_ERROR(self_, STREAM, FORMAT,
                         ("Audio without a time segment: set format=time on appsrc, or insert a "
                          "parser such as rawaudioparse"),
                         (nullptr));
    return GST_FLOW_ERROR;
  }
  const gsize size = gst_buffer_get_size(buffer.get());
  if (size % width_ != 0) {
    NPUMEL_ELEMENT_ERROR(self_, STREAM, FORMAT,
                         ("A buffer of %" G_GSIZE_FORMAT
                          " bytes does not hold whole samples of %" G_GSIZE_FORMAT " bytes",
                          size, width_),
                         (nullptr));
    return GST_FLOW_ERROR;
  }
  const auto samples = static_cast<int64_t>(size / width_);
  const Clip clip = clip_to(segment, GST_BUFFER_PTS(buffer.get()), samples, timeline_);
  GST_LOG_OBJECT(self_, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " samples at %" GST_TIME_FORMAT,
                 clip.samples, samples, GST_TIME_ARGS(clip.pts));
  if (reverse_) return skip_reverse({0, samples, GST_BUFFER_PTS(buffer.get())});
  counters_.samples_dropped += static_cast<uint64_t>(samples - clip.samples);
  if (clip.samples == 0) return GST_FLOW_OK;
  counters_.samples_in += static_cast<uint64_t>(clip.samples);
  if (GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_GAP))
    counters_.samples_gap += static_cast<uint64_t>(clip.samples);
  return place(std::move(buffer), clip);
}

/// Drops audio of a segment with negative rate and sends a GAP event for its time, so that sinks
/// downstream preroll and the other branches of a player continue.
GstFlowReturn Element::skip_reverse(const Clip& clip) {
  counters_.samples_dropped += static_cast<uint64_t>(clip.samples);
  if (GST_CLOCK_TIME_IS_VALID(clip.pts))
    gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self_),
                       gst_event_new_gap(clip.pts, timeline_.duration(clip.samples)));
  return GST_FLOW_OK;
}

/// Decides where a buffer belongs and puts it there, or holds it.
GstFlowReturn Element::place(BufferPtr buffer, const Clip& clip) {
  if (!timeline_.started()) {
    const GstSegment& segment = GST_BASE_TRANSFORM(self_)->segment;
    GstClockTime start = clip.pts;
    if (!GST_CLOCK_TIME_IS_VALID(start))
      start = GST_CLOCK_TIME_IS_VALID(segment.start) ? segment.start : 0;
    timeline_.start(start);
    jumps_.start(timeline_, start, clip.samples);
    return take(std::move(buffer), clip);
  }
  const JumpRule::Decision decision =
      jumps_.judge(timeline_, stream_.samples(), clip.pts, clip.samples);
  GstFlowReturn flow = release(decision);
  if (flow != GST_FLOW_OK) return flow;
  switch (decision.next) {
    case JumpRule::Next::hold:
      return hold(std::move(buffer), clip);
    case JumpRule::Next::restart:
      flow = restart(decision.next_discontinuity, "the timestamps went back by more than max-gap");
      if (flow != GST_FLOW_OK) return flow;
      break;
    case JumpRule::Next::take:
      break;
  }
  const GstClockTime expected = timeline_.at(stream_.samples());
  flow = take(std::move(buffer), clip);
  if (flow != GST_FLOW_OK || decision.move == 0) return flow;
  timeline_.move(stream_.samples(), decision.move);
  report_resync(clip.pts, expected, "the timestamps stayed behind for discont-wait");
  return GST_FLOW_OK;
}

bool Element::map(BufferPtr buffer) {
  input_ = MappedBuffer(std::move(buffer), GST_MAP_READ);
  if (input_) return true;
  NPUMEL_ELEMENT_ERROR(self_, RESOURCE, READ, ("Cannot read an audio buffer"), (nullptr));
  return false;
}

/// The samples follow those that were taken last.
GstFlowReturn Element::take(BufferPtr buffer, const Clip& clip) {
  captures_.note(buffer.get(), stream_.samples() - clip.skip);
  if (GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_GAP))
    return feed(clip.samples, nullptr, 0);
  if (!map(std::move(buffer))) return GST_FLOW_ERROR;
  return feed(0, input_.data() + static_cast<size_t>(clip.skip) * width_, clip.samples);
}

GstFlowReturn Element::hold(BufferPtr buffer, const Clip& clip) {
  held_.captures().note(buffer.get(), held_.samples() - clip.skip);
  GST_LOG_OBJECT(self_, "%" G_GINT64_FORMAT " samples at %" GST_TIME_FORMAT " are held",
                 clip.samples, GST_TIME_ARGS(clip.pts));
  if (GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_GAP)) {
    held_.append(nullptr, clip.samples, width_);
    return GST_FLOW_OK;
  }
  if (!map(std::move(buffer))) return GST_FLOW_ERROR;
  held_.append(input_.data() + static_cast<size_t>(clip.skip) * width_, clip.samples, width_);
  input_.reset();
  return GST_FLOW_OK;
}

/// Does what was decided about the held samples.
GstFlowReturn Element::release(const JumpRule::Decision& decision) {
  if (decision.held == JumpRule::Held::none) return GST_FLOW_OK;
  GST_DEBUG_OBJECT(self_,
                   "%" G_GINT64_FORMAT " held samples are taken %s, %" G_GINT64_FORMAT
                   " samples of silence before them",
                   held_.samples(),
                   decision.held == JumpRule::Held::as_they_are ? "as they are"
                   : decision.held == JumpRule::Held::restart   ? "as a new stream"
                                                                : "where their time says",
                   decision.silence);
  if (decision.held == JumpRule::Held::restart) {
    const GstFlowReturn flow =
        restart(decision.held_discontinuity, "the timestamps jumped ahead by more than max-gap");
    if (flow != GST_FLOW_OK) return flow;
  }
  insert_silence(decision.silence);
  captures_.append(held_.captures(), stream_.samples() + decision.silence);
  int64_t silence = decision.silence;
  for (const HeldAudio::Run& run : held_.runs()) {
    const GstFlowReturn flow = run.silent ? feed(silence + run.samples, nullptr, 0)
                                          : feed(silence, held_.data(run), run.samples);
    if (flow != GST_FLOW_OK) return flow;
    silence = 0;
  }
  held_.clear();
  return GST_FLOW_OK;
}

/// No more buffers follow that could deny a jump: it is taken at its timestamps.
GstFlowReturn Element::confirm_held() {
  if (!jumps_.holding() || !timeline_.started()) return GST_FLOW_OK;
  return release(jumps_.resolve(timeline_));
}

/// The stream ends here; the next sample is the first one of another.
GstFlowReturn Element::restart(const JumpRule::Discontinuity& where, const char* reason) {
  report_resync(where.base, where.expected, reason);
  const GstFlowReturn flow = finish_stream(false);
  timing_.mark_resync();
  timeline_.start(where.base);
  return flow;
}

/// Silence, then samples, which stay readable until this has returned: computes and sends.
GstFlowReturn Element::feed(int64_t silence, const void* samples, int64_t count) {
  if (stream_.shape().whole()) {
    // Before anything is allocated for it.
    const int64_t all = stream_.samples() + silence + count;
    if (timeline_.duration(all) > active_.max_duration) {
      if (!exceeded_max_duration_)
        NPUMEL_ELEMENT_ERROR(
            self_, STREAM, FAILED,
            ("The stream is longer than max-duration (%" GST_TIME_FORMAT
             "): frames=0 keeps all of it until its end; use frames > 0 or a larger "
             "max-duration",
             GST_TIME_ARGS(active_.max_duration)),
            (nullptr));
      exceeded_max_duration_ = true;
      input_.reset();
      return GST_FLOW_ERROR;
    }
  }
  stream_.feed(silence, samples, count);
  return push_pending(latency_.live());
}

/// Counts silence that is about to be fed.
void Element::insert_silence(int64_t samples) {
  if (samples <= 0) return;
  counters_.samples_inserted += static_cast<uint64_t>(samples);
  GST_DEBUG_OBJECT(self_, "%" G_GINT64_FORMAT " samples of silence inserted at %" GST_TIME_FORMAT,
                   samples, GST_TIME_ARGS(timeline_.at(stream_.samples())));
}

/// Counts and posts a discontinuity in the time of the output.
void Element::report_resync(GstClockTime pts, GstClockTime expected, const char* reason) {
  counters_.resyncs += 1;
  const GstClockTimeDiff jump = GST_CLOCK_DIFF(expected, pts);
  GST_INFO_OBJECT(self_,
                  "audio at %" GST_TIME_FORMAT ", expected %" GST_TIME_FORMAT " (%" GST_STIME_FORMAT
                  "): %s",
                  GST_TIME_ARGS(pts), GST_TIME_ARGS(expected), GST_STIME_ARGS(jump), reason);
  GstStructure* structure = gst_structure_new(
      "npumelspec-resync", "pts", G_TYPE_UINT64, pts, "expected", G_TYPE_UINT64, expected, "jump",
      G_TYPE_INT64, jump, "reason", G_TYPE_STRING, reason, nullptr);
  gst_element_post_message(GST_ELEMENT(self_),
                           gst_message_new_element(GST_OBJECT(self_), structure));
  if (latency_.live()) return;
  GST_ELEMENT_WARNING(self_, STREAM, FORMAT,
                      ("The audio goes on at %" GST_TIME_FORMAT " instead of %" GST_TIME_FORMAT
                       ", and so do the features: %s",
                       GST_TIME_ARGS(pts), GST_TIME_ARGS(expected), reason),
                      ("gaps up to max-gap are filled with silence"));
}

}  // namespace npumel
