// Opens an NpuEngine on a thread of its own, because that can take as long as a device pleases.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "gst/backend/npu_engine.h"

namespace npumel {

class EngineOpener {
 public:
  /// Begins at once; `signal` is notified at the end.
  EngineOpener(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal);
  /// Never waits for the device: an opening that is under way ends by itself, unused.
  ~EngineOpener();
  EngineOpener(const EngineOpener&) = delete;
  EngineOpener& operator=(const EngineOpener&) = delete;

  bool done() const;
  /// Waits until it is done, `deadline`, or an interrupt.
  bool wait(NpuRun::Clock::time_point deadline) const;
  /// Once done. Throws BackendError when opening failed.
  std::unique_ptr<NpuEngine> take();

 private:
  struct Shared {
    bool done = false;  ///< guarded by the signal's mutex
    std::unique_ptr<NpuEngine> engine;
    std::optional<BackendError> error;
  };

  std::shared_ptr<StreamSignal> signal_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace npumel
