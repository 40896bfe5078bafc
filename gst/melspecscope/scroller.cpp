// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings frames and holes onto the display picture by picture.
#include "gst/melspecscope/scroller.h"

#include <algorithm>

namespace npumel {

void Scroller::restart(uint64_t time) {
  clock_.start(time);
  shown_ = 0;
  hole_end_ = 0;
  known_ = 0;
}

bool Scroller::add(View& view, const MelBlock& block, uint64_t time, bool discont) {
  const ScrollClock::Placement placement = clock_.place(time, block.frames, discont);
  if (placement.restart) {
    view.skip(placement.missing);
    restart(time);
    clock_.add_frames(block.frames);
    return true;
  }
  hole_end_ = clock_.frames() + placement.missing;
  known_ = placement.known;
  clock_.add_frames(placement.missing + block.frames - placement.known);
  return false;
}

bool Scroller::add_gap(View& view, uint64_t time, uint64_t duration) {
  const ScrollClock::Placement placement = clock_.place(time, 0, false);
  const bool restarts = !clock_.started() || (placement.restart && placement.missing > 0);
  if (restarts) {
    view.skip(placement.missing);
    restart(time);
  }
  // Frames that begin before the end of the gap and end in it.
  const uint64_t end = time < kLastTime - duration ? time + duration : kLastTime;
  const int64_t frames = clock_.frames_until(end) - 1;
  clock_.add_frames(std::max<int64_t>(0, frames - clock_.frames()));
  hole_end_ = clock_.frames();
  return restarts;
}

void Scroller::show_until(View& view, const MelBlock* block, int64_t target) {
  const int64_t hole = std::min(target, hole_end_);
  if (hole > shown_) {
    view.skip(hole - shown_);
    shown_ = hole;
  }
  if (target <= shown_ || block == nullptr) return;
  const int64_t offset = known_ - hole_end_;
  view.push(*block, shown_ + offset, target + offset);
  shown_ = target;
}

std::optional<Scroller::Picture> Scroller::next_picture(View& view, const MelBlock* block) {
  if (!clock_.picture_due()) {
    if (clock_.started()) show_until(view, block, clock_.frames());
    return std::nullopt;
  }
  const Picture picture{clock_.picture_time(), clock_.picture_duration()};
  show_until(view, block, std::min(clock_.frames_until(picture.time), clock_.frames()));
  clock_.next_picture();
  return picture;
}

}  // namespace npumel
