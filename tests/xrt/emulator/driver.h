// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulated kernel driver: one device, as one process sees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tests/xrt/emulator/buffers.h"
#include "tests/xrt/emulator/context.h"
#include "tests/xrt/emulator/faults.h"
#include "tests/xrt/emulator/report.h"

namespace npumel::emu {

/// Environment: NPUMEL_EMU_FAULTS (faults.h), NPUMEL_EMU_LOG (report.h), NPUMEL_EMU_CONTEXTS
/// (default 6, as on npu1), NPUMEL_EMU_RECOVERY_MS (default 2000, the driver's tdr_timeout_ms),
/// NPUMEL_EMU_COHERENT (host and device share one copy of every buffer).
class Driver {
 public:
  Driver();

  /// A DRM ioctl on the device node. 0 or a negative errno.
  int call(unsigned long request, void* argument);
  /// What call() has cost the calling thread.
  static uint64_t thread_cpu_ns();
  void* map(void* address, size_t length, int protection, int flags, uint64_t offset);

  bool set_faults(const std::string& text);
  Counters counters() const {
    Counters now = report_.counters();
    now.faults = faults_.injected();
    return now;
  }
  void reset_counters() { report_.reset(); }

 private:
  int do_call(unsigned long request, void* argument);
  int dispatch(unsigned int number, void* argument);
  int create_context(amdxdna_drm_create_hwctx& call);
  int destroy_context(uint32_t handle);
  int configure_context(const amdxdna_drm_config_hwctx& call);
  int execute(amdxdna_drm_exec_cmd& call);
  int get_info(amdxdna_drm_get_info& call);
  int wait_timeline(const drm_syncobj_timeline_wait& call);
  int wait_command(const amdxdna_drm_wait_cmd& call);
  std::shared_ptr<Context> find(uint32_t handle);

  Report report_;
  Faults faults_;
  Buffers buffers_;
  std::atomic<bool> lost_{false};
  size_t context_limit_;
  std::chrono::milliseconds recovery_;
  std::mutex mutex_;
  uint32_t last_handle_ = 0;
  std::map<uint32_t, std::shared_ptr<Context>> contexts_;  ///< the sync object has the same handle
};

}  // namespace npumel::emu
