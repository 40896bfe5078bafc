// SPDX-License-Identifier: LGPL-2.1-or-later
// The batch a device must get right before it is trusted: 100 different frames, silent and clipped
// ones among them.
#pragma once

#include <cstdint>
#include <vector>

#include "gst/backend/npu_context.h"

namespace npumel {

/// 99 * 160 + 400 samples.
std::vector<int16_t> known_answer_samples();

/// Runs that batch on the device, with buffers of the production sizes and poisoned output, and
/// compares every value. Throws BackendError(failed). Waits up to `timeout_ms`: not for a streaming
/// thread.
void prove(NpuContext& context, const KernelManifest& manifest, unsigned timeout_ms);

}  // namespace npumel
