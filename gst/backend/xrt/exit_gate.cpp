// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/xrt/exit_gate.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace npumel::xrt_module {
namespace {

// What a call of the driver may take at the end of a process, and what a wait may: a run that is
// stuck keeps its thread in the kernel, where it does no harm.
constexpr auto kLongestCall = std::chrono::seconds(10);
constexpr auto kLongestWait = std::chrono::milliseconds(500);

// Constant-initialised and never destroyed: threads use them until the very end.
constinit std::atomic<bool> closed = false;
constinit std::atomic<int> calls = 0;
constinit std::atomic<int> waits = 0;

std::atomic<int>& counter(Stay stay) { return stay == Stay::wait ? waits : calls; }

void close_gate() {
  closed = true;
  const auto begun = std::chrono::steady_clock::now();
  const auto late = [&](auto limit) { return std::chrono::steady_clock::now() - begun >= limit; };
  while ((calls > 0 && !late(kLongestCall)) || (waits > 0 && !late(kLongestWait)))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace

// Counted first: a thread that finds the gate open has been seen by who closes it.
InXrt::InXrt(Stay stay) noexcept : stay_(stay) {
  ++counter(stay_);
  admitted_ = !closed;
}

InXrt::~InXrt() { --counter(stay_); }

// Exit handlers are called in the reverse of their order: what XRT makes later is destroyed
// earlier.
void close_gate_at_exit() { static_cast<void>(std::atexit(close_gate)); }

}  // namespace npumel::xrt_module
