// SPDX-License-Identifier: LGPL-2.1-or-later
// The arithmetic of positions and times.
#include "gst/common/timeline.h"

#include <algorithm>

namespace npumel {
namespace {

__extension__ typedef unsigned __int128 Wide;  // NOLINT(modernize-use-using): needs __extension__

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kLast = Timeline::none - 1;
/// Steps of the time base that are remembered; what is older is long sent.
constexpr size_t kMostAnchors = 4096;

uint64_t limited(Wide time) { return static_cast<uint64_t>(std::min<Wide>(time, kLast)); }

int64_t counted(uint64_t duration, int rate, uint64_t round) {
  const Wide samples = (Wide{duration} * static_cast<unsigned>(rate) + round) / kSecond;
  return static_cast<int64_t>(
      std::min<Wide>(samples, static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
}

}  // namespace

void Timeline::configure(int rate) {
  rate_ = rate;
  restart();
}

void Timeline::restart() { anchors_.clear(); }

void Timeline::start(uint64_t base) { anchors_.assign(1, {0, base}); }

void Timeline::move(int64_t position, int64_t offset) {
  const uint64_t time = at(position);
  const uint64_t distance =
      offset < 0 ? uint64_t{0} - static_cast<uint64_t>(offset) : static_cast<uint64_t>(offset);
  const uint64_t moved =
      offset < 0 ? time - std::min(time, distance) : limited(Wide{time} + distance);
  if (anchors_.back().position == position) anchors_.pop_back();
  if (anchors_.size() >= kMostAnchors) anchors_.erase(anchors_.begin() + 1);
  anchors_.push_back({position, moved});
}

const Timeline::Anchor& Timeline::anchor_of(int64_t position) const {
  const auto after = std::upper_bound(
      anchors_.begin() + 1, anchors_.end(), position,
      [](int64_t wanted, const Anchor& anchor) { return wanted < anchor.position; });
  return *(after - 1);
}

bool Timeline::continuous(int64_t from, int64_t to) const {
  return &anchor_of(from) == &anchor_of(to);
}

uint64_t Timeline::at(int64_t position) const {
  const Anchor& anchor = anchor_of(position);
  return limited(Wide{anchor.time} + duration(position - anchor.position));
}

uint64_t Timeline::duration(int64_t samples) const {
  return limited(Wide{static_cast<uint64_t>(samples)} * kSecond / static_cast<unsigned>(rate_));
}

uint64_t Timeline::duration_between(int64_t from, int64_t to) const {
  const int64_t origin = anchor_of(from).position;
  return duration(to - origin) - duration(from - origin);
}

int64_t Timeline::samples_in(uint64_t duration) const {
  return counted(duration, rate_, kSecond / 2);
}

int64_t Timeline::samples_before(uint64_t duration) const { return counted(duration, rate_, 0); }

int64_t Timeline::samples_until(uint64_t duration) const {
  return counted(duration, rate_, kSecond - 1);
}

}  // namespace npumel
