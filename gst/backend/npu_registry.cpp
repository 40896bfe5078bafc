// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/npu_registry.h"

#include "gst/backend/known_answer.h"

namespace npumel {

NpuRegistry& NpuRegistry::process() {
  // Never destroyed: a thread that opens a device may outlive everything else.
  static NpuRegistry* const registry = std::make_unique<NpuRegistry>().release();
  return *registry;
}

std::shared_ptr<NpuDevice> NpuRegistry::device(const NpumelXrtApi& api, const std::string& device) {
  const std::lock_guard lock(device_mutex_);
  std::weak_ptr<NpuDevice>& known = devices_[device];
  std::shared_ptr<NpuDevice> opened = known.lock();
  if (!opened || &opened->api() != &api) {
    opened = std::make_shared<NpuDevice>(api, device);
    known = opened;
  }
  return opened;
}

std::shared_ptr<NpuContext> NpuRegistry::context(const std::shared_ptr<NpuDevice>& device,
                                                 const KernelPackage& package,
                                                 unsigned timeout_ms) {
  const std::string key = device->address() + " " + package.manifest.xclbin_sha256 + " " +
                          package.manifest.instructions_sha256;
  const std::lock_guard lock(context_mutex_);
  std::weak_ptr<NpuContext>& known = contexts_[key];
  std::shared_ptr<NpuContext> opened = known.lock();
  if (!opened || opened->broken() || &opened->core()->api != &device->api()) {
    opened = std::make_shared<NpuContext>(device, package);
    prove(*opened, package.manifest, timeout_ms);
    known = opened;
  }
  return opened;
}

}  // namespace npumel
