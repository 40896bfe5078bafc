// SPDX-License-Identifier: LGPL-2.1-or-later
// Knows which threads are in XRT, and which of those the driver keeps.
#include "gst/backend/xrt/exit_gate.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace npumel::xrt_module {
namespace {

using std::chrono::milliseconds;

// A thread that sleeps in the driver for longer is left there: the driver, not the processor, is
// what it waits for. In the kernel it does no harm to what is destroyed meanwhile, unless it comes
// back in the very milliseconds in which the process goes.
constexpr milliseconds kForTheDriver(40);
// For threads that only need their turn on the processor.
constexpr std::chrono::seconds kLongest(10);

constexpr int kMostThreads = 512;
constexpr int kNoPlace = -1;

// Constant-initialised and never destroyed: threads use them until the very end.
constinit std::atomic<bool> closed = false;
constinit std::array<std::atomic<int>, kMostThreads> inside{};  // kernel's numbers of threads
constinit std::atomic<int> others = 0;                          // more than there are places

int thread_number() {
  static thread_local const int number = static_cast<int>(syscall(SYS_gettid));
  return number;
}

/// False for a thread that runs or waits for a processor, as far as the kernel tells.
bool sleeps(int thread) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/stat", thread);
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  std::array<char, 256> text{};
  const ssize_t length = read(file, text.data(), text.size() - 1);
  ::close(file);
  if (length <= 0) return true;
  // "NUMBER (NAME) STATE ...", and a name may hold a bracket.
  const char* end_of_name = std::strrchr(text.data(), ')');
  return end_of_name == nullptr || std::strlen(end_of_name) < 3 || end_of_name[2] != 'R';
}

bool all_have_left(bool patient) {
  if (patient && others > 0) return false;
  for (const std::atomic<int>& place : inside) {
    const int thread = place;
    if (thread != 0 && (patient || !sleeps(thread))) return false;
  }
  return true;
}

void close_gate() {
  // The handler may be registered several times: the first one to be called has done it.
  if (closed.exchange(true)) return;
  const auto begun = std::chrono::steady_clock::now();
  const auto taken = [&] { return std::chrono::steady_clock::now() - begun; };
  while (!all_have_left(taken() < kForTheDriver) && taken() < kLongest)
    std::this_thread::sleep_for(milliseconds(1));
}

}  // namespace

InXrt::InXrt() noexcept : place_(kNoPlace) {
  const int number = thread_number();
  for (int i = 0; i < kMostThreads && place_ == kNoPlace; i++) {
    const int place = (number + i) % kMostThreads;
    int nobody = 0;
    if (inside[static_cast<std::size_t>(place)].compare_exchange_strong(nobody, number))
      place_ = place;
  }
  if (place_ == kNoPlace) ++others;
  admitted_ = !closed;  // after it has been seen to be inside, so that close_gate() cannot miss it
}

InXrt::~InXrt() {
  if (place_ == kNoPlace)
    --others;
  else
    inside[static_cast<std::size_t>(place_)] = 0;
}

void close_gate_at_exit() { static_cast<void>(std::atexit(close_gate)); }

bool exit_gate_closed() noexcept { return closed; }

}  // namespace npumel::xrt_module
