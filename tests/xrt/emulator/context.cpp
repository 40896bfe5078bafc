// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/xrt/emulator/context.h"

#include <cerrno>
#include <string>
#include <utility>

namespace npumel::emu {

Context::Context(Report& report, Buffers& buffers, Faults& faults, std::atomic<bool>& lost,
                 std::chrono::milliseconds recovery)
    : report_(report),
      buffers_(buffers),
      faults_(faults),
      lost_(lost),
      recovery_(recovery),
      worker_([this] { work(); }) {}

Context::~Context() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

bool Context::configure(std::span<const uint8_t> pdi) {
  auto program = find_program(pdi);
  if (!program) return false;
  const std::lock_guard lock(mutex_);
  runner_.emplace(report_, buffers_, std::move(*program));
  return true;
}

uint64_t Context::submit(std::shared_ptr<Buffer> command, std::set<uint32_t> pinned) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({++submitted_, std::move(command), std::move(pinned)});
  changed_.notify_all();
  return submitted_;
}

int Context::wait(uint64_t seq, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto done = [&] { return ended_ >= seq || lost_; };
  if (deadline == std::chrono::steady_clock::time_point::max())
    changed_.wait(lock, done);
  else if (!changed_.wait_until(lock, deadline, done))
    return -ETIME;
  return ended_ >= seq ? 0 : -ENODEV;
}

void Context::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const Submission submission = std::move(queue_.front());
    queue_.pop_front();
    if (stop_) {
      end(submission, State::abort);
      continue;
    }
    lock.unlock();
    const uint64_t begun = thread_cpu_ns();
    const State state = execute(Packet(submission.command->device()), submission.pinned);
    report_.count([&](Counters& c) { c.cpu_ns += thread_cpu_ns() - begun; });
    lock.lock();
    if (lost_ && !stop_) {
      // Nothing ends on a device that is gone; waiters learn it from wait().
      changed_.notify_all();
      changed_.wait(lock, [&] { return stop_; });
    }
    end(submission, lost_ ? State::abort : state);
    if (state != State::timeout) continue;
    // The driver restarts a context whose run timed out, and gives up what was queued behind it.
    while (!queue_.empty()) {
      end(queue_.front(), State::abort);
      queue_.pop_front();
    }
  }
}

void Context::end(const Submission& submission, State state) {
  Packet(submission.command->device()).set_state(state);
  ended_ = submission.seq;
  changed_.notify_all();
}

State Context::execute(Packet packet, const std::set<uint32_t>& pinned) {
  switch (packet.opcode()) {
    case kOpcodeStart:
      return execute_start(packet, pinned, faults_.next("RUN"));
    case kOpcodeChain:
      return execute_chain(packet, pinned);
    default:
      report_.violation("command packet with opcode " + std::to_string(packet.opcode()));
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
    if (const Fault next = here ? faults_.next(site) : Fault{}; next && !fault) fault = next;
  return fault;
}

State Context::execute_chain(Packet packet, const std::set<uint32_t>& pinned) {
  const uint32_t length = packet.chain_length();
  if (length == 0 || !packet.chain_fits()) return State::error;
  report_.count([](Counters& c) { ++c.chains; });
  for (uint32_t i = 0; i < length; ++i) {
    const auto command = buffers_.find(packet.chain_handle(i));
    const Fault fault = fault_in_chain(i, length);
    report_.count([](Counters& c) { ++c.chained_runs; });
    // As the firmware: the packets of a chain's runs stay as the host wrote them.
    const State state =
        command ? execute_start(Packet(command->device()), pinned, fault) : State::error;
    if (state == State::completed && !lost_) continue;
    packet.set_chain_error(i);
    return state;
  }
  return State::completed;
}

State Context::execute_start(const Packet& packet, const std::set<uint32_t>& pinned,
                             const Fault& fault) {
  State state = State::error;
  if (!runner_) {
    report_.violation("run on a context that was never configured");
  } else if (fault.what == "hang" || fault.what == "stuck") {
    if (fault.what == "hang")
      take_time(recovery_);
    else
      take_time(std::chrono::milliseconds::max());
    state = State::timeout;
  } else if (fault.what == "lost") {
    lost_ = true;
  } else if (fault.what == "abort") {
    state = State::abort;
  } else if (fault.what == "timeout") {
    state = State::timeout;
  } else if (fault.what != "error") {
    if (fault.what == "slow") take_time(std::chrono::milliseconds(fault.value));
    state = runner_->run(packet, pinned, fault);
  }
  report_.count([](Counters& c) { ++c.runs; });
  if (report_.logging())
    report_.log("RUN state=" + std::to_string(static_cast<int>(state)) +
                (fault ? " fault=" + fault.what : ""));
  return state;
}

void Context::take_time(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  const auto stopped = [&] { return stop_; };
  if (time == std::chrono::milliseconds::max())
    changed_.wait(lock, stopped);
  else
    changed_.wait_for(lock, time, stopped);
}

}  // namespace npumel::emu
