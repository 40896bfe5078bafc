// SPDX-License-Identifier: LGPL-2.1-or-later
// Absolute times of frames and pictures, in arithmetic that cannot wrap.
#include "gst/melspecscope/scroll_clock.h"

#include <algorithm>
#include <cmath>

namespace npumel {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide kSecond = 1000000000;
// A longer hole is not filled with pictures: the display jumps.
constexpr double kLongestHole = 1e9;
// Beyond every number of frames that a stream can hold; counts stay far from overflow.
constexpr int64_t kMostFrames = int64_t{1} << 53;

/// origin + n * num / den, rounded down; kLastTime where that does not exist.
uint64_t time_after(uint64_t origin, int64_t n, Wide num, Wide den) {
  const Wide time = origin + static_cast<Wide>(n) * num / den;
  return time < kLastTime ? static_cast<uint64_t>(time) : kLastTime;
}

}  // namespace

void ScrollClock::start(uint64_t time) {
  started_ = true;
  origin_ = std::min(time, kLastTime);
  frames_ = 0;
  pictures_ = 0;
}

void ScrollClock::add_frames(int64_t frames) { frames_ += std::min(frames, kMostFrames - frames_); }

uint64_t ScrollClock::frame_time(int64_t n) const {
  return time_after(origin_, n, kSecond * static_cast<Wide>(hop_), static_cast<Wide>(rate_));
}

uint64_t ScrollClock::picture_at(int64_t k) const {
  return time_after(origin_, k, kSecond * static_cast<Wide>(fps_d_), static_cast<Wide>(fps_n_));
}

int64_t ScrollClock::frames_until(uint64_t time) const {
  if (time < origin_) return 0;
  // The first n whose time rounds down to more than `time`: n * hop / rate >= since + 1 ns.
  const Wide since = Wide{time - origin_} + 1;
  const Wide step = kSecond * static_cast<Wide>(hop_);
  const Wide frames = (since * static_cast<Wide>(rate_) + step - 1) / step;
  return static_cast<int64_t>(std::min<Wide>(frames, kMostFrames));
}

int64_t ScrollClock::pictures_before(uint64_t time) const {
  if (time <= origin_) return 0;
  // The number of pictures k with floor(k * period) < since, that is k * period < since.
  const Wide since = time - origin_;
  const Wide period = kSecond * static_cast<Wide>(fps_d_);
  const Wide pictures = (since * static_cast<Wide>(fps_n_) + period - 1) / period;
  return static_cast<int64_t>(std::min<Wide>(pictures, Wide{1} << 62U));
}

int64_t ScrollClock::skip_pictures_before(uint64_t time) {
  const int64_t due = pictures_before(std::min(time, frame_time(frames_)));
  const int64_t skipped = std::max<int64_t>(0, due - pictures_);
  pictures_ += skipped;
  return skipped;
}

ScrollClock::Placement ScrollClock::place(uint64_t time, int64_t frames, bool discont) const {
  Placement result;
  if (!started_) {
    result.restart = true;
    return result;
  }
  const double off = static_cast<double>(time) - static_cast<double>(frame_time(frames_));
  const auto most = static_cast<double>(kMostFrames);
  const int64_t index = frames_ + std::llround(std::clamp(off * rate_ / (1e9 * hop_), -most, most));
  if (index >= frames_) {
    result.missing = index - frames_;
    result.restart = off > kLongestHole;
  } else if (discont || index + frames <= frames_) {
    result.restart = true;
  } else {
    result.known = frames_ - index;
  }
  return result;
}

}  // namespace npumel
