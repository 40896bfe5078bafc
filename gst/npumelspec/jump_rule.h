// SPDX-License-Identifier: LGPL-2.1-or-later
// What a jump in the timestamps of the input means: a loss, a machine that stalled and catches up,
// a restart, or nothing.
#pragma once

#include <cstdint>

#include "gst/common/timeline.h"

namespace npumel {

/// Judges buffer by buffer, from the PTS and the number of samples alone. Neither DISCONT nor
/// DURATION is looked at: audioresample flags every 31.25 ms of offset, some sources flag every
/// buffer, and demuxers estimate durations.
///
/// A forward jump has to be confirmed. A live source that stalls stamps its next buffer late and
/// then catches up with timestamps that step back, although no sample is missing; after a real loss
/// the steps are normal. The caller holds such a buffer until the buffers after it decide between
/// the two. No sample is ever dropped.
///
/// Holds no samples itself. Times are ns. Not thread-safe: belongs to the streaming thread.
class JumpRule {
 public:
  struct Config {
    uint64_t threshold = 0;     ///< offsets up to this mean nothing
    uint64_t discont_wait = 0;  ///< audio after which an offset back moves the time base
    uint64_t max_gap = 0;       ///< offsets back beyond this are a restart
    uint64_t max_fill = 0;      ///< offsets forward beyond this are a restart, others silence

    bool operator==(const Config&) const = default;
  };

  /// What becomes of the samples that have been held.
  enum class Held {
    none,           ///< there are none, or they stay held
    as_they_are,    ///< taken as contiguous: nothing was lost
    after_silence,  ///< taken after Decision::silence samples of silence
    restart,        ///< the stream ends before them and a new one starts
  };
  /// What becomes of the buffer that is judged, after that.
  enum class Next { take, hold, restart };

  /// A discontinuity in the time of the output.
  struct Discontinuity {
    uint64_t base = 0;      ///< time of the sample after it
    uint64_t expected = 0;  ///< when that one was due
  };

  struct Decision {
    Held held = Held::none;
    int64_t silence = 0;               ///< samples before those that have been held
    Discontinuity held_discontinuity;  ///< where held = restart
    Next next = Next::take;
    Discontinuity next_discontinuity;  ///< where next = restart
    int64_t move = 0;  ///< != 0: from the end of the buffer on, times are this much later
  };

  void configure(const Config& config) { config_ = config; }
  const Config& config() const { return config_; }

  /// The first buffer of a stream lies at `pts`, which is the timeline's base. Nothing is held.
  void start(const Timeline& timeline, uint64_t pts, int64_t samples);

  /// Forgets what is held.
  void reset() { held_ = 0; }

  /// Judges a buffer of `samples` samples at `pts` (Timeline::none: it follows the one before) when
  /// `position` samples of the timeline have been taken, held ones not counted.
  Decision judge(const Timeline& timeline, int64_t position, uint64_t pts, int64_t samples);

  /// No more buffers follow: the jump is taken at its timestamps. Nothing is held afterwards.
  Decision resolve(const Timeline& timeline);

  bool holding() const { return held_ > 0; }
  /// Samples held.
  int64_t held() const { return held_; }

 private:
  void place(Decision& decision, const Timeline& timeline, uint64_t pts, int64_t samples,
             uint64_t expected);
  void hold_on(Decision& decision, const Timeline& timeline, int64_t position, int64_t samples,
               int64_t step);
  void confirm(Decision& decision, const Timeline& timeline);
  uint64_t due(const Decision& decision, const Timeline& timeline, int64_t position,
               int64_t held) const;

  Config config_;
  uint64_t previous_end_ = 0;  ///< where the buffer before ended by its PTS
  int64_t offset_ = 0;         ///< of that buffer against the sample counter
  int64_t late_ = 0;           ///< samples since offsets back began

  int64_t held_ = 0;
  int64_t jump_ = 0;      ///< offset of the first held buffer
  int64_t rest_ = 0;      ///< what catching up has left of it
  int64_t followed_ = 0;  ///< samples of normal steps since the jump or the last step back
  uint64_t held_pts_ = 0;
  uint64_t held_due_ = 0;
};

}  // namespace npumel
