// SPDX-License-Identifier: LGPL-2.1-or-later
// How much audio a buffer of frames waits for.
#include "gst/npumelspec/shape.h"

#include <algorithm>

#include "kernels/mel/framing.h"

namespace npumel {

int64_t buffer_samples(const Recipe& recipe, const Shape& shape) {
  const int longest = std::max(shape.frames, shape.first);
  return int64_t{std::max(longest - 1, 0)} * recipe.hop_length + framing(recipe).reach;
}

}  // namespace npumel
