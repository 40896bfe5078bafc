// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples to time: one base, one sample counter, absolute scaling.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace npumel {

/// Positions count samples since start(). Times are ns; those beyond what 64 bits hold are the
/// largest valid one. Not thread-safe: belongs to the streaming thread.
class Timeline {
 public:
  static constexpr uint64_t none = std::numeric_limits<uint64_t>::max();  ///< GST_CLOCK_TIME_NONE

  /// 1 <= rate. Forgets the base.
  void configure(int rate);
  /// Forgets the base. The next sample has no time until start().
  void restart();
  bool started() const { return !anchors_.empty(); }

  /// Sample 0 lies at `base`.
  void start(uint64_t base);
  /// From `position` on, which is not before that of an earlier call, times are `offset` ns later.
  void move(int64_t position, int64_t offset);
  /// Whether time runs on without a step between two positions, `from` <= `to`.
  bool continuous(int64_t from, int64_t to) const;

  /// Time of a sample: base + position * second / rate, rounded down, never accumulated.
  uint64_t at(int64_t position) const;
  /// What `samples` samples last, rounded down.
  uint64_t duration(int64_t samples) const;
  /// From the time of a sample to that of a later one, as if time ran on without a step.
  uint64_t duration_between(int64_t from, int64_t to) const;
  /// Samples between two times, rounded to the nearest.
  int64_t samples_between(uint64_t from, uint64_t to) const { return samples_in(to - from); }
  /// Samples of a duration, rounded to the nearest.
  int64_t samples_in(uint64_t duration) const;
  /// Whole samples that end within a duration, and samples that begin before it is over.
  int64_t samples_before(uint64_t duration) const;
  int64_t samples_until(uint64_t duration) const;

 private:
  /// From a position on, times count from here.
  struct Anchor {
    int64_t position;
    uint64_t time;
  };
  const Anchor& anchor_of(int64_t position) const;

  int rate_ = 16000;
  std::vector<Anchor> anchors_;  ///< in order of position, the first at 0
};

}  // namespace npumel
