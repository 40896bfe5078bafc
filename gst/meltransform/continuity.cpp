// SPDX-License-Identifier: LGPL-2.1-or-later
// Offsets and times of buffers against those of the buffers before.
#include "gst/meltransform/continuity.h"

#include <algorithm>

namespace npumel {
namespace {

/// Where a flag says that something happened, times need not differ by half a row to differ: what
/// is left is rounding.
constexpr GstClockTime kRounding = GST_USECOND;
/// No time base moves by a century.
constexpr GstClockTime kMostStep = GstClockTime{1} << 61;

}  // namespace

Follows Continuity::judge(const Placement& buffer, GstClockTime expected) const {
  if (!started_) return Follows::yes;
  const bool timed = GST_CLOCK_TIME_IS_VALID(buffer.pts);
  const GstClockTime step =
      !timed ? 0 : std::max(buffer.pts, expected) - std::min(buffer.pts, expected);
  if (has_offset_ && buffer.counts_rows()) {
    if (buffer.offset != next_offset_ || step > kMostStep) return Follows::no;
    const GstClockTime small =
        buffer.discont ? std::min(kRounding, row_duration_ / 2) : row_duration_ / 2;
    return step > small ? Follows::with_step : Follows::yes;
  }
  return step > row_duration_ / 2 ? Follows::no : Follows::yes;
}

void Continuity::took(const Placement& buffer) {
  started_ = true;
  has_offset_ = buffer.counts_rows();
  if (has_offset_) next_offset_ = buffer.offset_end;
}

}  // namespace npumel
