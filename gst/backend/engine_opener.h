// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens an NpuEngine on a thread of its own, because that can take as long as a device pleases.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "gst/backend/npu_engine.h"

namespace npumel {

class EngineOpener {
 public:
  /// Begins at once; `signal` is notified at the end. `request.api` null: the XRT module's.
  EngineOpener(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal);
  /// Never waits for the device: an opening that is under way ends by itself, unused.
  ~EngineOpener();
  EngineOpener(const EngineOpener&) = delete;
  EngineOpener& operator=(const EngineOpener&) = delete;

  bool done() const;
  /// Waits until it is done, `deadline`, or an interrupt. False: it goes on by itself.
  bool wait(NpuRun::Clock::time_point deadline) const;
  /// Once done. Throws BackendError when opening failed.
  std::unique_ptr<NpuEngine> take();

 private:
  void leave() const;

  struct Shared {
    // Guarded by the signal's mutex.
    bool done = false;
    const NpumelXrtApi* api = nullptr;  ///< once XRT is loaded
    std::unique_ptr<NpuEngine> engine;
    std::optional<BackendError> error;
  };

  std::shared_ptr<StreamSignal> signal_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace npumel
