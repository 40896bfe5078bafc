// SPDX-License-Identifier: LGPL-2.1-or-later
// Levels to bars.
#include "gst/melspecscope/level_strip.h"

#include <algorithm>

namespace npumel {
namespace {

constexpr int kPlotsPerStrip = 12;
constexpr int kRowsBetween = 1;  // where axes draw the frame of the plot

}  // namespace

PageLayout with_level_strip(PageLayout layout) {
  Rect& plot = layout.plot;
  if (plot.height < kLeastRowsForStrip) return layout;
  layout.strip = {plot.x, plot.y, plot.width, plot.height / kPlotsPerStrip};
  const int taken = layout.strip.height + kRowsBetween;
  plot.y += taken;
  plot.height -= taken;
  if (layout.axes) {
    layout.bar.y = plot.y;
    layout.bar.height = plot.height;
  }
  return layout;
}

std::optional<SoundLevel> louder(std::optional<SoundLevel> a, std::optional<SoundLevel> b) {
  if (!a || !b) return a ? a : b;
  return SoundLevel{std::max(a->dbov, b->dbov), a->voice || b->voice};
}

int LevelStrip::bar_rows(const SoundLevel& level) const {
  const int above = std::clamp(level.dbov, kLowestDbov, 0) - kLowestDbov;
  return (2 * above * height_ - kLowestDbov) / (-2 * kLowestDbov);
}

void LevelStrip::paint(const std::optional<SoundLevel>& level, uint8_t* pixel,
                       ptrdiff_t stride) const {
  const int ground_rows = height_ - (level ? bar_rows(*level) : 0);
  const Rgb bar = level && level->voice ? kVoiceColor : kLevelColor;
  for (int y = 0; y < height_; ++y) {
    format_.write(pixel, y < ground_rows ? ground_ : bar);
    pixel += stride;
  }
}

}  // namespace npumel
