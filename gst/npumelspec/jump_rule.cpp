// SPDX-License-Identifier: LGPL-2.1-or-later
// The rule: jitter, forward jumps that are held until they are confirmed or denied, offsets back.
#include "gst/npumelspec/jump_rule.h"

#include <algorithm>
#include <limits>

namespace npumel {
namespace {

constexpr uint64_t kLongestHold = 10'000'000'000;

/// a - b, limited to what 64 bits with a sign hold.
int64_t difference(uint64_t a, uint64_t b) {
  constexpr auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  return a >= b ? static_cast<int64_t>(std::min(a - b, most))
                : -static_cast<int64_t>(std::min(b - a, most));
}

uint64_t magnitude(int64_t x) {
  return x < 0 ? uint64_t{0} - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
}

uint64_t shifted(uint64_t time, int64_t by) {
  if (by < 0) return time - std::min(time, magnitude(by));
  return time + std::min(magnitude(by), Timeline::none - 1 - time);
}

uint64_t end_of(const Timeline& timeline, uint64_t pts, int64_t samples) {
  return pts + std::min(timeline.duration(samples), Timeline::none - 1 - pts);
}

}  // namespace

void JumpRule::start(const Timeline& timeline, uint64_t pts, int64_t samples) {
  previous_end_ = end_of(timeline, pts, samples);
  offset_ = late_ = held_ = 0;
}

/// Where the buffer that is judged is due, once what was decided about the held samples is done.
uint64_t JumpRule::due(const Decision& decision, const Timeline& timeline, int64_t position,
                       int64_t held) const {
  if (decision.held == Held::restart)
    return decision.held_discontinuity.base + timeline.duration(held);
  return timeline.at(position + decision.silence + held);
}

JumpRule::Decision JumpRule::judge(const Timeline& timeline, int64_t position, uint64_t pts,
                                   int64_t samples) {
  Decision decision;
  const int64_t held = held_;
  const uint64_t expected = timeline.at(position + held);
  const bool timed = pts != Timeline::none;
  if (!timed) pts = shifted(expected, offset_);  // not previous_end_: that one is rounded each time
  const int64_t step = timed ? difference(pts, previous_end_) : 0;
  previous_end_ = end_of(timeline, pts, samples);
  const int64_t offset = difference(pts, expected);

  if (held == 0) {
    place(decision, timeline, pts, samples, expected);
    return decision;
  }
  const uint64_t distance = magnitude(offset);
  // Nobody catches up that far: the jump was real, and so is this one.
  const bool restarted = offset < 0 && distance > config_.max_gap;
  const bool caught_up = offset <= 0 || distance <= config_.threshold;
  const bool next_jump = step > 0 && magnitude(step) > config_.threshold;
  if (restarted || (!caught_up && next_jump)) {
    confirm(decision, timeline);
    place(decision, timeline, pts, samples, due(decision, timeline, position, held));
  } else if (caught_up) {  // nothing was lost
    decision.held = Held::as_they_are;
    held_ = 0;
    place(decision, timeline, pts, samples, expected);
  } else {
    rest_ = offset_ = offset;
    hold_on(decision, timeline, position, samples, step);
  }
  return decision;
}

/// A buffer while nothing is held.
void JumpRule::place(Decision& decision, const Timeline& timeline, uint64_t pts, int64_t samples,
                     uint64_t expected) {
  const int64_t offset = difference(pts, expected);
  offset_ = offset;
  if (magnitude(offset) <= config_.threshold) {
    late_ = 0;
  } else if (offset > 0) {
    decision.next = Next::hold;
    held_ = samples;
    jump_ = rest_ = offset;
    followed_ = late_ = 0;
    held_pts_ = pts;
    held_due_ = expected;
  } else if (magnitude(offset) > config_.max_gap) {
    decision.next = Next::restart;
    decision.next_discontinuity = {pts, expected};
    offset_ = late_ = 0;
  } else {
    late_ += samples;
    if (timeline.duration(late_) < config_.discont_wait) return;
    decision.move = offset;
    offset_ = late_ = 0;
  }
}

/// A buffer that continues what is held: normal steps confirm, steps back may catch up.
void JumpRule::hold_on(Decision& decision, const Timeline& timeline, int64_t position,
                       int64_t samples, int64_t step) {
  const uint64_t length = timeline.duration(samples);
  const bool back = step < 0 && magnitude(step) > length / 2;
  followed_ = back ? 0 : followed_ + samples;
  const int64_t before = held_;
  held_ += samples;
  const uint64_t all = timeline.duration(held_);
  const uint64_t most = magnitude(jump_) + 3 * std::min(config_.threshold, kLongestHold) + length;
  if (timeline.duration(followed_) / 2 < config_.threshold && all <= most && all <= kLongestHold) {
    decision.next = Next::hold;
    return;
  }
  confirm(decision, timeline);
  offset_ = difference(previous_end_, due(decision, timeline, position, before + samples));
}

/// The jump was real; rest_ is what catching up has left of it.
void JumpRule::confirm(Decision& decision, const Timeline& timeline) {
  // Rounding to ns must neither decide about max_fill nor shift a stream that restarts.
  const uint64_t changed = magnitude(rest_ - jump_);
  if (changed < timeline.duration(1)) rest_ = jump_;
  if (magnitude(rest_) <= config_.max_fill) {
    decision.held = Held::after_silence;
    decision.silence = timeline.samples_in(magnitude(rest_));
  } else {
    decision.held = Held::restart;
    // The first held stamp is late where the source caught up in part: what is left of the jump
    // counts from where the samples were due.
    const bool late = changed > config_.threshold;
    decision.held_discontinuity = {late ? shifted(held_due_, rest_) : held_pts_, held_due_};
  }
  held_ = offset_ = 0;
}

JumpRule::Decision JumpRule::resolve(const Timeline& timeline) {
  Decision decision;
  if (holding()) confirm(decision, timeline);
  return decision;
}

}  // namespace npumel
