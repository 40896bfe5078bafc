// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/melspecscope/scroll_clock.h"

#include <cmath>

namespace npumel {
namespace {

constexpr int64_t kSecond = 1000000000;
// A longer hole is not filled with pictures: the display jumps.
constexpr double kLongestHole = 1e9;

/// value * num / den, rounded down, without overflow on the way.
int64_t scale(int64_t value, int64_t num, int64_t den) {
  return static_cast<int64_t>(static_cast<__int128>(value) * num / den);
}

}  // namespace

void ScrollClock::start(uint64_t time) {
  started_ = true;
  origin_ = time;
  frames_ = 0;
  pictures_ = 0;
}

uint64_t ScrollClock::frame_time(int64_t n) const {
  return origin_ + static_cast<uint64_t>(scale(n, kSecond * hop_, rate_));
}

uint64_t ScrollClock::picture_at(int64_t k) const {
  return origin_ + static_cast<uint64_t>(scale(k, kSecond * fps_d_, fps_n_));
}

int64_t ScrollClock::frames_until(uint64_t time) const {
  if (time < origin_) return 0;
  const auto since = static_cast<int64_t>(time - origin_);
  int64_t frames = scale(since, rate_, kSecond * hop_);
  // frame_time rounds down, so the frame after the quotient may still be on time.
  while (frame_time(frames) <= time) ++frames;
  return frames;
}

ScrollClock::Placement ScrollClock::place(uint64_t time, int64_t frames, bool discont) const {
  Placement result;
  if (!started_) {
    result.restart = true;
    return result;
  }
  const double off = static_cast<double>(time) - static_cast<double>(frame_time(frames_));
  const auto index = frames_ + std::llround(off * rate_ / (1e9 * hop_));
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
