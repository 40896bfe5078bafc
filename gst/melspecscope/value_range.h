// SPDX-License-Identifier: LGPL-2.1-or-later
// Which values get the lowest and the highest colour.
#pragma once

#include <span>

#include "gst/melspecscope/mel_block.h"

namespace npumel {

struct ValueRange {
  float low = 0;
  float high = 1;
  bool operator==(const ValueRange&) const = default;
};

/// The smallest and largest finite value of some data.
struct Extent {
  bool empty = true;
  float low = 0;
  float high = 0;

  void add(std::span<const float> values);
};

/// A factor of ten in power, in the units of the values: 1 for log10, ln 10, 10 dB; 0 when the
/// values are no plain logarithm (log=none, or normalised).
using Decade = double;

/// Decades that an automatic range shows at most: 80 dB, what Whisper keeps below its maximum.
inline constexpr double kShownDecades = 8;

/// Range of a picture of its own: from the smallest to the largest value, but not more than
/// kShownDecades and not less than one decade (so that noise alone does not look like a signal).
ValueRange page_range(const Extent& extent, Decade decade);

/// Range of a display that goes on. It widens at once, so nothing leaves it; it becomes darker or
/// brighter in steps of half a decade, and returns only when the loudest visible value has been a
/// decade below it, so that it rarely changes.
class RunningRange {
 public:
  explicit RunningRange(Decade decade = 0) : decade_(decade) {}

  /// `added`: the values that came; `visible`: the largest value on the display, them included.
  /// Returns the range to draw with.
  ValueRange update(const Extent& added, float visible);

 private:
  Decade decade_;
  Extent seen_;
  float high_ = 0;
};

}  // namespace npumel
