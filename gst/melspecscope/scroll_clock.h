// SPDX-License-Identifier: LGPL-2.1-or-later
// Times of mel frames and video frames in mode=scroll, counted from one origin without drift.
#pragma once

#include <cstdint>
#include <optional>

namespace npumel {

/// The last time there is: 2^64 - 1 stands for none. Later ones become this one.
inline constexpr uint64_t kLastTime = UINT64_MAX - 1;

/// Nanoseconds. Mel frame n stands at origin + n * hop / rate, picture k at origin + k / fps;
/// picture k shows the mel frames up to its own time.
class ScrollClock {
 public:
  ScrollClock() = default;
  ScrollClock(int rate, int hop, int fps_n, int fps_d)
      : rate_(rate), hop_(hop), fps_n_(fps_n), fps_d_(fps_d) {}

  bool started() const { return started_; }
  /// Begins again at `time` with mel frame 0 and picture 0.
  void start(uint64_t time);
  void stop() { started_ = false; }

  /// What a buffer of `frames` frames at `time` means for the display.
  struct Placement {
    bool restart = false;  ///< too far from what was expected: start(time) first
    int64_t missing = 0;   ///< frames between the last one and this buffer (restart: to be skipped)
    int64_t known = 0;     ///< frames at the front of the buffer that are on the display already
  };
  Placement place(uint64_t time, int64_t frames, bool discont) const;

  /// Counts `frames` >= 0 more mel frames as come.
  void add_frames(int64_t frames);
  int64_t frames() const { return frames_; }
  uint64_t frame_time(int64_t n) const;
  /// Mel frames whose time is not after `time`.
  int64_t frames_until(uint64_t time) const;

  /// Time and duration of the next picture.
  uint64_t picture_time() const { return picture_at(pictures_); }
  uint64_t picture_duration() const { return picture_at(pictures_ + 1) - picture_time(); }
  /// True when everything the next picture shows has come.
  bool picture_due() const { return started_ && picture_time() < frame_time(frames_); }
  void next_picture() { pictures_ += 1; }
  /// Leaves out the pictures that are due and whose time is before `time`. Their number.
  int64_t skip_pictures_before(uint64_t time);

 private:
  uint64_t picture_at(int64_t k) const;
  int64_t pictures_before(uint64_t time) const;

  int rate_ = 16000, hop_ = 160, fps_n_ = 30, fps_d_ = 1;
  bool started_ = false;
  uint64_t origin_ = 0;
  int64_t frames_ = 0;
  int64_t pictures_ = 0;
};

}  // namespace npumel
