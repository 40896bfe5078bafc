// SPDX-License-Identifier: LGPL-2.1-or-later
// A stand-in of the XRT module that does what a test has written down, and blocks as the driver
// does.
#include "tests/unit/backend/scripted_xrt.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "kernels/aie2/host_twin.h"

using npumel::test::RunFault;

struct NpumelXrtDevice {};
struct NpumelXrtContext {
  int abi = 2;
  int frames = 100;
  std::string recipe;
  int commands = 0;  // that are stuck, or wait behind one that is
};
struct NpumelXrtRun {
  NpumelXrtContext* context = nullptr;
  std::vector<uint8_t> input, output;  // the host's copies
  std::vector<uint8_t> device_input, device_output;
  RunFault fault = RunFault::none;
  bool on_device = false;
};

struct NpumelXrtOutput {
  std::vector<uint8_t> memory;
};

struct NpumelXrtList {
  std::vector<NpumelXrtRun*> runs;
  bool on_device = false;
};

namespace npumel::test {
namespace {

constexpr int kNever = std::numeric_limits<int>::max();
constexpr int kMaxCommands = 4;  // of a context; the driver blocks who submits the next one

struct State {
  std::mutex mutex;
  std::condition_variable released;
  ScriptedCounters counters;
  std::map<int, RunFault> faults;
  int faults_from = kNever;
  RunFault fault_from = RunFault::none;
  NpumelXrtStatus device_status = NPUMEL_XRT_OK;
  NpumelXrtStatus context_status = NPUMEL_XRT_OK;
  int most_contexts = kNever;
  int most_outputs = kNever;
  const void* last_output = nullptr;
  std::vector<NpumelXrtRun*> hung;
  bool starts_blocked = false;
  bool openings_blocked = false;
  std::map<int, std::chrono::microseconds> run_times;  // by frames of a run
  std::string device_name = "RyzenAI-npu1";
};

State& state() {
  static State the_state;
  return the_state;
}

NpumelXrtStatus say(NpumelXrtError* error, NpumelXrtStatus status, const char* text) {
  std::snprintf(error->text, sizeof error->text, "%s", text);
  return status;
}

RunFault fault_of(int start) {
  const auto found = state().faults.find(start);
  if (found != state().faults.end()) return found->second;
  return start >= state().faults_from ? state().fault_from : RunFault::none;
}

bool sticks(RunFault fault) {
  return fault == RunFault::hang || fault == RunFault::held || fault == RunFault::held_zeros;
}

// As the driver: waits until there is room for another command of this context.
void enter_device(std::unique_lock<std::mutex>& lock, NpumelXrtContext& context) {
  const auto room = [&] { return context.commands < kMaxCommands && !state().starts_blocked; };
  if (!room()) state().counters.blocked_starts++;
  state().released.wait(lock, room);
}

// The device does one command after another: what is behind one that is stuck is so, too.
void put_on_device(NpumelXrtRun& run) {
  run.on_device = true;
  if (run.context->commands > 0 && !sticks(run.fault)) run.fault = RunFault::held;
  if (sticks(run.fault)) state().hung.push_back(&run);
}

void count_command(NpumelXrtContext& context, bool stuck) {
  if (stuck) context.commands++;
  state().counters.most_commands = std::max(state().counters.most_commands, context.commands);
}

void compute(NpumelXrtRun& run) {
  const auto frames = static_cast<size_t>(run.context->frames);
  const size_t row = run.output.size() / frames;
  uint8_t* out = run.device_output.data();
  if (run.fault == RunFault::unwritten) return;
  if (run.context->abi == 1)
    aie2::twin_v1(reinterpret_cast<const int16_t*>(run.device_input.data()),
                  reinterpret_cast<int8_t*>(out));
  else if (run.context->abi == 3)
    aie2::twin_rows_v3(reinterpret_cast<const int16_t*>(run.device_input.data()), 0,
                       run.context->frames, run.context->recipe, reinterpret_cast<float*>(out));
  else
    aie2::twin_rows_v2(reinterpret_cast<const int16_t*>(run.device_input.data()), 0,
                       run.context->frames, run.context->recipe, reinterpret_cast<int16_t*>(out));
  switch (run.fault) {
    case RunFault::zeros:
    case RunFault::held_zeros:
      std::memset(out, 0, run.output.size());
      break;
    case RunFault::first_row:
      for (size_t f = 1; f < frames; f++) std::memcpy(out + f * row, out, row);
      break;
    case RunFault::one_row_late:
      std::memmove(out + row, out, (frames - 1) * row);
      break;
    case RunFault::not_a_number:
      std::memset(out + 30 * row + 8, 0xff, sizeof(float));
      break;
    case RunFault::wrong_row_57:
      std::memcpy(out + 57 * row, out + 3 * row, row);
      break;
    default:
      break;
  }
}

NpumelXrtStatus device_open(const char*, NpumelXrtDevice** out, NpumelXrtDeviceInfo* info,
                            NpumelXrtError* error) {
  std::unique_lock lock(state().mutex);
  state().released.wait(lock, [] { return !state().openings_blocked; });
  if (state().device_status != NPUMEL_XRT_OK)
    return say(error, state().device_status, "scripted: device");
  state().counters.devices_opened++;
  std::snprintf(info->name, sizeof info->name, "%s", state().device_name.c_str());
  std::snprintf(info->address, sizeof info->address, "0000:c5:00.1");
  *out = std::make_unique<NpumelXrtDevice>().release();
  return NPUMEL_XRT_OK;
}

void device_close(NpumelXrtDevice* device) { std::unique_ptr<NpumelXrtDevice>(device).reset(); }

NpumelXrtStatus context_open(NpumelXrtDevice*, const NpumelXrtPackage* package,
                             NpumelXrtContext** out, NpumelXrtError* error) {
  const std::lock_guard lock(state().mutex);
  if (state().context_status != NPUMEL_XRT_OK)
    return say(error, state().context_status, "scripted: context");
  if (state().counters.contexts_alive >= state().most_contexts) {
    state().counters.contexts_refused++;
    return say(error, NPUMEL_XRT_BUSY, "scripted: all contexts are in use");
  }
  auto made = std::make_unique<NpumelXrtContext>();
  const void* code = package->elf != nullptr ? package->elf : package->xclbin;
  std::string text(static_cast<const char*>(code),
                   package->elf != nullptr ? package->elf_bytes : package->xclbin_bytes);
  if (package->elf != nullptr) {
    if (std::string(package->elf_kernel) != "mel")
      return say(error, NPUMEL_XRT_BAD_PACKAGE, "scripted: no such kernel");
    text.erase(0, text.find("xclbin2"));
  }
  std::array<char, 32> recipe{};
  if (std::sscanf(text.c_str(), "xclbin2 v%d %31s %d", &made->abi, recipe.data(), &made->frames) !=
      3)
    return say(error, NPUMEL_XRT_BAD_PACKAGE, "scripted: not a test xclbin");
  made->recipe = recipe.data();
  state().counters.contexts_opened++;
  state().counters.contexts_alive++;
  *out = made.release();
  return NPUMEL_XRT_OK;
}

void context_close(NpumelXrtContext* context) {
  const std::lock_guard lock(state().mutex);
  state().counters.contexts_alive--;
  std::unique_ptr<NpumelXrtContext>(context).reset();
}

NpumelXrtStatus run_make(NpumelXrtContext* context, size_t input_bytes, size_t output_bytes,
                         NpumelXrtRun** out, NpumelXrtBuffers* buffers, NpumelXrtError*) {
  const std::lock_guard lock(state().mutex);
  auto made = std::make_unique<NpumelXrtRun>();
  made->context = context;
  made->input.resize(input_bytes);
  made->device_input.resize(input_bytes);
  made->output.resize(output_bytes);
  made->device_output.resize(output_bytes);
  *buffers = {made->input.data(), made->output.data()};
  state().counters.runs_made++;
  state().counters.runs_alive++;
  *out = made.release();
  return NPUMEL_XRT_OK;
}

// The device works whether anyone waits for it or not.
bool run_ended(NpumelXrtRun* run) {
  const std::lock_guard lock(state().mutex);
  if (!sticks(run->fault)) run->on_device = false;
  return !run->on_device;
}

bool run_destroy(NpumelXrtRun* run) {
  const std::lock_guard lock(state().mutex);
  if (run->on_device) {
    state().counters.destroyed_in_progress++;
    return false;
  }
  state().counters.runs_alive--;
  std::unique_ptr<NpumelXrtRun>(run).reset();
  return true;
}

NpumelXrtStatus run_sync_input(NpumelXrtRun* run, NpumelXrtError*) {
  const std::lock_guard lock(state().mutex);
  state().counters.input_syncs++;
  run->device_input = run->input;
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus run_sync_poison(NpumelXrtRun* run, NpumelXrtError*) {
  const std::lock_guard lock(state().mutex);
  state().counters.poison_syncs++;
  run->device_output = run->output;
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus run_sync_output(NpumelXrtRun* run, NpumelXrtError* error) {
  const std::lock_guard lock(state().mutex);
  if (run->fault == RunFault::sync_fails) return say(error, NPUMEL_XRT_FAILED, "scripted: sync");
  state().counters.output_syncs++;
  compute(*run);  // now, so that a run takes no time
  std::memcpy(run->output.data(), run->device_output.data(), run->output.size());
  state().last_output = run->output.data();
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus run_start(NpumelXrtRun* run, NpumelXrtError* error) {
  std::unique_lock lock(state().mutex);
  enter_device(lock, *run->context);
  run->fault = fault_of(state().counters.starts++);
  if (run->context->frames != 100) state().counters.long_starts++;
  if (run->fault == RunFault::refuse_start) return say(error, NPUMEL_XRT_FAILED, "scripted: start");
  put_on_device(*run);
  count_command(*run->context, sticks(run->fault));
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus run_wait(NpumelXrtRun* run, unsigned timeout_ms, NpumelXrtError* error) {
  std::unique_lock lock(state().mutex);
  if (sticks(run->fault)) {
    const bool ended = state().released.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                                 [&] { return !run->on_device; });
    if (!ended || run->fault == RunFault::hang)
      return say(error, NPUMEL_XRT_TIMEOUT, "scripted: no result in time");
  }
  const auto takes = state().run_times.find(run->context->frames);
  if (takes != state().run_times.end())
    state().released.wait_for(lock, takes->second, [] { return false; });
  run->on_device = false;
  if (run->fault == RunFault::error_state) return say(error, NPUMEL_XRT_FAILED, "scripted: state");
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus output_make(NpumelXrtContext*, size_t bytes, NpumelXrtOutput** out,
                            NpumelXrtError* error) {
  const std::lock_guard lock(state().mutex);
  if (state().counters.outputs_made >= state().most_outputs)
    return say(error, NPUMEL_XRT_FAILED, "scripted: no memory");
  state().counters.outputs_made++;
  state().counters.outputs_alive++;
  *out = std::make_unique<NpumelXrtOutput>(NpumelXrtOutput{std::vector<uint8_t>(bytes)}).release();
  return NPUMEL_XRT_OK;
}

void output_destroy(NpumelXrtOutput* output) {
  const std::lock_guard lock(state().mutex);
  state().counters.outputs_alive--;
  std::unique_ptr<NpumelXrtOutput>(output).reset();
}

NpumelXrtStatus run_swap_output(NpumelXrtRun* run, NpumelXrtOutput* output,
                                NpumelXrtBuffers* buffers, NpumelXrtRows* rows, NpumelXrtError*) {
  const std::lock_guard lock(state().mutex);
  if (run->on_device) state().counters.swapped_in_progress++;
  std::swap(run->output, output->memory);
  *buffers = {run->input.data(), run->output.data()};
  *rows = {output->memory.data(), -1};
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus list_make(NpumelXrtContext*, NpumelXrtRun* const* runs, size_t count,
                          NpumelXrtList** out, NpumelXrtError*) {
  const std::lock_guard lock(state().mutex);
  state().counters.lists_made++;
  state().counters.lists_alive++;
  *out = std::make_unique<NpumelXrtList>(NpumelXrtList{{runs, runs + count}, false}).release();
  return NPUMEL_XRT_OK;
}

// Its runs may be on the device by way of another list.
bool list_ended(NpumelXrtList* list) {
  if (!list->on_device) return true;
  bool ended = true;
  for (NpumelXrtRun* run : list->runs) ended = run_ended(run) && ended;
  list->on_device = !ended;
  return ended;
}

bool list_destroy(NpumelXrtList* list) {
  const bool ended = list_ended(list);
  const std::lock_guard lock(state().mutex);
  if (!ended) {
    state().counters.destroyed_in_progress++;
    return false;
  }
  state().counters.lists_alive--;
  std::unique_ptr<NpumelXrtList>(list).reset();
  return true;
}

NpumelXrtStatus list_start(NpumelXrtList* list, NpumelXrtError* error) {
  std::unique_lock lock(state().mutex);
  NpumelXrtContext& context = *list->runs.front()->context;
  enter_device(lock, context);
  state().counters.list_starts++;
  bool refused = false;
  for (NpumelXrtRun* run : list->runs) {
    run->fault = fault_of(state().counters.starts++);
    refused = refused || run->fault == RunFault::refuse_start;
  }
  if (refused) return say(error, NPUMEL_XRT_FAILED, "scripted: start");
  list->on_device = true;
  bool stuck = context.commands > 0;
  for (NpumelXrtRun* run : list->runs) {
    stuck = stuck || sticks(run->fault);
    if (stuck && !sticks(run->fault)) run->fault = RunFault::hang;
    put_on_device(*run);
  }
  count_command(context, stuck);
  return NPUMEL_XRT_OK;
}

NpumelXrtStatus list_wait(NpumelXrtList* list, unsigned timeout_ms, size_t* completed,
                          NpumelXrtError* error) {
  *completed = 0;
  for (NpumelXrtRun* run : list->runs) {
    const NpumelXrtStatus status = run_wait(run, timeout_ms, error);
    if (status == NPUMEL_XRT_TIMEOUT) *completed = 0;  // XRT cannot tell how far it came
    if (status != NPUMEL_XRT_OK) {
      if (status == NPUMEL_XRT_FAILED) list_ended(list);  // those behind it are aborted
      return status;
    }
    ++*completed;
  }
  return NPUMEL_XRT_OK;
}

}  // namespace

const NpumelXrtApi& scripted_xrt() {
  static const NpumelXrtApi api = {
      kNpumelXrtApiVersion, sizeof(NpumelXrtApi), "scripted",      device_open, device_close,
      context_open,         context_close,        run_make,        run_ended,   run_destroy,
      run_sync_input,       run_sync_poison,      run_sync_output, run_start,   run_wait,
      output_make,          output_destroy,       run_swap_output, list_make,   list_ended,
      list_destroy,         list_start,           list_wait,       [] {}};
  return api;
}

void reset_scripted_xrt() {
  const std::lock_guard lock(state().mutex);
  state().counters = {};
  state().faults.clear();
  state().faults_from = kNever;
  state().device_status = state().context_status = NPUMEL_XRT_OK;
  state().most_contexts = state().most_outputs = kNever;
  state().starts_blocked = state().openings_blocked = false;
  state().run_times.clear();
  state().device_name = "RyzenAI-npu1";
}

void script_run(int n, RunFault fault) {
  const std::lock_guard lock(state().mutex);
  state().faults[n] = fault;
}

void script_runs_from(int n, RunFault fault) {
  const std::lock_guard lock(state().mutex);
  state().faults_from = n;
  state().fault_from = fault;
}

void script_device_open(NpumelXrtStatus status) {
  const std::lock_guard lock(state().mutex);
  state().device_status = status;
}

void script_context_open(NpumelXrtStatus status) {
  const std::lock_guard lock(state().mutex);
  state().context_status = status;
}

void script_most_contexts(int count) {
  const std::lock_guard lock(state().mutex);
  state().most_contexts = count;
}

void script_most_outputs(int count) {
  const std::lock_guard lock(state().mutex);
  state().most_outputs = count;
}

const void* scripted_last_output() {
  const std::lock_guard lock(state().mutex);
  return state().last_output;
}

void release_hung_runs() {
  const std::lock_guard lock(state().mutex);
  for (NpumelXrtRun* run : state().hung) {
    run->on_device = false;
    run->context->commands = 0;
  }
  state().starts_blocked = state().openings_blocked = false;
  state().hung.clear();
  state().released.notify_all();
}

void script_blocked_starts() {
  const std::lock_guard lock(state().mutex);
  state().starts_blocked = true;
}

void script_blocked_openings() {
  const std::lock_guard lock(state().mutex);
  state().openings_blocked = true;
}

void script_run_time(int frames, std::chrono::microseconds time) {
  const std::lock_guard lock(state().mutex);
  state().run_times[frames] = time;
}

void script_device_name(const char* name) {
  const std::lock_guard lock(state().mutex);
  state().device_name = name;
}

ScriptedCounters scripted_counters() {
  const std::lock_guard lock(state().mutex);
  return state().counters;
}

}  // namespace npumel::test
