// SPDX-License-Identifier: LGPL-2.1-or-later
// The order in which a device is given what waits for it, and how live streams share one that
// cannot do all of their work.
#include "gst/backend/device/run_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace npumel {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using Time = NpuJob::Clock::time_point;

/// A job of so many runs that belongs to a stream.
class JobOfStream : public NpuJob {
 public:
  explicit JobOfStream(int of, std::size_t runs = 1) : stream(of), runs_(runs) {}

  std::size_t runs() const noexcept override { return runs_; }
  bool contains(const NpuRun&) const noexcept override { return false; }
  void set_pending() override {}
  NpumelXrtStatus start(NpumelXrtError&) override { return NPUMEL_XRT_OK; }
  NpumelXrtStatus wait(unsigned, std::size_t&, NpumelXrtError&) override { return NPUMEL_XRT_OK; }
  void complete(std::size_t, uint64_t) override {}
  void finish(RunOutcome, const std::string&) override {}
  bool ended() const override { return true; }

  const int stream;

 private:
  const std::size_t runs_;
};

int stream_of(const NpuSubmission& submission) {
  return static_cast<const JobOfStream&>(*submission.job).stream;
}

Time at(milliseconds time) { return Time(time); }

NpuSubmission job(int stream, milliseconds due, std::optional<uint64_t> last_turn = {},
                  std::size_t runs = 1) {
  NpuSubmission submission{std::make_shared<JobOfStream>(stream, runs), at(due), 0};
  submission.last_turn = last_turn;
  return submission;
}

std::vector<int> streams_in_order(RunQueue& queue) {
  std::vector<int> streams;
  while (!queue.empty()) streams.push_back(stream_of(queue.take_first()));
  return streams;
}

TEST(RunQueue, IsServedByWhenResultsAreDue) {
  RunQueue queue(8);
  queue.add(job(0, milliseconds(30)));
  queue.add(job(1, milliseconds(10)));
  queue.add(job(2, milliseconds(20)));
  queue.add(job(3, milliseconds(10)));
  EXPECT_THAT(streams_in_order(queue), ElementsAre(1, 3, 2, 0));
}

TEST(RunQueue, HasRoomForWhatIsServedInTime) {
  RunQueue queue(8);
  queue.add(job(0, milliseconds(10), 0, 4));
  EXPECT_TRUE(queue.make_room(at(milliseconds(10)), 0, 1, 6).found);
  EXPECT_FALSE(queue.make_room(at(milliseconds(10)), 0, 2, 6).found);
  EXPECT_TRUE(queue.make_room(at(milliseconds(9)), 0, 5, 6).found) << "before what is due later";
  EXPECT_FALSE(queue.make_room(at(milliseconds(9)), 0, 6, 6).found);
  EXPECT_THAT(streams_in_order(queue), ElementsAre(0));
}

TEST(RunQueue, WhoHasHadTheDeviceLastGivesWay) {
  RunQueue queue(8);
  queue.add(job(0, milliseconds(10), 7));
  queue.add(job(1, milliseconds(11), 9));
  queue.add(job(2, milliseconds(12), 8));
  const RunQueue::Room room = queue.make_room(at(milliseconds(12)), 5, 1, 4);
  EXPECT_TRUE(room.found);
  ASSERT_THAT(room.give_way, SizeIs(1));
  EXPECT_EQ(stream_of(room.give_way[0]), 1);
  EXPECT_THAT(streams_in_order(queue), ElementsAre(0, 2));
}

TEST(RunQueue, AsManyGiveWayAsItTakes) {
  RunQueue queue(8);
  for (int stream = 0; stream < 4; stream++)
    queue.add(job(stream, milliseconds(10 + stream), 6 + static_cast<uint64_t>(stream)));
  const RunQueue::Room room = queue.make_room(at(milliseconds(14)), 6, 0, 3);
  EXPECT_TRUE(room.found);
  EXPECT_THAT(streams_in_order(queue), ElementsAre(0, 1));
}

TEST(RunQueue, NobodyGivesWayToWhoHasHadTheDeviceLater) {
  RunQueue queue(8);
  queue.add(job(0, milliseconds(10), 7));
  queue.add(job(1, milliseconds(11)));  // not live
  EXPECT_FALSE(queue.make_room(at(milliseconds(12)), 7, 0, 2).found);
  EXPECT_FALSE(queue.make_room(at(milliseconds(12)), 8, 0, 2).found);
  EXPECT_THAT(streams_in_order(queue), ElementsAre(0, 1));
}

TEST(RunQueue, NobodyGivesWayInVain) {
  RunQueue queue(8);
  queue.add(job(0, milliseconds(10), 7));
  queue.add(job(1, milliseconds(13), 9));
  EXPECT_FALSE(queue.make_room(at(milliseconds(12)), 5, 2, 2).found) << "the device alone is late";
  const RunQueue::Room room = queue.make_room(at(milliseconds(12)), 5, 1, 2);
  ASSERT_THAT(room.give_way, SizeIs(1));
  EXPECT_EQ(stream_of(room.give_way[0]), 0) << "not what is due later";
  EXPECT_THAT(streams_in_order(queue), ElementsAre(1));
}

constexpr int kStreamCount = 32;
constexpr int kCommands = 3;
constexpr auto kBatchPeriod = milliseconds(100);
constexpr auto kTimeGranted = milliseconds(60);

/// Streams that have a batch every 100 ms, each at its own time, on a device that does 12.5 of
/// their 32 batches in that time. How many of each it did.
std::vector<int> shares(const std::vector<microseconds>& phases, int rounds) {
  constexpr auto kRun = milliseconds(8);
  RunQueue queue(64);
  std::deque<std::pair<int, Time>> on_device;  // and when each ends
  std::vector<int> done(phases.size());
  std::vector<uint64_t> last_turn(phases.size());
  uint64_t turns = 0;
  const auto run_until = [&](Time now) {
    while (true) {
      while (on_device.size() < kCommands && !queue.empty()) {
        const int stream = stream_of(queue.take_first());
        const Time begun = on_device.empty() ? now : on_device.back().second;
        on_device.emplace_back(stream, begun + kRun);
      }
      if (on_device.empty() || on_device.front().second > now) return;
      const auto stream = static_cast<std::size_t>(on_device.front().first);
      on_device.pop_front();
      done[stream]++;
      last_turn[stream] = ++turns;
    }
  };
  std::vector<std::size_t> order(phases.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return phases[a] < phases[b]; });
  for (int round = 0; round < rounds; round++)
    for (const std::size_t stream : order) {
      const Time now = Time(kBatchPeriod * round + phases[stream]);
      run_until(now);
      const Time due = now + kTimeGranted;
      if (!queue.make_room(due, last_turn[stream], on_device.size(), kTimeGranted / kRun).found)
        continue;
      NpuSubmission batch{std::make_shared<JobOfStream>(static_cast<int>(stream)), due, 0};
      batch.last_turn = last_turn[stream];
      queue.add(std::move(batch));
      run_until(now);
    }
  run_until(Time::max());
  return done;
}

void expect_fair(const std::vector<microseconds>& phases, int least_total) {
  const std::vector<int> done = shares(phases, 30);
  const int total = std::accumulate(done.begin(), done.end(), 0);
  EXPECT_GE(total, least_total) << "the device is kept busy";
  EXPECT_GE(*std::min_element(done.begin(), done.end()), total / kStreamCount / 2);
}

// Without turns the first in each round would have everything, and the others nothing.
TEST(RunQueue, StreamsShareWhatIsNotEnoughForAll) {
  std::vector<microseconds> spread;
  std::vector<microseconds> close;
  uint32_t random = 1;
  for (int i = 0; i < kStreamCount; i++) {
    random = random * 1664525U + 1013904223U;
    spread.emplace_back(random % 100000U);
    close.emplace_back(random % 20000U);
  }
  expect_fair(spread, 360);
  expect_fair(close, 240);
  expect_fair(std::vector<microseconds>(kStreamCount), 200);
}

}  // namespace
}  // namespace npumel
