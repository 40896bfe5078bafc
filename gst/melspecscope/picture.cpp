// SPDX-License-Identifier: LGPL-2.1-or-later
// The figure in the pixel format of the video.
#include "gst/melspecscope/picture.h"

#include <cstring>

namespace npumel {

void Picture::set_figure(const Figure& figure) {
  if (!bytes_.empty() && figure == figure_) return;
  const std::vector<uint32_t> drawn = draw_figure(figure);
  bytes_.resize(drawn.size() * static_cast<size_t>(format_.size));
  uint8_t* to = bytes_.data();
  for (const uint32_t pixel : drawn) {
    format_.write(to, {static_cast<uint8_t>(pixel >> 16U), static_cast<uint8_t>(pixel >> 8U),
                       static_cast<uint8_t>(pixel)});
    to += format_.size;
  }
  figure_ = figure;
}

void Picture::copy_surroundings(uint8_t* pixels, ptrdiff_t stride) const {
  const Rect& plot = figure_.layout.plot;
  const auto size = static_cast<size_t>(format_.size);
  const size_t row = static_cast<size_t>(figure_.width) * size;
  const size_t left = static_cast<size_t>(plot.x) * size;
  const size_t right = static_cast<size_t>(plot.x + plot.width) * size;
  const uint8_t* from = bytes_.data();
  for (int y = 0; y < figure_.height; ++y) {
    if (y < plot.y || y >= plot.y + plot.height) {
      std::memcpy(pixels, from, row);
    } else {
      std::memcpy(pixels, from, left);
      std::memcpy(pixels + right, from + right, row - right);
    }
    from += row;
    pixels += stride;
  }
}

}  // namespace npumel
