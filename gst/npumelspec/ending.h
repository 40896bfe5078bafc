// SPDX-License-Identifier: LGPL-2.1-or-later
// How a stream ends: which frames its last buffer holds, and up to where zeros follow the audio.
#pragma once

#include <cstdint>
#include <functional>

#include "gst/npumelspec/assembler.h"
#include "gst/npumelspec/settings.h"
#include "gst/npumelspec/shape.h"
#include "kernels/mel/recipe.h"

namespace npumel {

/// What is known when no more audio comes.
struct StreamEnd {
  int64_t samples = 0;       ///< of audio
  int64_t tail_silence = 0;  ///< samples of silence after it, property tail-silence
  bool keeps_tail = false;   ///< rows of that silence are sent, property tail-frames
  EosMode eos_mode = EosMode::automatic;
  bool normalizes = false;  ///< normalize=buffer: rows of silence count for the maximum
};

struct EndingPlan {
  Ending ending;
  int64_t length = 0;  ///< samples, zeros after the audio included
};

/// Whether the next element takes a last buffer of that many frames.
using TakesFrames = std::function<bool(int frames)>;

/// `takes` is asked at most once, where eos-mode=auto depends on it.
EndingPlan plan_ending(const Recipe& recipe, const Shape& shape, const StreamEnd& end,
                       const TakesFrames& takes);

}  // namespace npumel
