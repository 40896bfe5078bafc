// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context of the emulated driver: submissions, turns, recovery.
#include "tests/xrt/emulator/context.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace npumel::emu {
namespace {

using Clock = Condition::Clock;
using std::chrono::milliseconds;

// How often a thread looks at what nobody tells it of: other processes, the device's absence.
constexpr milliseconds kLook{1};
// A context that gave its partition away lets others take it.
constexpr milliseconds kRest{2};

/// Condition::wait() for as long as it takes.
template <typename Ready>
int block(Condition& changed, std::unique_lock<std::mutex>& lock, Clock::time_point deadline,
          bool interruptible, Ready ready) {
  while (true) {
    const int result =
        changed.wait(lock, std::min(deadline, Clock::now() + kLook), interruptible, ready);
    if (result != -ETIME || Clock::now() >= deadline) return result;
  }
}

}  // namespace

Context::Context(Device& device, Buffers& buffers, Claim slot)
    : device_(device),
      buffers_(buffers),
      slot_(std::move(slot)),
      losses_(device.presence.losses()),
      worker_([this] { work(); }) {}

Context::~Context() {
  {
    Lock lock(mutex_);
    const auto limit = Clock::now() + milliseconds(device_.settings.destroy_ms);
    block(changed_, lock, limit, false, [&] { return submitted_ == ended_ || forgotten(); });
    stop_ = true;
    changed_.notify_all();
  }
  worker_.join();
}

bool Context::configure(std::span<const uint8_t> pdi) {
  auto program = find_program(pdi);
  if (!program) return false;
  const std::lock_guard lock(mutex_);
  runner_.emplace(device_.report, buffers_, std::move(*program));
  return true;
}

int Context::submit(std::shared_ptr<Buffer> command, std::set<uint32_t> pinned, uint64_t& seq) {
  Lock lock(mutex_);
  if (const int error = take_command(lock); error != 0) return error;
  if (const int error = connect(lock); error != 0) {
    give_command_back();
    return error;
  }
  seq = ++submitted_;
  queue_.push_back({seq, std::move(command), std::move(pinned)});
  changed_.notify_all();
  return 0;
}

int Context::take_command(Lock& lock) {
  const auto room = [&] { return stop_ || forgotten() || taken_ < device_.settings.commands; };
  if (!room()) {
    device_.report.count([](Counters& c) { ++c.calls_blocked, ++c.blocked_now; });
    const int result =
        block(changed_, lock, Condition::kForever, device_.settings.interruptible != 0, room);
    device_.report.count([](Counters& c) { --c.blocked_now; });
    if (result != 0) return result;
  }
  if (stop_ || forgotten()) return -EIO;
  ++taken_;
  device_.report.count(
      [&](Counters& c) { c.most_commands = std::max<uint64_t>(c.most_commands, taken_); });
  return 0;
}

void Context::give_command_back() {
  --taken_;
  changed_.notify_all();
}

int Context::connect(Lock& lock) {
  const uint64_t limit = device_.settings.partitions;
  if (limit == 0) return 0;
  std::optional<Claim> waiting;
  const auto connected = [&] {
    if (stop_ || forgotten()) return true;
    if (yielding_) return false;
    if (!partition_ && Clock::now() >= rests_until_) {
      partition_ = claim_partition(limit);
      connected_at_ = Clock::now();
    }
    if (!partition_ && !waiting) waiting = wait_for_partition();
    return partition_.has_value();
  };
  if (!connected()) {
    device_.report.count([](Counters& c) { ++c.calls_blocked, ++c.blocked_now; });
    // This wait is interruptible in all versions of the driver.
    const int result = block(changed_, lock, Condition::kForever, true, connected);
    device_.report.count([](Counters& c) { --c.blocked_now; });
    if (result != 0) return result;
  }
  return stop_ || forgotten() ? -EIO : 0;
}

void Context::leave_partition_if_wanted() {
  if (!partition_) return;
  const auto slice = milliseconds(device_.settings.slice_ms);
  const bool idle = submitted_ == ended_;
  if (!yielding_ && (idle || Clock::now() - connected_at_ >= slice))
    yielding_ = partition_is_wanted();
  if (!yielding_ || !idle) return;
  partition_.reset();
  yielding_ = false;
  rests_until_ = Clock::now() + kRest;
  changed_.notify_all();
}

int Context::wait(uint64_t seq, Clock::time_point deadline) {
  Lock lock(mutex_);
  const int result = block(changed_, lock, deadline, true,
                           [&] { return ended_ >= seq || device_.presence.gone(); });
  if (ended_ >= seq) return 0;
  return result == 0 ? -ENODEV : result;
}

void Context::work() {
  Lock lock(mutex_);
  while (true) {
    const auto something = [&] { return stop_ || !queue_.empty(); };
    while (!something()) {
      changed_.wait(lock, partition_ ? Clock::now() + kLook : Condition::kForever, false,
                    something);
      if (!something()) leave_partition_if_wanted();
    }
    if (queue_.empty()) return;
    const Submission submission = std::move(queue_.front());
    queue_.pop_front();
    compute(submission, lock);
    leave_partition_if_wanted();
  }
}

void Context::compute(const Submission& submission, Lock& lock) {
  State state = State::abort;
  if (!stop_ && !forgotten()) {
    lock.unlock();
    const uint64_t begun = thread_cpu_ns();
    state = execute(Packet(submission.command->device()), submission.pinned);
    device_.report.count([&](Counters& c) { c.cpu_ns += thread_cpu_ns() - begun; });
    lock.lock();
  }
  if (forgotten()) {
    // Nothing ends on a device that is gone; once it is back, what was on it has been given up.
    state = State::abort;
    block(changed_, lock, Condition::kForever, false,
          [&] { return stop_ || !device_.presence.gone(); });
  }
  end(submission, state);
  if (state != State::timeout) return;
  // The driver restarts a context whose run timed out, and gives up what was queued behind it.
  while (!queue_.empty()) {
    end(queue_.front(), State::abort);
    queue_.pop_front();
  }
}

void Context::end(const Submission& submission, State state) {
  Packet(submission.command->device()).set_state(state);
  ended_ = submission.seq;
  --taken_;
  changed_.notify_all();
}

State Context::execute(Packet packet, const std::set<uint32_t>& pinned) {
  switch (packet.opcode()) {
    case kOpcodeStart:
      return execute_start(packet, pinned, device_.faults.next("RUN"));
    case kOpcodeChain:
      return execute_chain(packet, pinned);
    default:
      device_.report.violation("command packet with opcode " + std::to_string(packet.opcode()));
      return State::error;
  }
}

Fault Context::fault_in_chain(uint32_t index, uint32_t length) {
  const std::pair<const char*, bool> sites[] = {{"RUN", true},
                                                {"CHAIN_FIRST", index == 0},
                                                {"CHAIN_MIDDLE", index == length / 2},
                                                {"CHAIN_LAST", index == length - 1}};
  Fault fault;
  for (const auto& [site, here] : sites)
    if (const Fault next = here ? device_.faults.next(site) : Fault{}; next && !fault) fault = next;
  return fault;
}

State Context::execute_chain(Packet packet, const std::set<uint32_t>& pinned) {
  const uint32_t length = packet.chain_length();
  if (length == 0 || !packet.chain_fits()) return State::error;
  device_.report.count([](Counters& c) { ++c.chains; });
  for (uint32_t i = 0; i < length; ++i) {
    const auto command = buffers_.find(packet.chain_handle(i));
    const Fault fault = fault_in_chain(i, length);
    device_.report.count([](Counters& c) { ++c.chained_runs; });
    // As the firmware: the packets of a chain's runs stay as the host wrote them.
    const State state =
        command ? execute_start(Packet(command->device()), pinned, fault) : State::error;
    if (state == State::completed && !forgotten()) continue;
    packet.set_chain_error(i);
    return state;
  }
  return State::completed;
}

State Context::execute_start(const Packet& packet, const std::set<uint32_t>& pinned,
                             const Fault& fault) {
  State state = State::error;
  const milliseconds value(fault.value);
  if (!runner_) {
    device_.report.violation("run on a context that was never configured");
  } else if (fault.what == "hang") {
    take_time(fault.value > 0 ? value : milliseconds(device_.settings.recovery_ms));
    state = State::timeout;
  } else if (fault.what == "stuck") {
    take_time(milliseconds::max());
    state = State::timeout;
  } else if (fault.what == "lost") {
    device_.presence.lose();
  } else if (fault.what == "outage") {
    device_.presence.lose_for(value);
  } else if (fault.what == "abort") {
    state = State::abort;
  } else if (fault.what == "timeout") {
    state = State::timeout;
  } else if (fault.what != "error") {
    if (fault.what == "slow") take_time(value);
    state = runner_->run(packet, pinned, fault);
  }
  device_.report.count([](Counters& c) { ++c.runs; });
  if (device_.report.logging())
    device_.report.log("RUN state=" + std::to_string(static_cast<int>(state)) +
                       (fault ? " fault=" + fault.what : ""));
  return state;
}

void Context::take_time(milliseconds time) {
  Lock lock(mutex_);
  const auto until = time == milliseconds::max() ? Condition::kForever : Clock::now() + time;
  block(changed_, lock, until, false, [&] { return stop_ || forgotten(); });
}

}  // namespace npumel::emu
