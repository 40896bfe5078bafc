// SPDX-License-Identifier: LGPL-2.1-or-later
// Ranges from data, for a page and for a display that goes on.
#include "gst/melspecscope/value_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace npumel {
namespace {

float to_float(double value) {
  constexpr double most = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -most, most));
}

/// Keeps a range from being empty: the lowest value gets the lowest colour, nothing the highest.
float at_least_above(float high, float low, Decade decade) {
  const double least = decade > 0 ? decade : 1e-6 * (1 + std::fabs(double{low}));
  return std::max(high, to_float(low + least));
}

float floor_of_range(float high, float smallest, Decade decade) {
  if (decade <= 0) return smallest;
  return std::max(smallest, to_float(high - kShownDecades * decade));
}

}  // namespace

void Extent::add(std::span<const float> values) {
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    low = empty ? value : std::min(low, value);
    high = empty ? value : std::max(high, value);
    empty = false;
  }
}

ValueRange page_range(const Extent& extent, Decade decade) {
  const float low = floor_of_range(extent.high, extent.low, decade);
  return {low, at_least_above(extent.high, low, decade)};
}

ValueRange RunningRange::update(const Extent& added, float visible) {
  if (!added.empty) {
    const bool first = seen_.empty;
    seen_.low = first ? added.low : std::min(seen_.low, added.low);
    seen_.high = first ? added.high : std::max(seen_.high, added.high);
    seen_.empty = false;
    if (decade_ > 0) {
      const double step = decade_ / 2;
      const float wanted = to_float(std::ceil(visible / step) * step);
      if (first || wanted > high_ || wanted < high_ - decade_) high_ = wanted;
    } else {
      high_ = seen_.high;
    }
  }
  const float low = floor_of_range(high_, seen_.low, decade_);
  return {low, at_least_above(high_, low, decade_)};
}

}  // namespace npumel
