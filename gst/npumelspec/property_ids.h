// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers of the GObject properties.
#pragma once

#include <glib.h>

namespace npumel {

enum Property : guint {
  kPreset = 1,
  kRecipe,
  // output
  kFrames,
  kFirstFrames,
  kStride,
  kNormalize,
  kFixedMax,
  kTailSilence,
  kTailFrames,
  kEosMode,
  kLayout,
  kFormat,
  kMaxDuration,
  kLevelMeta,
  // backend
  kBackend,
  kActiveBackend,
  kDevice,
  kKernelPath,
  kNpuTimeout,
  kInFlight,
  kVerifyInterval,
  kRetryInterval,
  // time
  kMaxGap,
  kAlignmentThreshold,
  kDiscontWait,
  kProcessingLatency,
  kStats,
  /// recipe_fields()[i] has the number kFirstField + i: nothing may follow.
  kFirstField
};

}  // namespace npumel
