// SPDX-License-Identifier: LGPL-2.1-or-later
// Which frames lie in which output buffer.
#pragma once

#include <cstdint>

#include "kernels/mel/recipe.h"

namespace npumel {

/// frames = 0: the whole stream in one buffer. Otherwise buffer 0 holds the frames [0, first), each
/// later one holds `frames` and ends `stride` frames after the one before; where that would start
/// before the stream, buffer 1 is [0, frames) and the others follow it.
struct Shape {
  int frames = 100;
  int first = 100;
  int stride = 100;

  bool whole() const { return frames == 0; }
  int64_t start(int64_t k) const {
    const int64_t second = first + stride - frames;
    return k == 0 ? 0 : (second > 0 ? second : 0) + (k - 1) * stride;
  }
  /// One past the last frame of buffer k.
  int64_t end(int64_t k) const { return k == 0 ? first : start(k) + frames; }
  /// The buffer in which a frame appears for the first time.
  int64_t buffer_of(int64_t frame) const {
    if (frame < first) return 0;
    return frame < end(1) ? 1 : (frame - end(1)) / stride + 2;
  }

  bool operator==(const Shape&) const = default;
};

/// Samples from the first one of a buffer until the last one that its frames need.
int64_t buffer_samples(const Recipe& recipe, const Shape& shape);

}  // namespace npumel
