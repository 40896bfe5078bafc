// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulated kernel driver: one device, as one process sees it. Its hardware contexts and its
// array are shared with other processes (claims.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tests/xrt/emulator/buffers.h"
#include "tests/xrt/emulator/context.h"

namespace npumel::emu {

/// Environment: NPUMEL_EMU_FAULTS (faults.h), NPUMEL_EMU_LOG (report.h), NPUMEL_EMU_NODE
/// (claims.h), those of settings.h, and NPUMEL_EMU_COHERENT (host and device share one copy of
/// every buffer).
class Driver {
 public:
  Driver();

  /// open() of the device node: 0 when it may go on, or a negative errno.
  int open();
  /// A DRM ioctl on the device node, which the calling thread entered at `begun` of its CPU time. 0
  /// or a negative errno.
  int call(unsigned long request, void* argument, uint64_t begun);
  /// What call() has cost the calling thread.
  static uint64_t thread_cpu_ns();
  /// EXEC_CMD calls of the calling thread.
  static uint64_t thread_submissions();
  void* map(void* address, size_t length, int protection, int flags, uint64_t offset);

  bool set_faults(const std::string& text);
  bool set(const std::string& setting, uint64_t value) {
    return device_.settings.set(setting, value);
  }
  Counters counters() const {
    Counters now = device_.report.counters();
    now.faults = device_.faults.injected();
    return now;
  }
  void reset_counters() { device_.report.reset(); }

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

  Device device_;
  Buffers buffers_;
  std::mutex mutex_;
  uint32_t last_handle_ = 0;
  std::map<uint32_t, std::shared_ptr<Context>> contexts_;  ///< the sync object has the same handle
};

}  // namespace npumel::emu
