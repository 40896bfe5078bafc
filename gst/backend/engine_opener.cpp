#include "gst/backend/engine_opener.h"

#include <utility>

namespace npumel {

EngineOpener::EngineOpener(const EngineRequest& request,
                           const std::shared_ptr<StreamSignal>& signal)
    : signal_(signal), shared_(std::make_shared<Shared>()) {
  thread_ = std::thread([request, signal, shared = shared_] {
    std::unique_ptr<NpuEngine> engine;
    std::optional<BackendError> error;
    try {
      engine = std::make_unique<NpuEngine>(request, signal);
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
  if (done())
    thread_.join();
  else
    thread_.detach();
}

bool EngineOpener::done() const {
  const std::lock_guard lock(signal_->mutex);
  return shared_->done;
}

bool EngineOpener::wait(NpuRun::Clock::time_point deadline) const {
  std::unique_lock lock(signal_->mutex);
  signal_->changed.wait_until(lock, deadline,
                              [&] { return shared_->done || signal_->interrupted; });
  return shared_->done;
}

std::unique_ptr<NpuEngine> EngineOpener::take() {
  if (shared_->error) throw BackendError(*shared_->error);
  return std::move(shared_->engine);
}

}  // namespace npumel
