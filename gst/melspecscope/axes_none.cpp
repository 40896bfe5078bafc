// SPDX-License-Identifier: LGPL-2.1-or-later
// A build without cairo: the ground only.
#include "gst/melspecscope/axes.h"

namespace npumel {

bool can_draw_axes() { return false; }

std::vector<uint32_t> draw_figure(const Figure& figure) {
  const Rgb ground = figure.dark ? kDark : kPaper;
  return std::vector<uint32_t>(
      static_cast<size_t>(figure.width) * static_cast<size_t>(figure.height),
      static_cast<uint32_t>(ground.r << 16 | ground.g << 8 | ground.b));
}

}  // namespace npumel
