// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context with a kernel on it, and the queue of what is to run there, shared by the
// streams of a process: the NPU has few contexts (6 on the first generation).
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gst/backend/device/context_returns.h"
#include "gst/backend/device/npu_run.h"
#include "gst/backend/device/run_queue.h"
#include "gst/backend/packages/kernel_package.h"
#include "gst/backend/xrt/xrt_api.h"

namespace npumel {

/// A thread that signals of the process are not delivered to: they would end calls of the driver
/// early (EINTR). Threads that XRT starts from it inherit that. Throws std::system_error.
std::thread start_thread(std::function<void()> body);

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

/// What a context consists of. Shared by the context's users, its runs and its two threads; gone
/// when the last of them is.
struct NpuCore {
  /// Commands that may be on the device. The driver takes 4 for a context and blocks the caller of
  /// the next one until one has ended.
  static constexpr std::size_t kOnDevice = 3;

  /// Opens the hardware context. Throws BackendError.
  NpuCore(std::shared_ptr<NpuDevice> device, const NpumelXrtPackage& package);
  ~NpuCore();
  NpuCore(const NpuCore&) = delete;
  NpuCore& operator=(const NpuCore&) = delete;

  const std::shared_ptr<NpuDevice> device;
  const NpumelXrtApi& api;
  NpumelXrtContext* context = nullptr;
  /// Set when nobody uses the context any more: it is closed once the device has done with it.
  std::optional<ContextReturns::Pending> returning;

  /// What one run takes on the device when nothing disturbs it, from submissions that completed
  /// lately; 0 before the first.
  std::atomic<uint64_t> run_ns{0};
  /// Batches of live streams in a row that the device did not compute in time, of all streams.
  std::atomic<int> late_in_row{0};
  /// Batches of live streams that the device has computed, or is at: a stream notes the count of
  /// its last one.
  std::atomic<uint64_t> turns{0};

  std::mutex mutex;  ///< guards what follows; never held in a call of the table that blocks
  std::condition_variable changed;       ///< the context's threads wait for work
  RunQueue waiting;                      ///< in our queue
  std::shared_ptr<NpuJob> submitting;    ///< its start() may block in the driver
  bool waits = false;                    ///< a thread waits for the oldest on the device
  std::vector<NpuSubmission> on_device;  ///< started, oldest first
  std::vector<NpuSubmission> parked;     ///< failed, not ended yet
  NpuJob::Clock::time_point progress;    ///< when the device last began or ended something
  bool broken = false;
  bool stopping = false;
  std::string broken_reason;
  // Of whoever `waits`, without the lock.
  NpuJob::Clock::time_point last_end;  ///< of a submission
  bool last_end_seen = false;          ///< by who waited for it

  /// Fails all that is queued or on the device. Nothing is started on this context any more.
  void fail(RunOutcome outcome, const std::string& reason);
};

/// Why a job failed that had this long.
std::string no_result_within(unsigned timeout_ms);

/// Streams hand over jobs without calling the driver: threads of the context submit them, in the
/// order in which their results are due, and wait for them in XRT. Any thread.
class NpuContext {
 public:
  /// Opens the context and starts its threads. `returns` hears of its end. Throws BackendError,
  /// std::system_error.
  NpuContext(const std::shared_ptr<NpuDevice>& device, const KernelPackage& package,
             std::shared_ptr<ContextReturns> returns);
  /// Does not wait for the device: what still runs there is looked after by the threads.
  ~NpuContext();
  NpuContext(const NpuContext&) = delete;
  NpuContext& operator=(const NpuContext&) = delete;

  const std::shared_ptr<NpuCore>& core() const noexcept { return core_; }

  /// Queues a job whose buffers are in sync. False with a reason when the context is broken.
  bool start(NpuSubmission submission, std::string& reason);
  /// Takes the job with this run back if it has not reached the driver.
  bool withdraw(const NpuRun& run);
  /// Waits for a run of a started job until it is over or an interrupt (`pending`). At `due` it is
  /// withdrawn if it still is in our queue; else, with `until_due`, the result is `pending`. A
  /// device that neither begins nor ends anything for `timeout_ms` fails the context.
  RunOutcome wait(const NpuRun& run, NpuJob::Clock::time_point due, bool until_due,
                  unsigned timeout_ms);
  /// How long the device has been at the command that it does now; 0 when it does none.
  uint64_t busy_ns() const;
  /// Whether a live stream's run queued now, with results due then, would be done within
  /// `granted_ns`: after what is on the device and what waits and is due no later. Runs of live
  /// streams that have had their last turn after `last_turn` are withdrawn where that makes room.
  bool make_room(NpuJob::Clock::time_point due, uint64_t granted_ns, uint64_t last_turn);

  /// A run with buffers for a batch of the context's package: who asks first gets that of the
  /// known-answer test. Throws BackendError.
  std::shared_ptr<NpuRun> make_run(const KernelManifest& manifest,
                                   const std::shared_ptr<StreamSignal>& signal);
  /// After the known-answer test.
  void keep(std::shared_ptr<NpuRun> run);

  bool broken() const;
  /// Nothing is started here any more; all streams that use it hear of it.
  void fail(RunOutcome outcome, const std::string& reason);

 private:
  std::shared_ptr<NpuCore> core_;
  const std::shared_ptr<ContextReturns> returns_;
  std::shared_ptr<NpuRun> kept_;        ///< guarded by the core's mutex
  std::array<std::thread, 2> threads_;  ///< one submits while the other waits
};

}  // namespace npumel
