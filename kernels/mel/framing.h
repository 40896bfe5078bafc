// SPDX-License-Identifier: LGPL-2.1-or-later
// Which samples a frame reads, and how many frames a signal has.
#pragma once

#include <cstdint>

#include "kernels/mel/recipe.h"

namespace npumel {

/// Frame t reads samples [t*hop + origin, t*hop + origin + win) of the signal; indices outside
/// [0, n) are padding.
struct Framing {
  int hop = 0;
  int win = 0;
  int origin = 0;  ///< <= 0 except where a window is centred in an unpadded n_fft
  /// Samples after t*hop that must exist before frame t can be computed while the stream goes on:
  /// its own last sample, what its left padding mirrors, and what the count rule asks for.
  int reach = 0;
  Padding padding = Padding::none;

  bool operator==(const Framing&) const = default;
};

Framing framing(const Recipe& recipe);

/// Frames of a signal of n samples, before TailRule; 0 for n = 0.
int64_t frame_count(const Recipe& recipe, int64_t n);

/// True when frame_count() counts frames that would read samples after the end, although nothing
/// defines them (padding none and semi_causal). Such recipes are not valid.
bool reads_past_end(const Recipe& recipe);

/// A whole clip under its TailRule (frames=0).
struct ClipShape {
  int64_t samples = 0;    ///< n, plus the zeros that are appended to the audio
  int64_t computed = 0;   ///< rows of those samples; all count for the maximum of the clip
  int64_t kept = 0;       ///< the first of them, which are delivered
  int64_t zero_rows = 0;  ///< rows of zeros that follow
};
/// All 0 for n = 0: no input, no output.
ClipShape clip_shape(const Recipe& recipe, int64_t n, bool normalized);

/// Where padding takes its value from: the index in [0, n) for any index, or -1 for a zero.
/// Reflection repeats as numpy.pad does when the signal is shorter than the pad. n >= 1.
int64_t padded_index(Padding padding, int64_t index, int64_t n);

}  // namespace npumel
