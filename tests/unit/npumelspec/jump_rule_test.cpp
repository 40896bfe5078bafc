// SPDX-License-Identifier: LGPL-2.1-or-later
// The rule for jumps: recorded sequences, made-up ones, and its edges.
#include "gst/npumelspec/jump_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/npumelspec/recorded_jumps.h"
#include "tests/unit/npumelspec/units.h"

namespace npumel::test {
namespace {

constexpr JumpRule::Config usual = {40 * ms, second, second, second};
constexpr JumpRule::Config whole = {40 * ms, second, second, 3600 * second};

struct Event {
  uint64_t pts;
  int64_t samples;
};

/// Does what the rule says, and notes where every sample ends up.
class Stream {
 public:
  explicit Stream(const JumpRule::Config& config = usual, int rate = 16000) {
    rule_.configure(config);
    time_.configure(rate);
  }

  void push(uint64_t pts, int64_t samples) {
    in += samples;
    if (!time_.started()) {
      time_.start(pts);
      rule_.start(time_, pts, samples);
      take({pts, samples});
    } else {
      carry_out(rule_.judge(time_, position_, pts, samples), {pts, samples});
    }
    ++index_;
    longest_hold = std::max(longest_hold, rule_.held());
    int64_t held = 0;
    for (const Event& event : held_) held += event.samples;
    ASSERT_EQ(held, rule_.held());
  }
  void push(const std::vector<Event>& events) {
    for (const Event& event : events) push(event.pts, event.samples);
  }
  void end() {
    release(rule_.resolve(time_));
    ASSERT_TRUE(held_.empty());
    ASSERT_EQ(in, taken);
  }

  int64_t in = 0, taken = 0, inserted = 0, longest_hold = 0;
  int resyncs = 0, moves = 0, denied = 0, confirmed = 0;
  uint64_t base = 0;
  double farthest = 0;  ///< ms
  std::string decisions;
  const Timeline& time() const { return time_; }
  int64_t position() const { return position_; }
  bool holding() const { return rule_.holding(); }

 private:
  void note(const std::string& text) {
    decisions += (decisions.empty() ? "" : " ") + std::to_string(index_) + text;
  }
  void take(const Event& event) {
    if (event.pts != Timeline::none) {
      const uint64_t place = time_.at(position_);
      const uint64_t far = std::max(place, event.pts) - std::min(place, event.pts);
      farthest = std::max(farthest, static_cast<double>(far) / 1e6);
    }
    position_ += event.samples;
    taken += event.samples;
  }
  void release(const JumpRule::Decision& decision) {
    if (decision.held == JumpRule::Held::none) return;
    ASSERT_FALSE(held_.empty());
    if (decision.held == JumpRule::Held::as_they_are) {
      ++denied;
      note("=");
    } else {
      ++confirmed;
      note("+" + std::to_string(decision.silence));
    }
    inserted += decision.silence;
    position_ += decision.silence;
    if (decision.held == JumpRule::Held::restart) restart(decision.held_discontinuity.base);
    for (const Event& event : held_) take(event);
    held_.clear();
  }
  void restart(uint64_t at) {
    ++resyncs;
    base = at;
    time_.start(at);
    position_ = 0;
  }
  void carry_out(const JumpRule::Decision& decision, const Event& event) {
    release(decision);
    if (decision.next == JumpRule::Next::hold) {
      held_.push_back(event);
      return;
    }
    if (decision.next == JumpRule::Next::restart) restart(decision.next_discontinuity.base);
    take(event);
    if (decision.move == 0) return;
    ++moves;
    time_.move(position_, decision.move);
  }

  JumpRule rule_;
  Timeline time_;
  int64_t position_ = 0;
  int index_ = 0;
  std::vector<Event> held_;
};

std::vector<Event> events_of(const Recording& recording) {
  std::vector<Event> events;
  std::istringstream stream(recording.buffers);
  uint64_t end = 500 * ms;
  int64_t samples = 0;
  for (std::string token; stream >> token;) {
    const size_t colon = token.find(':');
    if (colon != std::string::npos) samples = std::atoll(token.c_str());
    const auto step = std::atoll(token.c_str() + (colon == std::string::npos ? 0 : colon + 1));
    const uint64_t pts = end + static_cast<uint64_t>(step) * 100'000;
    events.push_back({pts, samples});
    end = pts + static_cast<uint64_t>(samples) * 62'500;
  }
  return events;
}

struct Piece {
  double start, seconds;
};

/// Buffers of 20 ms.
std::vector<Event> pieces(const std::vector<Piece>& pieces, int64_t samples = 320) {
  std::vector<Event> events;
  for (const Piece& piece : pieces)
    for (int64_t at = 0; at + samples <= static_cast<int64_t>(piece.seconds * 16000 + 0.5);
         at += samples)
      events.push_back(
          {static_cast<uint64_t>(piece.start * 1e9) + static_cast<uint64_t>(at) * 62'500, samples});
  return events;
}

uint32_t random_number(uint32_t& state) {
  state = state * 1664525U + 1013904223U;
  return state >> 16U;
}

TEST(JumpRule, decides_about_recorded_sources_as_it_should) {
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.name);
    Stream stream;
    stream.push(events_of(recording));
    stream.end();
    EXPECT_EQ(stream.decisions, recording.decisions);
    EXPECT_EQ(stream.resyncs, 0);
    EXPECT_EQ(stream.moves, 0);
    EXPECT_NEAR(static_cast<double>(stream.longest_hold) / 16000, recording.longest_hold,
                0.023);  // which counts the buffer that tells, too
    EXPECT_NEAR(stream.farthest, recording.farthest, 0.6);
  }
}

TEST(JumpRule, holes_without_a_flag_become_silence) {
  std::vector<Piece> holes;
  for (int i = 0; i < 8; ++i) holes.push_back({i * 0.9, 0.5});
  Stream stream;
  stream.push(pieces(holes));
  stream.end();
  EXPECT_EQ(stream.inserted, 7 * 6400);
  EXPECT_EQ(stream.resyncs, 0);
  EXPECT_EQ(stream.farthest, 0);
}

TEST(JumpRule, a_hole_near_the_end_is_not_lost) {
  Stream stream;
  stream.push(pieces({{0, 2}, {2.5, 0.02}}));
  EXPECT_TRUE(stream.holding());
  stream.end();
  EXPECT_EQ(stream.inserted, 8000);
  EXPECT_EQ(stream.farthest, 0);
}

TEST(JumpRule, jumps_beyond_max_gap_start_anew_at_their_first_sample) {
  for (const double where : {3.5, 32.0}) {
    for (const double seconds : {0.02, 0.8, 3.0}) {
      Stream stream;
      stream.push(pieces({{0, 2}, {where, seconds}}));
      stream.end();
      EXPECT_EQ(stream.resyncs, 1);
      EXPECT_EQ(stream.inserted, 0);
      EXPECT_EQ(stream.base, static_cast<uint64_t>(where * 1e9));
      EXPECT_EQ(stream.farthest, 0);
    }
  }
}

TEST(JumpRule, back_to_the_start_starts_anew_at_once) {
  Stream stream;
  stream.push(pieces({{10, 2}, {0, 0.02}}));
  EXPECT_EQ(stream.resyncs, 1);
  EXPECT_EQ(stream.base, 0U);
  EXPECT_EQ(stream.longest_hold, 0);
}

TEST(JumpRule, a_restart_while_something_is_held_leaves_both_where_they_say) {
  // Clips one after the other: 20 ms at 32 s lie between two starts.
  Stream stream;
  stream.push(pieces({{10, 2}, {32, 0.02}, {0, 3}}));
  stream.end();
  EXPECT_EQ(stream.resyncs, 2);
  EXPECT_EQ(stream.farthest, 0);
}

TEST(JumpRule, one_buffer_takes_the_whole_clip_in_true_time) {
  Stream stream(whole);
  stream.push(pieces({{0, 2}, {7, 2}}));
  stream.end();
  EXPECT_EQ(stream.inserted, 5 * 16000);
  EXPECT_EQ(stream.resyncs, 0);
}

TEST(JumpRule, stamps_within_the_threshold_mean_nothing) {
  uint32_t state = 1;
  Stream stream;
  for (const Event& event : pieces({{1, 20}}))
    stream.push(event.pts - 20 * ms + random_number(state) % 40 * ms, event.samples);
  stream.end();
  EXPECT_EQ(stream.inserted, 0);
  EXPECT_EQ(stream.moves + stream.resyncs + stream.confirmed, 0);
}

TEST(JumpRule, lost_packets_leave_the_others_within_the_threshold) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    uint32_t state = seed;
    Stream stream;
    int64_t lost = 0;
    for (const Event& event : pieces({{0, 10}})) {
      if (random_number(state) % 10 == 0 && event.pts > 0)
        lost += event.samples;
      else
        stream.push(event.pts, event.samples);
    }
    stream.end();
    EXPECT_EQ(stream.resyncs + stream.moves, 0);
    EXPECT_LE(stream.farthest, 80);  // two losses, each within the threshold, of which one is held
    EXPECT_LE(std::abs(stream.inserted - lost), 640 + 320);
  }
}

TEST(JumpRule, clocks_that_drift_are_followed) {
  Stream slow;
  Stream fast;
  for (const Event& event : pieces({{0, 60}})) {
    slow.push(event.pts - event.pts / 200, event.samples);
    fast.push(event.pts + event.pts / 200, event.samples);
  }
  slow.end();
  fast.end();
  EXPECT_EQ(slow.inserted + slow.resyncs + fast.moves + fast.resyncs, 0);
  EXPECT_EQ(slow.moves, 6);
  EXPECT_LE(slow.farthest, 46);
  EXPECT_NEAR(static_cast<double>(fast.inserted), 4530, 330);  // 7 times a little over 40 ms
  EXPECT_LE(fast.farthest, 41);
}

TEST(JumpRule, stamps_that_run_back_and_stay_move_the_time_base_once) {
  Stream stream;
  for (const Event& event : pieces({{1, 6}})) {
    const uint64_t since = std::min(event.pts - second, second);
    stream.push(event.pts - since * 90 / 1000, event.samples);
  }
  stream.end();
  EXPECT_EQ(stream.moves, 1);
  EXPECT_EQ(stream.inserted + stream.resyncs, 0);
  EXPECT_EQ(stream.time().at(stream.position()), 7 * second - 90 * ms);
}

TEST(JumpRule, stamps_that_run_back_for_less_than_discont_wait_mean_nothing) {
  Stream stream;
  stream.push(pieces({{1, 2}, {2.94, 0.98}, {3.98, 1}}));
  stream.end();
  EXPECT_EQ(stream.moves + stream.resyncs, 0);
  EXPECT_EQ(stream.inserted, 0);
}

TEST(JumpRule, a_flagless_stall_that_loses_the_most_keeps_what_is_left) {
  // 5 s of standstill, of which the source has kept 2 s: the rest exceeds max-gap. The first stamp
  // after it is late by what is caught up, so the new time base is not that stamp.
  Stream stream;
  stream.push(pieces({{0, 2}}));
  for (int i = 0; i < 100; ++i) stream.push(7 * second + static_cast<uint64_t>(i) * 10000, 320);
  stream.push(pieces({{7.02, 1}}));
  stream.end();
  EXPECT_EQ(stream.resyncs, 1);
  EXPECT_NEAR(static_cast<double>(stream.base) / 1e9, 5.02, 0.041);
  EXPECT_NEAR(static_cast<double>(stream.time().at(stream.position())) / 1e9, 8.02, 0.041);
}

TEST(JumpRule, what_is_held_is_bounded) {
  // A source that jumps and then stamps every buffer the same, for ever.
  for (const uint64_t jump : {100 * ms, 3 * second, 3600 * second}) {
    Stream stream;
    stream.push(pieces({{0, 1}}));
    int64_t most = 0;
    for (int i = 0; i < 2000; ++i) {
      stream.push(second + jump, 320);
      most = std::max(most, stream.longest_hold);
    }
    EXPECT_LE(static_cast<uint64_t>(most) * 62'500,
              std::min(jump + 120 * ms + 20 * ms, 10 * second + 20 * ms));
    stream.end();
  }
}

TEST(JumpRule, exactly_the_threshold_is_nothing_and_exactly_max_gap_is_silence) {
  for (const int rate : {8000, 11025, 16000, 22050, 44100, 48000, 192000}) {
    const int64_t samples = rate / 50;
    for (const uint64_t beyond : {0, 1}) {
      Stream near(usual, rate);
      near.push(0, rate);
      near.push(second + 40 * ms + beyond, samples);
      EXPECT_EQ(near.holding(), beyond == 1);
      Stream far(usual, rate);
      far.push(0, rate);
      for (int64_t i = 0; i < 10; ++i)
        far.push(2 * second + beyond + far.time().duration(i * samples), samples);
      far.end();
      EXPECT_EQ(far.resyncs, beyond == 1 ? 1 : 0) << rate;
      EXPECT_EQ(far.inserted, beyond == 1 ? 0 : rate) << rate;
    }
  }
}

TEST(JumpRule, buffers_without_a_time_follow_the_one_before) {
  // At a rate whose samples are no whole ns: nothing adds up, not even 10 us in 100,000 buffers.
  Stream stream({10'000, second, second, second}, 44100);
  stream.push(second, 160);
  for (int i = 0; i < 100'000; ++i) stream.push(Timeline::none, 160);
  stream.push(second + stream.time().duration(int64_t{100'001} * 160), 160);
  stream.end();
  EXPECT_EQ(stream.inserted + stream.resyncs + stream.moves + stream.confirmed, 0);
  EXPECT_LE(stream.farthest, 0.000001);
  // One that follows a held one is held, too, and confirms it in the end.
  Stream held;
  held.push(0, 16000);
  held.push(second + 500 * ms, 320);
  for (int i = 0; i < 3; ++i) held.push(Timeline::none, 320);
  EXPECT_TRUE(held.holding());
  held.push(Timeline::none, 320);
  EXPECT_FALSE(held.holding());
  EXPECT_EQ(held.inserted, 8000);
}

TEST(JumpRule, the_largest_times_do_no_harm) {
  constexpr uint64_t last = Timeline::none - 1;
  for (const uint64_t first : {uint64_t{0}, second, last - second, last}) {
    for (const uint64_t then : {uint64_t{0}, second, last / 2, last / 2 + 2, last - 5 * ms, last}) {
      Stream stream;
      stream.push(first, 1600);
      stream.push(then, 1600);
      stream.push(first, 1600);
      stream.push(then, 1600);
      stream.end();
    }
  }
}

TEST(JumpRule, any_sequence_keeps_every_sample_and_ends_within_the_truth_it_was_told) {
  // Whatever comes: samples in = samples out, in order, and once steps are normal again for as long
  // as discont-wait the place of a sample is within the threshold of its PTS.
  for (uint32_t seed = 1; seed <= 2000; ++seed) {
    uint32_t state = seed;
    Stream stream;
    uint64_t now = 20 * second;
    for (int i = 0; i < 60; ++i) {
      const auto samples = static_cast<int64_t>(1 + random_number(state) % 700);
      switch (random_number(state) % 12) {
        case 0:
          now += random_number(state) % 3000 * ms;
          break;
        case 1:
          now -= random_number(state) % 300 * ms;
          break;
        case 2:
          now += random_number(state) % 100 * ms;
          break;
        case 3:
          stream.push(Timeline::none, samples);
          continue;
        default:
          break;
      }
      stream.push(now, samples);
      now += static_cast<uint64_t>(samples) * 62'500;
    }
    for (int i = 0; i < 120; ++i, now += 20 * ms) stream.push(now, 320);
    stream.end();
    ASSERT_EQ(stream.in, stream.taken);
    const uint64_t place = stream.time().at(stream.position());
    ASSERT_LE(std::max(place, now) - std::min(place, now), 40 * ms) << seed;
  }
}

}  // namespace
}  // namespace npumel::test
