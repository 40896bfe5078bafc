// SPDX-License-Identifier: LGPL-2.1-or-later
// npumelspec-xrt.so: what the plugin needs of XRT, behind the table of xrt_api.h.
#include <xrt/experimental/xrt_ini.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include "gst/backend/xrt/exit_gate.h"
#include "gst/backend/xrt/objects.h"
#include "gst/backend/xrt/timed_wait.h"

namespace npumel::xrt_module {
namespace {

void set_text(NpumelXrtError* error, const char* text) {
  std::snprintf(error->text, sizeof error->text, "%s", text);
  for (char* c = error->text; *c != '\0'; c++)
    if (*c == '\n' || *c == '\r') *c = ' ';
}

constexpr const char* kLockedMemory =
    "the locked-memory limit (ulimit -l) is too low for the NPU: raise memlock in "
    "/etc/security/limits.d or LimitMEMLOCK of the service";

// XRT throws at any call: nothing may get past the table.
template <typename Action>
NpumelXrtStatus guarded(NpumelXrtError* error, Action&& action) noexcept {
  const InXrt here;
  if (!here.admitted()) {
    set_text(error, "the process ends");
    return NPUMEL_XRT_FAILED;
  }
  try {
    return action();
  } catch (const Fault& fault) {
    set_text(error, fault.what());
    return fault.status();
  } catch (const std::system_error& refusal) {
    // The driver library locks a heap of 64 MiB and every buffer: EAGAIN is the limit on that.
    const bool locked = refusal.code().value() == EAGAIN;
    set_text(error, locked ? kLockedMemory : refusal.what());
    return locked ? NPUMEL_XRT_PERMISSION : NPUMEL_XRT_FAILED;
  } catch (const std::exception& exception) {
    set_text(error, exception.what());
    return NPUMEL_XRT_FAILED;
  } catch (...) {
    set_text(error, "XRT threw something that is not an exception");
    return NPUMEL_XRT_FAILED;
  }
}

const char* state_name(ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_ERROR:
      return "the run ended in state ERROR";
    case ERT_CMD_STATE_ABORT:
      return "the run was aborted";
    case ERT_CMD_STATE_TIMEOUT:
      return "the run timed out";
    case ERT_CMD_STATE_NORESPONSE:
      return "the NPU does not respond";
    default:
      return "the run ended in an unexpected state";
  }
}

// Work counts as running while XRT cannot tell.
template <typename Work>
Progress progress_of(const Work& work) noexcept {
  Progress progress = Progress::running;
  NpumelXrtError ignored;
  guarded(&ignored, [&] {
    progress = state_of(work);
    return NPUMEL_XRT_OK;
  });
  return progress;
}

template <typename Work, typename Wait>
NpumelXrtStatus wait_for(const Work& work, unsigned timeout_ms, NpumelXrtError* error,
                         Wait&& wait) noexcept {
  const NpumelXrtStatus status = timed_wait(
      std::chrono::milliseconds(timeout_ms),
      [&](std::chrono::milliseconds limit) { return guarded(error, [&] { return wait(limit); }); },
      [&] { return progress_of(work); }, exit_gate_closed);
  if (status == NPUMEL_XRT_TIMEOUT) set_text(error, "no result in time");
  return status;
}

NpumelXrtStatus device_open(const char* device, NpumelXrtDevice** out, NpumelXrtDeviceInfo* info,
                            NpumelXrtError* error) {
  return guarded(error, [&] {
    // XRT's banners belong in no application's terminal. Works only before XRT's first message.
    static const bool quiet = (xrt::ini::set("Runtime.runtime_log", "null"), true);
    static_cast<void>(quiet);
    *out = open_device(device, *info);
    return NPUMEL_XRT_OK;
  });
}

void device_close(NpumelXrtDevice* device) {
  NpumelXrtError ignored;
  guarded(&ignored, [&] {
    std::unique_ptr<NpumelXrtDevice>(device).reset();
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus context_open(NpumelXrtDevice* device, const NpumelXrtPackage* package,
                             NpumelXrtContext** out, NpumelXrtError* error) {
  return guarded(error, [&] {
    *out = open_context(*device, *package);
    return NPUMEL_XRT_OK;
  });
}

void context_close(NpumelXrtContext* context) {
  NpumelXrtError ignored;
  guarded(&ignored, [&] {
    std::unique_ptr<NpumelXrtContext>(context).reset();
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus run_make(NpumelXrtContext* context, size_t input_bytes, size_t output_bytes,
                         NpumelXrtRun** out, NpumelXrtBuffers* buffers, NpumelXrtError* error) {
  return guarded(error, [&] {
    *out = make_run(*context, input_bytes, output_bytes, *buffers);
    return NPUMEL_XRT_OK;
  });
}

bool run_ended(NpumelXrtRun* run) { return progress_of(*run) != Progress::running; }

bool run_destroy(NpumelXrtRun* run) {
  if (!run_ended(run)) return false;
  NpumelXrtError ignored;
  guarded(&ignored, [&] {
    std::unique_ptr<NpumelXrtRun>(run).reset();
    return NPUMEL_XRT_OK;
  });
  return true;
}

NpumelXrtStatus sync(xrt::bo& buffer, xclBOSyncDirection direction, NpumelXrtError* error) {
  return guarded(error, [&] {
    buffer.sync(direction);
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus run_sync_input(NpumelXrtRun* run, NpumelXrtError* error) {
  return sync(run->input, XCL_BO_SYNC_BO_TO_DEVICE, error);
}

NpumelXrtStatus run_sync_poison(NpumelXrtRun* run, NpumelXrtError* error) {
  return sync(run->output.buffer, XCL_BO_SYNC_BO_TO_DEVICE, error);
}

NpumelXrtStatus run_sync_output(NpumelXrtRun* run, NpumelXrtError* error) {
  return sync(run->output.buffer, XCL_BO_SYNC_BO_FROM_DEVICE, error);
}

NpumelXrtStatus run_start(NpumelXrtRun* run, NpumelXrtError* error) {
  return guarded(error, [&] {
    run->submitted = true;
    try {
      run->run.start();
    } catch (...) {
      mark_refused(run->run);
      throw;
    }
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus run_wait(NpumelXrtRun* run, unsigned timeout_ms, NpumelXrtError* error) {
  return wait_for(*run, timeout_ms, error, [&](std::chrono::milliseconds limit) {
    const ert_cmd_state state = run->run.wait(limit);
    if (state != ERT_CMD_STATE_COMPLETED) throw Fault(NPUMEL_XRT_FAILED, state_name(state));
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus output_make(NpumelXrtContext* context, size_t bytes, NpumelXrtOutput** out,
                            NpumelXrtError* error) {
  return guarded(error, [&] {
    *out = make_output(*context, bytes);
    return NPUMEL_XRT_OK;
  });
}

void output_destroy(NpumelXrtOutput* output) {
  NpumelXrtError ignored;
  guarded(&ignored, [&] {
    std::unique_ptr<NpumelXrtOutput>(output).reset();
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus run_swap_output(NpumelXrtRun* run, NpumelXrtOutput* output,
                                NpumelXrtBuffers* buffers, NpumelXrtRows* rows,
                                NpumelXrtError* error) {
  return guarded(error, [&] {
    swap_output(*run, *output, *buffers, *rows);
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus list_make(NpumelXrtContext* context, NpumelXrtRun* const* runs, size_t count,
                          NpumelXrtList** out, NpumelXrtError* error) {
  return guarded(error, [&] {
    *out = make_list(*context, runs, count);
    return NPUMEL_XRT_OK;
  });
}

bool list_ended(NpumelXrtList* list) { return progress_of(*list) != Progress::running; }

bool list_destroy(NpumelXrtList* list) {
  if (!list_ended(list)) return false;
  NpumelXrtError ignored;
  guarded(&ignored, [&] {
    std::unique_ptr<NpumelXrtList>(list).reset();
    return NPUMEL_XRT_OK;
  });
  return true;
}

NpumelXrtStatus list_start(NpumelXrtList* list, NpumelXrtError* error) {
  return guarded(error, [&] {
    list->submitted = true;
    try {
      list->list.execute();
    } catch (...) {
      // As many runs as a list may have here go to the driver in one call: all of them or none.
      list->submitted = false;
      throw;
    }
    return NPUMEL_XRT_OK;
  });
}

NpumelXrtStatus list_wait(NpumelXrtList* list, unsigned timeout_ms, size_t* completed,
                          NpumelXrtError* error) {
  const NpumelXrtStatus status =
      wait_for(*list, timeout_ms, error, [&](std::chrono::milliseconds limit) {
        // XRT forgets a list whose wait has ended early, and the next wait returns at once. Nothing
        // is thrown for that: it would be memory for each piece of a long wait.
        if (list->list.wait(limit) == std::cv_status::timeout ||
            state_of(*list) == Progress::running)
          return NPUMEL_XRT_FAILED;
        const ert_cmd_state state = list->list.state();
        if (state != ERT_CMD_STATE_COMPLETED) throw Fault(NPUMEL_XRT_FAILED, state_name(state));
        return NPUMEL_XRT_OK;
      });
  *completed = status == NPUMEL_XRT_OK ? list->runs.size() : 0;
  if (status == NPUMEL_XRT_FAILED && list_ended(list)) *completed = completed_runs(*list);
  return status;
}

constexpr NpumelXrtApi kApi = {kNpumelXrtApiVersion,
                               sizeof(NpumelXrtApi),
                               NPUMELSPEC_XRT_VERSION,
                               device_open,
                               device_close,
                               context_open,
                               context_close,
                               run_make,
                               run_ended,
                               run_destroy,
                               run_sync_input,
                               run_sync_poison,
                               run_sync_output,
                               run_start,
                               run_wait,
                               output_make,
                               output_destroy,
                               run_swap_output,
                               list_make,
                               list_ended,
                               list_destroy,
                               list_start,
                               list_wait,
                               close_gate_at_exit};

}  // namespace
}  // namespace npumel::xrt_module

extern "C" __attribute__((visibility("default"))) const NpumelXrtApi* npumelspec_xrt_api() {
  return &npumel::xrt_module::kApi;
}
