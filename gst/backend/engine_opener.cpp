// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/engine_opener.h"

#include <utility>

#include "gst/backend/module_loader.h"

namespace npumel {
namespace {

const NpumelXrtApi* module_table() {
  const LoadedModule module = load_xrt_module();
  if (module.api == nullptr) throw BackendError(BackendFault::library_missing, module.reason);
  return module.api;
}

}  // namespace

EngineOpener::EngineOpener(const EngineRequest& request,
                           const std::shared_ptr<StreamSignal>& signal)
    : signal_(signal), shared_(std::make_shared<Shared>()) {
  thread_ = std::thread([asked = request, signal, shared = shared_]() mutable {
    std::unique_ptr<NpuEngine> engine;
    std::optional<BackendError> error;
    try {
      if (asked.api == nullptr) asked.api = module_table();
      {
        const std::lock_guard lock(signal->mutex);
        shared->api = asked.api;
      }
      engine = std::make_unique<NpuEngine>(asked, signal);
    } catch (const BackendError& fault) {
      error = fault;
    } catch (const std::exception& other) {
      error = BackendError(BackendFault::failed, other.what());
    }
    {
      const std::lock_guard lock(signal->mutex);
      shared->engine = std::move(engine);
      shared->error = std::move(error);
      shared->done = true;
    }
    signal->changed.notify_all();
  });
}

EngineOpener::~EngineOpener() {
  if (done()) {
    thread_.join();
  } else {
    leave();
    thread_.detach();
  }
}

// Nobody waits for it any longer, and the process may end at any time.
void EngineOpener::leave() const {
  const NpumelXrtApi* api = nullptr;
  {
    const std::lock_guard lock(signal_->mutex);
    api = shared_->api;
  }
  if (api != nullptr) api->guard_exit();
}

bool EngineOpener::done() const {
  const std::lock_guard lock(signal_->mutex);
  return shared_->done;
}

bool EngineOpener::wait(NpuRun::Clock::time_point deadline) const {
  {
    std::unique_lock lock(signal_->mutex);
    signal_->changed.wait_until(lock, deadline,
                                [&] { return shared_->done || signal_->interrupted; });
    if (shared_->done) return true;
  }
  leave();
  return false;
}

std::unique_ptr<NpuEngine> EngineOpener::take() {
  if (shared_->error) throw BackendError(*shared_->error);
  return std::move(shared_->engine);
}

}  // namespace npumel
