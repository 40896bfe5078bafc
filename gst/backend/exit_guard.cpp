#include "gst/backend/exit_guard.h"

#include <cstdlib>

namespace npumel {
namespace {

// Constant-initialised and never destroyed: threads use them until the very end.
constinit std::mutex exit_mutex;
constinit bool process_exits = false;

}  // namespace

ExitGuard::ExitGuard() : lock_(exit_mutex) {}

bool ExitGuard::exiting() const noexcept { return process_exits; }

void watch_process_exit() {
  static const int registered = std::atexit([] {
    const std::lock_guard lock(exit_mutex);
    process_exits = true;
  });
  static_cast<void>(registered);
}

}  // namespace npumel
