// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes batches on the CPU, in the calling thread.
#pragma once

#include <memory>

#include "gst/backend/workspace_pool.h"
#include "kernels/cpu/mel_kernel.h"

namespace npumel {

class SoftwareBackend {
 public:
  /// `rows_per_call` as in MelKernel::get. Throws std::invalid_argument when the recipe is not
  /// valid, std::bad_alloc.
  explicit SoftwareBackend(const Recipe& recipe, int rows_per_call = 0);

  /// Raw rows of `frames` frames, as MelKernel::compute. One thread at a time.
  float compute(const void* samples, SampleType type, int frames, const RowSink& out) noexcept;

  const Recipe& recipe() const noexcept { return workspaces_->kernel().recipe(); }

 private:
  std::shared_ptr<WorkspacePool> workspaces_;
};

}  // namespace npumel
