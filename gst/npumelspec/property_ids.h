// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers of the properties.
#pragma once

#include <glib.h>

namespace npumel {

enum Property : guint {
  kPreset = 1,
  // recipe
  kMels,
  kNfft,
  kWinLength,
  kHopLength,
  kWindow,
  kWindowPlace,
  kSpectrum,
  kDft,
  kMelScale,
  kMelNorm,
  kFmin,
  kFmax,
  kPadding,
  kFrameCount,
  kTailRule,
  kLog,
  kLogFloor,
  kFloorMode,
  kPreemphasis,
  kPreemphasisMode,
  kRemoveDc,
  kInputScale,
  kNormalizeAs,
  kRecipe,
  // output
  kFrames,
  kFirstFrames,
  kStride,
  kNormalize,
  kFixedMax,
  kTailSilence,
  kEosMode,
  kLayout,
  kFormat,
  kMaxDuration,
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
  kStats
};

}  // namespace npumel
