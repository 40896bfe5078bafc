// SPDX-License-Identifier: LGPL-2.1-or-later
// The float kernel with a workspace of the process.
#include "gst/backend/software_backend.h"

namespace npumel {

SoftwareBackend::SoftwareBackend(const Recipe& recipe, int rows_per_call)
    : workspaces_(WorkspacePool::get(MelKernel::get(recipe, rows_per_call))) {}

float SoftwareBackend::compute(const void* samples, SampleType type, int frames,
                               const RowSink& out) noexcept {
  const WorkspacePool::Lease workspace(*workspaces_);
  return workspaces_->kernel().compute(samples, type, frames, out, *workspace);
}

}  // namespace npumel
