// SPDX-License-Identifier: LGPL-2.1-or-later
// The ioctls of the emulated driver.
#include "tests/xrt/emulator/driver.h"

#include <poll.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <span>

namespace npumel::emu {
namespace {

/// The name of a call as the log and the faults have it.
std::string name_of(unsigned int number) {
  static const std::map<unsigned int, std::string> kNames = {
      {DRM_COMMAND_BASE + DRM_AMDXDNA_CREATE_HWCTX, "CREATE_HWCTX"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_DESTROY_HWCTX, "DESTROY_HWCTX"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_CONFIG_HWCTX, "CONFIG_HWCTX"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_CREATE_BO, "CREATE_BO"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_GET_BO_INFO, "GET_BO_INFO"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_SYNC_BO, "SYNC_BO"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_EXEC_CMD, "EXEC_CMD"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_GET_INFO, "GET_INFO"},
      {DRM_COMMAND_BASE + DRM_AMDXDNA_WAIT_CMD, "WAIT"},
      {_IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT), "WAIT"},
      {_IOC_NR(DRM_IOCTL_SYNCOBJ_DESTROY), "SYNCOBJ_DESTROY"},
      {_IOC_NR(DRM_IOCTL_GEM_CLOSE), "GEM_CLOSE"},
      {_IOC_NR(DRM_IOCTL_PRIME_HANDLE_TO_FD), "PRIME_HANDLE_TO_FD"},
  };
  const auto it = kNames.find(number);
  return it == kNames.end() ? "CALL_" + std::to_string(number) : it->second;
}

/// What a log line says of a call beside its name and result.
std::string detail(unsigned int number, const void* argument) {
  switch (number) {
    case DRM_COMMAND_BASE + DRM_AMDXDNA_CREATE_BO: {
      const auto& call = *static_cast<const amdxdna_drm_create_bo*>(argument);
      return " type=" + std::to_string(call.type) + " size=" + std::to_string(call.size) +
             " handle=" + std::to_string(call.handle);
    }
    case DRM_COMMAND_BASE + DRM_AMDXDNA_SYNC_BO: {
      const auto& call = *static_cast<const amdxdna_drm_sync_bo*>(argument);
      return " direction=" + std::to_string(call.direction) + " size=" + std::to_string(call.size) +
             " handle=" + std::to_string(call.handle);
    }
    case DRM_COMMAND_BASE + DRM_AMDXDNA_EXEC_CMD:
      return " seq=" + std::to_string(static_cast<const amdxdna_drm_exec_cmd*>(argument)->seq);
    case _IOC_NR(DRM_IOCTL_GEM_CLOSE):
      return " handle=" + std::to_string(static_cast<const drm_gem_close*>(argument)->handle);
    default:
      return "";
  }
}

/// A slow call: the thread is in the kernel for that long.
void take_time(const Fault& fault) {
  if (fault.what == "slow") poll(nullptr, 0, fault.value);
}

thread_local uint64_t cpu_of_this_thread = 0;
thread_local uint64_t submissions_of_this_thread = 0;

}  // namespace

Driver::Driver()
    : buffers_(device_.report, device_.settings, std::getenv("NPUMEL_EMU_COHERENT") != nullptr) {
  const char* faults = std::getenv("NPUMEL_EMU_FAULTS");
  if (faults && !device_.faults.set(faults)) {
    device_.report.log("malformed NPUMEL_EMU_FAULTS");
    std::abort();  // a test that believes in a fault that never comes would pass for nothing
  }
}

bool Driver::set_faults(const std::string& text) {
  if (!device_.faults.set(text)) return false;
  device_.presence.revive();
  return true;
}

int Driver::call(unsigned long request, void* argument, uint64_t begun) {
  device_.report.count([](Counters& c) { ++c.calls_now; });
  const int result = do_call(request, argument);
  const uint64_t spent = emu::thread_cpu_ns() - begun;
  cpu_of_this_thread += spent;
  device_.report.count([&](Counters& c) { --c.calls_now, c.cpu_ns += spent; });
  return result;
}

uint64_t Driver::thread_cpu_ns() { return cpu_of_this_thread; }
uint64_t Driver::thread_submissions() { return submissions_of_this_thread; }

int Driver::open() {
  const Fault fault = device_.faults.next("OPEN");
  take_time(fault);
  const int result = fault.error != 0 ? -fault.error : device_.presence.gone() ? -ENODEV : 0;
  if (device_.report.logging()) device_.report.log("OPEN -> " + std::to_string(result));
  return result;
}

int Driver::do_call(unsigned long request, void* argument) {
  // The DRM core goes by the number alone; size and direction differ between header versions.
  const unsigned int number = _IOC_NR(request);
  const std::string name = name_of(number);
  int result = 0;
  const bool closes = name == "GEM_CLOSE" || name == "DESTROY_HWCTX" || name == "SYNCOBJ_DESTROY";
  const Fault fault = device_.faults.next(name);
  take_time(fault);
  if (fault.error != 0)
    result = -fault.error;
  else if (device_.presence.gone() && !closes)
    result = -ENODEV;
  else if (fault.what == "early")
    result = 0;
  else
    result = dispatch(number, argument);
  if (device_.report.logging())
    device_.report.log(name + detail(number, argument) + " -> " + std::to_string(result));
  return result;
}

void* Driver::map(void* address, size_t length, int protection, int flags, uint64_t offset) {
  device_.report.count([](Counters& c) { ++c.calls_now; });
  const Fault fault = device_.faults.next("MMAP");
  take_time(fault);
  device_.report.count([](Counters& c) { --c.calls_now; });
  if (fault.error != 0) {
    errno = fault.error;
    return MAP_FAILED;
  }
  return buffers_.map(address, length, protection, flags, offset);
}

int Driver::dispatch(unsigned int number, void* argument) {
  switch (number) {
    case DRM_COMMAND_BASE + DRM_AMDXDNA_CREATE_HWCTX:
      return create_context(*static_cast<amdxdna_drm_create_hwctx*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_DESTROY_HWCTX:
      return destroy_context(static_cast<const amdxdna_drm_destroy_hwctx*>(argument)->handle);
    case DRM_COMMAND_BASE + DRM_AMDXDNA_CONFIG_HWCTX:
      return configure_context(*static_cast<const amdxdna_drm_config_hwctx*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_CREATE_BO:
      return buffers_.create(*static_cast<amdxdna_drm_create_bo*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_GET_BO_INFO:
      return buffers_.info(*static_cast<amdxdna_drm_get_bo_info*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_SYNC_BO:
      return buffers_.sync(*static_cast<const amdxdna_drm_sync_bo*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_EXEC_CMD:
      return execute(*static_cast<amdxdna_drm_exec_cmd*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_GET_INFO:
      return get_info(*static_cast<amdxdna_drm_get_info*>(argument));
    case DRM_COMMAND_BASE + DRM_AMDXDNA_WAIT_CMD:
      return wait_command(*static_cast<const amdxdna_drm_wait_cmd*>(argument));
    case _IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT):
      return wait_timeline(*static_cast<const drm_syncobj_timeline_wait*>(argument));
    case _IOC_NR(DRM_IOCTL_GEM_CLOSE):
      return buffers_.close(static_cast<const drm_gem_close*>(argument)->handle);
    case _IOC_NR(DRM_IOCTL_PRIME_HANDLE_TO_FD):
      return buffers_.export_to(*static_cast<drm_prime_handle*>(argument));
    case _IOC_NR(DRM_IOCTL_SYNCOBJ_DESTROY):
      return 0;  // lives and dies with its context
    default:
      return -EOPNOTSUPP;
  }
}

int Driver::create_context(amdxdna_drm_create_hwctx& call) {
  const std::lock_guard lock(mutex_);
  auto slot = claim_context(device_.settings.contexts);
  if (!slot) return -EINVAL;  // what npu1's driver says to the 7th
  const uint32_t handle = ++last_handle_;
  contexts_[handle] = std::make_shared<Context>(device_, buffers_, std::move(*slot));
  call.handle = handle;
  call.syncobj_handle = handle;
  call.umq_doorbell = AMDXDNA_INVALID_DOORBELL_OFFSET;
  device_.report.count([](Counters& c) { ++c.contexts_created, ++c.contexts_alive; });
  return 0;
}

int Driver::destroy_context(uint32_t handle) {
  std::shared_ptr<Context> ends;  // outside the lock: its thread is joined
  {
    const std::lock_guard lock(mutex_);
    const auto it = contexts_.find(handle);
    if (it == contexts_.end()) return -EINVAL;
    ends = std::move(it->second);
    contexts_.erase(it);
  }
  device_.report.count([](Counters& c) { --c.contexts_alive; });
  return 0;
}

std::shared_ptr<Context> Driver::find(uint32_t handle) {
  const std::lock_guard lock(mutex_);
  const auto it = contexts_.find(handle);
  return it == contexts_.end() ? nullptr : it->second;
}

int Driver::configure_context(const amdxdna_drm_config_hwctx& call) {
  const auto context = find(call.handle);
  if (!context) return -EINVAL;
  if (call.param_type != DRM_AMDXDNA_HWCTX_CONFIG_CU) return 0;  // debug buffers
  const auto& config = *reinterpret_cast<const amdxdna_hwctx_param_config_cu*>(call.param_val);
  if (config.num_cus != 1) return -EINVAL;
  const auto pdi = buffers_.find(config.cu_configs[0].cu_bo);
  if (!pdi) return -ENOENT;
  // XRT's driver library flushes the PDI itself, from user space, whatever xrt.ini says: the host's
  // copy is what the device would find.
  if (!context->configure({pdi->host, pdi->size})) {
    device_.report.violation("the PDI names no program");
    return -EINVAL;
  }
  return 0;
}

int Driver::execute(amdxdna_drm_exec_cmd& call) {
  const auto context = find(call.hwctx);
  if (!context || call.type != AMDXDNA_CMD_SUBMIT_EXEC_BUF || call.cmd_count != 1) return -EINVAL;
  auto command = buffers_.find(static_cast<uint32_t>(call.cmd_handles));
  if (!command || command->type != AMDXDNA_BO_CMD) return -EINVAL;
  const std::span arguments(reinterpret_cast<const uint32_t*>(call.args), call.arg_count);
  ++submissions_of_this_thread;
  uint64_t seq = 0;
  const int result = context->submit(std::move(command), {arguments.begin(), arguments.end()}, seq);
  if (result == 0) call.seq = seq;
  return result;
}

int Driver::get_info(amdxdna_drm_get_info& call) {
  const auto answer = [&](const auto& value) {
    if (call.buffer_size < sizeof value) return -ENOSPC;
    std::memcpy(reinterpret_cast<void*>(call.buffer), &value, sizeof value);
    call.buffer_size = sizeof value;
    return 0;
  };
  switch (call.param) {
    case DRM_AMDXDNA_QUERY_AIE_METADATA: {
      // Phoenix: 5 columns, of which 4 reach memory, and 6 rows: shim, memory tile, 4 of cores.
      amdxdna_drm_query_aie_metadata metadata{};
      metadata.cols = 5;
      metadata.rows = 6;
      metadata.version = {2, 0};
      metadata.core = {4, 2, 2, 16, 8, {}};
      metadata.mem = {1, 1, 6, 64, 8, {}};
      metadata.shim = {1, 0, 2, 16, 8, {}};
      return answer(metadata);
    }
    case DRM_AMDXDNA_QUERY_AIE_VERSION:
      return answer(amdxdna_drm_query_aie_version{2, 0});
    case DRM_AMDXDNA_QUERY_FIRMWARE_VERSION:
      return answer(amdxdna_drm_query_firmware_version{1, 5, 5, 391});
    default:
      return -EOPNOTSUPP;
  }
}

int Driver::wait_timeline(const drm_syncobj_timeline_wait& call) {
  if (call.count_handles != 1) return -EINVAL;
  const auto context = find(*reinterpret_cast<const uint32_t*>(call.handles));
  if (!context) return -ENOENT;
  // timeout_nsec is absolute, on the clock that steady_clock reads.
  const auto deadline =
      call.timeout_nsec == INT64_MAX
          ? Condition::kForever
          : std::chrono::steady_clock::time_point(std::chrono::nanoseconds(call.timeout_nsec));
  return context->wait(*reinterpret_cast<const uint64_t*>(call.points), deadline);
}

int Driver::wait_command(const amdxdna_drm_wait_cmd& call) {
  const auto context = find(call.hwctx);
  if (!context) return -EINVAL;
  const auto deadline = call.timeout == 0 ? Condition::kForever
                                          : std::chrono::steady_clock::now() +
                                                std::chrono::milliseconds(call.timeout);
  return context->wait(call.seq, deadline);
}

}  // namespace npumel::emu
