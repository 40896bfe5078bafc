// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices and contexts of the process, so that all elements share them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "gst/backend/npu_context.h"

namespace npumel {

class NpuRegistry {
 public:
  /// The one of this process.
  static NpuRegistry& process();

  /// Throws BackendError. `device` as in NpuDevice.
  std::shared_ptr<NpuDevice> device(const NpumelXrtApi& api, const std::string& device);

  /// A context that has passed the known-answer test: one per device and package as long as anyone
  /// holds it and it is not broken. One caller at a time opens; not for a streaming thread. Throws
  /// BackendError.
  std::shared_ptr<NpuContext> context(const std::shared_ptr<NpuDevice>& device,
                                      const KernelPackage& package, unsigned timeout_ms);

 private:
  std::mutex device_mutex_;
  std::map<std::string, std::weak_ptr<NpuDevice>> devices_;
  std::mutex context_mutex_;
  std::map<std::string, std::weak_ptr<NpuContext>> contexts_;
};

}  // namespace npumel
