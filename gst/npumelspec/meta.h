// SPDX-License-Identifier: LGPL-2.1-or-later
// What every output buffer says about itself beyond its timestamps.
#pragma once

#include <gst/gst.h>

#include "gst/npumelspec/assembler.h"

namespace npumel {

inline constexpr const char* kMelMetaName = "GstNpuMelMeta";

/// Makes the meta's type known. Once per process, from the class's initialisation.
void register_mel_meta();

/// Attaches GstNpuMelMeta: valid-frames (int), frame-offset (uint64), log-max (double), backend
/// (string).
void attach_mel_meta(GstBuffer* buffer, const Output& output);

}  // namespace npumel
