// SPDX-License-Identifier: LGPL-2.1-or-later
// What a test may ask of the emulated driver it runs on. The functions are looked up with dlsym():
// on a machine with a real NPU they are absent, and tests that need them skip themselves.
#pragma once

#include <cstdint>

namespace npumel::emu {

/// Totals since the process started or npumel_emu_reset_counters(), and what is alive now.
struct Counters {
  uint64_t runs;                  ///< kernel runs that ended, whatever their state
  uint64_t chains;                ///< submissions of several runs
  uint64_t chained_runs;          ///< those of `runs` that came in a chain
  uint64_t syncs_to_device;       ///< SYNC_BO calls, except:
  uint64_t syncs_of_poison;       ///< those to the device of buffers that only the device writes
  uint64_t syncs_from_device;     ///< SYNC_BO calls
  uint64_t buffers_created;       ///< command buffers included
  uint64_t data_buffers_created;  ///< those of `buffers_created` that hold samples or rows
  uint64_t buffers_alive;
  uint64_t contexts_created;
  uint64_t contexts_alive;
  uint64_t calls_now;      ///< of the driver that have not returned
  uint64_t calls_blocked;  ///< EXEC_CMD calls that had to wait, and
  uint64_t blocked_now;    ///< those that still do
  uint64_t most_commands;  ///< the largest number of one context's commands in the driver
  uint64_t cpu_ns;         ///< CPU time of all threads in the driver and in its NPU
  uint64_t locked_bytes;   ///< of buffers that are mapped and locked in memory
  uint64_t faults;         ///< injected since set_faults
  uint64_t violations;     ///< uses that real hardware would answer with corruption; see the log
};

}  // namespace npumel::emu

extern "C" {
/// Replaces all faults (grammar: faults.h; "" = none), restarts their counting and revives a lost
/// device. Returns false when the text is malformed.
bool npumel_emu_set_faults(const char* faults);
/// Changes a setting (settings.h). False when there is none of that name.
bool npumel_emu_set(const char* name, uint64_t value);
void npumel_emu_counters(npumel::emu::Counters* counters);
/// EXEC_CMD calls that the calling thread has made.
uint64_t npumel_emu_thread_submissions();
/// CPU time that the calling thread has spent in the driver, ns.
uint64_t npumel_emu_thread_cpu_ns();
void npumel_emu_reset_counters();
}
