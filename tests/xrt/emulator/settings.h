// SPDX-License-Identifier: LGPL-2.1-or-later
// The limits and habits of the emulated driver that differ between versions and machines.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace npumel::emu {

/// Each has a name, with which a test sets it, and an environment variable: "recovery-ms" is
/// NPUMEL_EMU_RECOVERY_MS. The defaults are those of amdxdna on npu1. Safe from any thread.
struct Settings {
  /// "contexts": hardware contexts of the device, for all processes together.
  std::atomic<uint64_t> contexts{6};
  /// "commands": submissions of one context that the driver takes (CTX_MAX_CMDS). The next EXEC_CMD
  /// blocks until one has ended. A chain is one submission.
  std::atomic<uint64_t> commands{4};
  /// "interruptible": 1 when a signal ends that EXEC_CMD with EINTR (the driver of Linux itself), 0
  /// when only a fatal one does (AMD's own).
  std::atomic<uint64_t> interruptible{0};
  /// "recovery-ms": when the driver gives a run up that makes no progress (2 to 4 s, or 60 s).
  std::atomic<uint64_t> recovery_ms{2000};
  /// "destroy-ms": how long DESTROY_HWCTX waits for what still runs, before it aborts that.
  std::atomic<uint64_t> destroy_ms{2000};
  /// "partitions": contexts that can be on the array at once, for all processes together; 0 = all.
  /// EXEC_CMD of another one blocks until the driver has taken a context off.
  std::atomic<uint64_t> partitions{0};
  /// "slice-ms": how long a context may keep its partition while others wait for one.
  std::atomic<uint64_t> slice_ms{5};
  /// "memlock": bytes that the process may lock in memory; 0 = no limit.
  std::atomic<uint64_t> memlock{0};
  /// "dma-buf": 1 when buffers can be exported, 0 when that fails with EOPNOTSUPP.
  std::atomic<uint64_t> dma_buf{1};

  /// From the environment.
  Settings();
  /// False when there is no such setting.
  bool set(const std::string& name, uint64_t value);
};

}  // namespace npumel::emu
