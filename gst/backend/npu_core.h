// SPDX-License-Identifier: LGPL-2.1-or-later
// What a hardware context consists of, and the queue of what runs on it. Shared by the context's
// users, its runs and its waiter thread; gone when the last of them is.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gst/backend/npu_job.h"
#include "gst/backend/xrt_api.h"

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
  void break_down(RunOutcome outcome, const std::string& reason);
};

/// Why a job failed that had this long.
std::string no_result_within(unsigned timeout_ms);

/// The waiter thread's life: waits in XRT for the oldest submission, reports it, and after a
/// failure watches parked runs until they end.
void serve(const std::shared_ptr<NpuCore>& core);

}  // namespace npumel
