// SPDX-License-Identifier: LGPL-2.1-or-later
// Values to levels, bands to pixel rows.
#include "gst/melspecscope/painter.h"

#include <algorithm>
#include <cstring>

namespace npumel {

void PixelFormat::write(uint8_t* pixel, Rgb color) const {
  std::memset(pixel, 0xff, static_cast<size_t>(size));
  pixel[r] = color.r;
  pixel[g] = color.g;
  pixel[b] = color.b;
}

Painter::Painter(int mels, int height, ColorMap map, const PixelFormat& format)
    : mels_(mels),
      format_(format),
      table_(color_table(map)),
      rows_(static_cast<size_t>(height)),
      levels_(static_cast<size_t>(mels)) {
  for (int y = 0; y < height; ++y) {
    const int64_t from_bottom = height - 1 - y;
    const int first = static_cast<int>(from_bottom * mels / height);
    const int last = static_cast<int>((from_bottom + 1) * mels / height);
    rows_[static_cast<size_t>(y)] = {first, std::max(last, first + 1)};
  }
}

uint8_t Painter::level(float value) const {
  if (!(value > range_.low)) return 0;
  if (value >= range_.high) return 255;
  // In double: differences of floats do not overflow there. Just below `high` the quotient may
  // round up to 1.
  const double low = range_.low;
  const double place = (value - low) / (range_.high - low) * 256;
  return place > 0 ? static_cast<uint8_t>(std::min(place, 255.0)) : uint8_t{0};
}

void Painter::paint(std::span<const float> values, uint8_t* pixel, ptrdiff_t stride) {
  for (size_t m = 0; m < levels_.size(); ++m) levels_[m] = level(values[m]);
  for (const Bands& bands : rows_) {
    const uint8_t largest =
        *std::max_element(levels_.begin() + bands.first, levels_.begin() + bands.last);
    format_.write(pixel, table_[largest]);
    pixel += stride;
  }
}

void Painter::fill(Rgb color, uint8_t* pixel, ptrdiff_t stride) const {
  for (size_t y = 0; y < rows_.size(); ++y) {
    format_.write(pixel, color);
    pixel += stride;
  }
}

void paint_page(Painter& painter, const MelBlock& block, int width, uint8_t* pixels,
                ptrdiff_t stride) {
  const auto mels = static_cast<size_t>(block.mels);
  std::vector<float> values(mels);
  std::vector<float> scratch(mels);
  for (int64_t x = 0; x < width; ++x) {
    uint8_t* column = pixels + x * painter.format().size;
    if (block.frames == 0) {
      painter.fill(painter.color(0), column, stride);
      continue;
    }
    const int64_t first = x * block.frames / width;
    const int64_t last = std::max((x + 1) * block.frames / width, first + 1);
    block.read_largest(first, last, scratch, values);
    painter.paint(values, column, stride);
  }
}

}  // namespace npumel
