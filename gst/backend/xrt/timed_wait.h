// SPDX-License-Identifier: LGPL-2.1-or-later
// Waiting for work on the device with a driver library whose waits may fail for no reason.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "gst/backend/xrt/xrt_api.h"

namespace npumel::xrt_module {

/// Of a run or a list of runs, as its command's state tells.
enum class Progress { running, completed, failed };

/// Calls `wait(limit)` until it gives a result or `timeout` has passed, in pieces so short that the
/// end of the process (`closed()`) finds no thread in the middle of a long one.
///
/// XRT 2.25's driver library ignores the result of the wait: one that expires, is interrupted or
/// cannot be made throws the same plain runtime_error, NPUMEL_XRT_FAILED here. Only the clock and
/// `progress()` tell: while the work runs, what came early is waited for again, less and less
/// often; and work that has completed since its wait failed has succeeded.
template <typename Wait, typename State, typename Closed>
NpumelXrtStatus timed_wait(std::chrono::milliseconds timeout, Wait&& wait, State&& progress,
                           Closed&& closed) noexcept {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongestPause(20);
  constexpr milliseconds kLongestWait(5);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  milliseconds pause(0);
  while (true) {
    const auto begun = std::chrono::steady_clock::now();
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - begun);
    const auto limit = std::clamp(left, milliseconds(1), kLongestWait);
    const NpumelXrtStatus status = wait(limit);
    if (status != NPUMEL_XRT_FAILED) return status;
    const Progress now_known = progress();
    if (now_known == Progress::completed) return NPUMEL_XRT_OK;
    if (now_known == Progress::failed || closed()) return status;
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return NPUMEL_XRT_TIMEOUT;
    if (now >= begun + limit) continue;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause + milliseconds(1), kLongestPause);
  }
}

}  // namespace npumel::xrt_module
