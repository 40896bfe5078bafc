// SPDX-License-Identifier: LGPL-2.1-or-later
// The float kernel with a workspace of its own.
#include "gst/backend/software_backend.h"

namespace npumel {

SoftwareBackend::SoftwareBackend(const Recipe& recipe, int rows_per_call)
    : kernel_(MelKernel::get(recipe, rows_per_call)), workspace_(kernel_->make_workspace()) {}

float SoftwareBackend::compute(const void* samples, SampleType type, int frames,
                               const RowSink& out) noexcept {
  return kernel_->compute(samples, type, frames, out, *workspace_);
}

}  // namespace npumel
