// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context: the few submissions that the driver takes at a time, its turn on the array,
// the thread that is its share of the NPU, and the recovery of a run that does not end.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "tests/xrt/emulator/buffers.h"
#include "tests/xrt/emulator/claims.h"
#include "tests/xrt/emulator/condition.h"
#include "tests/xrt/emulator/faults.h"
#include "tests/xrt/emulator/presence.h"
#include "tests/xrt/emulator/runner.h"
#include "tests/xrt/emulator/settings.h"

namespace npumel::emu {

/// What the contexts of a process share.
struct Device {
  Report report;
  Faults faults;
  Settings settings;
  Presence presence;
};

class Context {
 public:
  /// `slot`: its place among the device's contexts.
  Context(Device& device, Buffers& buffers, Claim slot);
  /// Waits a while for what runs, then ends it (state abort), as the driver does when a context is
  /// destroyed.
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Gives the context its program. False when the PDI names none.
  bool configure(std::span<const uint8_t> pdi);

  /// Queues a command buffer and gives its sequence number, counted from 1. Blocks while the driver
  /// holds as many as it takes, and while other contexts have the array. 0, -EINTR after a signal,
  /// -EIO when the device has forgotten the context.
  int submit(std::shared_ptr<Buffer> command, std::set<uint32_t> pinned, uint64_t& seq);

  /// Waits until all submissions up to `seq` have ended: 0, -ETIME, -EINTR after a signal, or
  /// -ENODEV while the device is gone.
  int wait(uint64_t seq, Condition::Clock::time_point deadline);

 private:
  struct Submission {
    uint64_t seq = 0;
    std::shared_ptr<Buffer> command;
    std::set<uint32_t> pinned;
  };
  using Lock = std::unique_lock<std::mutex>;

  void work();
  void compute(const Submission& submission, Lock& lock);
  State execute(Packet packet, const std::set<uint32_t>& pinned);
  Fault fault_in_chain(uint32_t index, uint32_t length);
  State execute_chain(Packet packet, const std::set<uint32_t>& pinned);
  State execute_start(const Packet& packet, const std::set<uint32_t>& pinned, const Fault& fault);
  void take_time(std::chrono::milliseconds time);
  void end(const Submission& submission, State state);

  /// True when the device has gone since the context was made.
  bool forgotten() const { return losses_ != device_.presence.losses(); }
  int take_command(Lock& lock);
  void give_command_back();
  int connect(Lock& lock);
  void leave_partition_if_wanted();

  Device& device_;
  Buffers& buffers_;
  Claim slot_;
  const uint64_t losses_;
  std::optional<Runner> runner_;

  std::mutex mutex_;
  Condition changed_;
  std::deque<Submission> queue_;
  uint64_t taken_ = 0;  ///< of the commands that the driver takes, those waiting in connect() too
  uint64_t submitted_ = 0;
  uint64_t ended_ = 0;
  bool stop_ = false;
  std::optional<Claim> partition_;
  bool yielding_ = false;  ///< takes nothing new until its partition has gone to somebody else
  Condition::Clock::time_point connected_at_;
  Condition::Clock::time_point rests_until_;
  std::thread worker_;
};

}  // namespace npumel::emu
