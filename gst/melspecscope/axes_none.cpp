// SPDX-License-Identifier: LGPL-2.1-or-later
// A build without cairo: the ground only.
#include "gst/melspecscope/axes.h"

namespace npumel {

bool can_draw_axes() { return false; }

std::vector<uint32_t> draw_figure(const Figure& figure) { return draw_ground(figure); }

}  // namespace npumel
