// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npumelspec/timeline.h"

namespace npumel {

void Timeline::configure(const Config& config) {
  config_ = config;
  align_.reset(
      gst_audio_stream_align_new(config.rate, config.alignment_threshold, config.discont_wait));
  restart();
}

void Timeline::restart() { base_ = GST_CLOCK_TIME_NONE; }

void Timeline::start(GstClockTime base, int64_t samples) {
  base_ = base;
  gst_audio_stream_align_process(align_.get(), TRUE, base, static_cast<guint>(samples), nullptr,
                                 nullptr, nullptr);
}

Timeline::Placement Timeline::place(GstClockTime pts, bool flagged, int64_t samples,
                                    int64_t position) {
  const GstClockTime expected = at(position);
  const GstClockTime here = GST_CLOCK_TIME_IS_VALID(pts) ? pts : expected;
  const bool jumped =
      gst_audio_stream_align_process(align_.get(), flagged, here, static_cast<guint>(samples),
                                     nullptr, nullptr, nullptr) != FALSE;
  if (!jumped) return {};

  const GstClockTimeDiff jump = GST_CLOCK_DIFF(expected, here);
  if (ABS(jump) > static_cast<GstClockTimeDiff>(config_.max_gap)) return {.resync = true};
  const int64_t gap = jump < 0 ? -samples_between(here, expected) : samples_between(expected, here);
  // A buffer that is dropped whole leaves the overlap unfinished: the next one is judged afresh.
  if (gap + samples <= 0) gst_audio_stream_align_mark_discont(align_.get());
  return {.gap = gap};
}

GstClockTime Timeline::at(int64_t position) const {
  return base_ + gst_util_uint64_scale(static_cast<guint64>(position), GST_SECOND,
                                       static_cast<guint64>(config_.rate));
}

int64_t Timeline::samples_between(GstClockTime from, GstClockTime to) const {
  return static_cast<int64_t>(
      gst_util_uint64_scale_round(to - from, static_cast<guint64>(config_.rate), GST_SECOND));
}

}  // namespace npumel
