// SPDX-License-Identifier: LGPL-2.1-or-later
// A table of the XRT module with nothing behind it but the host twin and a script of faults. Device
// and host copies of buffers are kept apart: a forgotten sync shows.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "gst/backend/xrt/xrt_api.h"

namespace npumel::test {

enum class RunFault {
  none,
  refuse_start,  ///< run_start fails
  error_state,   ///< the wait says FAILED, the run has ended
  hang,          ///< the wait expires, the run is on the device until release_hung_runs()
  held,          ///< on the device until release_hung_runs(), then completed
  held_zeros,    ///< the same, all zeros
  zeros,         ///< completed, all zeros
  unwritten,     ///< completed, output not touched
  first_row,     ///< completed, row 0 everywhere
  one_row_late,  ///< completed, every row is the one before
  wrong_row_57,  ///< completed, one row in the middle is wrong
  not_a_number,  ///< completed, one cell of float rows is NaN
  sync_fails,    ///< the output cannot be fetched
};

struct ScriptedCounters {
  int devices_opened = 0;
  int contexts_opened = 0, contexts_alive = 0, contexts_refused = 0;
  int runs_made = 0, runs_alive = 0;
  int outputs_made = 0, outputs_alive = 0;
  int swapped_in_progress = 0;  ///< outputs exchanged that the device may write to
  int lists_made = 0, lists_alive = 0, list_starts = 0;
  int long_starts = 0;  ///< runs of more than 100 frames
  int starts = 0, input_syncs = 0, poison_syncs = 0, output_syncs = 0;
  int destroyed_in_progress = 0;  ///< what XRT would abort the process for
  int most_commands = 0;          ///< on the device at a time, while one is stuck there
  int blocked_starts = 0;         ///< calls that waited for room on the device
};

/// The table. Its state is reset by reset_scripted_xrt().
const NpumelXrtApi& scripted_xrt();
/// ABI, recipe and frames come from the xclbin's text: see test_package.h.
void reset_scripted_xrt();
/// The n-th run started since the reset (0 = the known-answer test) has this fault.
void script_run(int n, RunFault fault);
/// Every run started from the n-th on.
void script_runs_from(int n, RunFault fault);
void script_device_open(NpumelXrtStatus status);
void script_context_open(NpumelXrtStatus status);
/// More at a time are refused as BUSY.
void script_most_contexts(int count);
/// Where the last rows were fetched to.
const void* scripted_last_output();
/// So many outputs can be made.
void script_most_outputs(int count);
/// What hangs or is held ends, and blocked starts return. Runs behind it end with it.
void release_hung_runs();
/// Starts block until release_hung_runs(), as while another process holds the device.
void script_blocked_starts();
/// Devices are opened once release_hung_runs() is called.
void script_blocked_openings();
/// What a run of so many frames takes at least, if anyone waits for it.
void script_run_time(int frames, std::chrono::microseconds time);
void script_device_name(const char* name);
ScriptedCounters scripted_counters();

}  // namespace npumel::test
