// SPDX-License-Identifier: LGPL-2.1-or-later
// Which mel frames are on the scrolling display, and which picture is due.
#pragma once

#include <optional>

#include "gst/melspecscope/scroll_clock.h"
#include "gst/melspecscope/view.h"

namespace npumel {

/// Feeds a View in step with the pictures. For each buffer: add(), then next_picture() until it
/// gives none. Times in ns.
class Scroller {
 public:
  Scroller() = default;
  explicit Scroller(const ScrollClock& clock) : clock_(clock) {}

  /// A buffer arrives. Frames that overlap the last buffer are not shown twice, missing ones leave
  /// a hole. True when its time does not continue the display, which then goes on from there.
  bool add(View& view, const MelBlock& block, uint64_t time, bool discont);
  /// Time without data. Where it lies too far ahead the display goes on from there. True as add().
  bool add_gap(View& view, uint64_t time, uint64_t duration);
  /// Leaves out the pictures that are due and whose time is before `time`. Their number.
  int64_t skip_pictures_before(uint64_t time) { return clock_.skip_pictures_before(time); }
  /// The next buffer begins a new count.
  void stop() { clock_.stop(); }

  struct Picture {
    uint64_t time = 0;
    uint64_t duration = 0;
  };
  /// Brings the frames of the next picture onto the display. Without one: all the rest, and the
  /// buffer is done with. `block` is the one of add(), null for a gap.
  std::optional<Picture> next_picture(View& view, const MelBlock* block);

 private:
  void restart(uint64_t time);
  void show_until(View& view, const MelBlock* block, int64_t target);

  // All counts as the clock's.
  ScrollClock clock_;
  int64_t shown_ = 0;
  int64_t hole_end_ = 0;  // frames before this one never came; then the buffer follows,
  int64_t known_ = 0;     // from this frame of it on
};

}  // namespace npumel
