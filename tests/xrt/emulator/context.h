// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context: a queue of submissions, the thread that is its share of the NPU, and the
// driver's recovery when a run does not end.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "tests/xrt/emulator/buffers.h"
#include "tests/xrt/emulator/faults.h"
#include "tests/xrt/emulator/runner.h"

namespace npumel::emu {

class Context {
 public:
  /// `lost` is the device's: when a run sets it, nothing ends any more.
  Context(Report& report, Buffers& buffers, Faults& faults, std::atomic<bool>& lost,
          std::chrono::milliseconds recovery);
  /// Ends what runs (state abort), as the driver does when a context is destroyed.
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Gives the context its program. False when the PDI names none.
  bool configure(std::span<const uint8_t> pdi);

  /// Queues a command buffer; returns its sequence number, counted from 1.
  uint64_t submit(std::shared_ptr<Buffer> command, std::set<uint32_t> pinned);

  /// Waits until all submissions up to `seq` have ended: 0, -ETIME, or -ENODEV when the device is
  /// lost.
  int wait(uint64_t seq, std::chrono::steady_clock::time_point deadline);

 private:
  struct Submission {
    uint64_t seq = 0;
    std::shared_ptr<Buffer> command;
    std::set<uint32_t> pinned;
  };
  void work();
  State execute(Packet packet, const std::set<uint32_t>& pinned);
  Fault fault_in_chain(uint32_t index, uint32_t length);
  State execute_chain(Packet packet, const std::set<uint32_t>& pinned);
  State execute_start(const Packet& packet, const std::set<uint32_t>& pinned, const Fault& fault);
  void take_time(std::chrono::milliseconds time);
  void end(const Submission& submission, State state);

  Report& report_;
  Buffers& buffers_;
  Faults& faults_;
  std::atomic<bool>& lost_;
  std::chrono::milliseconds recovery_;
  std::optional<Runner> runner_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Submission> queue_;
  uint64_t submitted_ = 0;
  uint64_t ended_ = 0;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace npumel::emu
