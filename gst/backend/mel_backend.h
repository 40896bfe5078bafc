// SPDX-License-Identifier: LGPL-2.1-or-later
// What computes batches: the interface that the software and the NPU backend share.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/aie2/shape.h"
#include "kernels/mel/recipe.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// Frames of a full batch: fixed by the NPU kernels.
inline constexpr int kBatchFrames = aie2::kFrames;

/// Why a backend cannot be had or failed. The element maps it to a GStreamer error code.
enum class BackendFault {
  library_missing,  ///< LIBRARY/INIT: the XRT module or XRT itself
  not_found,        ///< RESOURCE/NOT_FOUND: no device, no kernel package
  busy,             ///< RESOURCE/BUSY: hardware contexts exhausted
  permission,       ///< RESOURCE/OPEN_READ_WRITE: device node rights, memlock
  bad_package,      ///< RESOURCE/READ: kernel package unreadable, hostile or mismatched
  failed,           ///< RESOURCE/FAILED: known-answer test, run or verification failed
  unsupported,      ///< the recipe has no kernel: caps negotiation fails
};

class BackendError : public std::runtime_error {
 public:
  BackendError(BackendFault fault, const std::string& what)
      : std::runtime_error(what), fault_(fault) {}
  BackendFault fault() const noexcept { return fault_; }

 private:
  BackendFault fault_;
};

/// Memory of one batch, owned by a backend, filled by the framer: for int16 streams on the NPU this
/// is the mapped persistent buffer object itself. Samples are laid out as MelKernel::compute reads
/// them. A float stream keeps floats here (the software path may need them).
struct Slot {
  void* samples = nullptr;
  SampleType type = SampleType::s16;
  int capacity = 0;  ///< in samples, (max_frames - 1) * hop + win_length at least
};

}  // namespace npumel
