// Threads that look after parked runs must leave XRT alone once the process ends: its own clean-up
// runs beside them. Parked runs then stay alive on purpose.
#pragma once

#include <mutex>

namespace npumel {

/// While one exists, the process's clean-up waits; none of them waits for a device.
class ExitGuard {
 public:
  ExitGuard();
  bool exiting() const noexcept;

 private:
  std::unique_lock<std::mutex> lock_;
};

/// Called once XRT is loaded, so that exiting() becomes true before XRT's own clean-up begins.
void watch_process_exit();

}  // namespace npumel
