// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context with a kernel on it and the queue of what runs there, shared by the streams of
// a process: the NPU has few contexts (6 on the first generation).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gst/backend/device/npu_run.h"
#include "gst/backend/packages/kernel_package.h"
#include "gst/backend/xrt/xrt_api.h"

namespace npumel {

/// An open device. Closed when its last context is.
class NpuDevice {
 public:
  /// `device`: "" for the first, an index, or a PCI address. Throws BackendError.
  NpuDevice(const NpumelXrtApi& api, const std::string& device);
  ~NpuDevice();
  NpuDevice(const NpuDevice&) = delete;
  NpuDevice& operator=(const NpuDevice&) = delete;

  const NpumelXrtApi& api() const noexcept { return api_; }
  NpumelXrtDevice* handle() const noexcept { return handle_; }
  std::string name() const { return info_.name; }
  std::string address() const { return info_.address; }

 private:
  const NpumelXrtApi& api_;
  NpumelXrtDevice* handle_ = nullptr;
  NpumelXrtDeviceInfo info_{};
};

struct NpuCore {
  /// Opens the hardware context. Throws BackendError.
  NpuCore(std::shared_ptr<NpuDevice> device, const NpumelXrtPackage& package);
  ~NpuCore();
  NpuCore(const NpuCore&) = delete;
  NpuCore& operator=(const NpuCore&) = delete;

  const std::shared_ptr<NpuDevice> device;
  const NpumelXrtApi& api;
  NpumelXrtContext* context = nullptr;

  /// What one run takes on the device when nothing disturbs it, from submissions that completed
  /// lately; 0 before the first.
  std::atomic<uint64_t> run_ns{0};

  /// Held while a job is started, so that the queue has the order of the starts.
  std::mutex start_mutex;

  std::mutex mutex;  ///< guards what follows; never held in a call of the table that waits
  std::condition_variable wake;
  std::vector<NpuSubmission> queue;   ///< started, oldest first
  std::vector<NpuSubmission> parked;  ///< failed or given up, not ended yet
  bool broken = false;
  bool stopping = false;
  std::string broken_reason;

  /// Gives up everything that is queued. Nothing is started on this context any more.
  void fail(RunOutcome outcome, const std::string& reason);
};

/// Why a job failed that had this long.
std::string no_result_within(unsigned timeout_ms);

/// The waiter thread's life: waits in XRT for the oldest submission, reports it, and after a
/// failure watches parked runs until they end.
void serve(const std::shared_ptr<NpuCore>& core);

class NpuContext {
 public:
  /// Opens the context and starts its waiter thread. Throws BackendError.
  NpuContext(const std::shared_ptr<NpuDevice>& device, const KernelPackage& package);
  /// Does not wait for the device: what still runs there is looked after by the waiter thread.
  ~NpuContext();
  NpuContext(const NpuContext&) = delete;
  NpuContext& operator=(const NpuContext&) = delete;

  const std::shared_ptr<NpuCore>& core() const noexcept { return core_; }

  /// Puts a job on the device; its buffers are in sync. False with a reason when the device refuses
  /// or the context is broken: the context is broken then.
  bool start(NpuSubmission submission, std::string& reason);

  bool broken() const;
  /// Nothing is started here any more; all streams that use it hear of it.
  void fail(RunOutcome outcome, const std::string& reason);

 private:
  std::shared_ptr<NpuCore> core_;
  std::thread waiter_;
};

}  // namespace npumel
