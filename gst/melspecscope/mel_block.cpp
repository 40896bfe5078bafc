// SPDX-License-Identifier: LGPL-2.1-or-later
// Half to float, values to decibels, layouts to frames.
#include "gst/melspecscope/mel_block.h"

#include <algorithm>
#include <cmath>

#include "kernels/mel/half.h"

namespace npumel {

float to_drawn(Drawn drawn, float value) {
  if (drawn == Drawn::as_is) return value;
  return (drawn == Drawn::power_in_db ? 10 : 20) * std::log10(value);
}

void MelBlock::read_frame(int64_t t, std::span<float> out) const {
  const int64_t frame_stride = layout == Layout::frame_major ? skipped + mels : 1;
  const int64_t mel_stride = layout == Layout::frame_major ? 1 : frames;
  int64_t at = t * frame_stride + skipped * mel_stride;
  for (float& value : out.first(static_cast<size_t>(mels))) {
    value = type == ElementType::f32 ? static_cast<const float*>(data)[at]
                                     : from_half(static_cast<const uint16_t*>(data)[at]);
    value = to_drawn(drawn, value);
    at += mel_stride;
  }
}

void MelBlock::read_largest(int64_t first, int64_t last, std::span<float> scratch,
                            std::span<float> out) const {
  read_frame(first, out);
  for (int64_t t = first + 1; t < last; ++t) {
    read_frame(t, scratch);
    for (size_t m = 0; m < static_cast<size_t>(mels); ++m) out[m] = std::fmax(out[m], scratch[m]);
  }
}

}  // namespace npumel
