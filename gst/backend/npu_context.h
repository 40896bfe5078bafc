// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context with a kernel on it, used by any number of streams: the NPU has few of them
// (6 on the first generation). Runs of all streams are served in the order of their starts, and a
// stream has no more than its in-flight batches there: nobody starves.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gst/backend/kernel_package.h"
#include "gst/backend/npu_core.h"

namespace npumel {

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
  void break_down(RunOutcome outcome, const std::string& reason);

 private:
  std::shared_ptr<NpuCore> core_;
  std::thread waiter_;
};

}  // namespace npumel
