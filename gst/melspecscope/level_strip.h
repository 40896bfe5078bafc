// SPDX-License-Identifier: LGPL-2.1-or-later
// The strip above the plot that shows the level of the sound and where there is voice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "gst/melspecscope/axes.h"
#include "gst/melspecscope/painter.h"

namespace npumel {

/// Levels from this one down leave the strip empty; 0 dBov fills it.
inline constexpr int kLowestDbov = -60;
/// Plots of fewer pixel rows have no strip.
inline constexpr int kLeastRowsForStrip = 48;
inline constexpr Rgb kLevelColor{140, 140, 140};
inline constexpr Rgb kVoiceColor{213, 94, 0};

/// Gives the topmost twelfth of the plot to the strip, and the row below it to the frame of the
/// plot. A plot of less than kLeastRowsForStrip keeps all of its rows.
PageLayout with_level_strip(PageLayout layout);

/// What a column of several frames shows: the louder level, and voice if either has it. A frame
/// without a level changes nothing.
std::optional<SoundLevel> louder(std::optional<SoundLevel> a, std::optional<SoundLevel> b);

/// Paints the columns of a strip.
class LevelStrip {
 public:
  LevelStrip() = default;
  LevelStrip(int height, Rgb ground, const PixelFormat& format)
      : height_(height), ground_(ground), format_(format) {}

  int height() const { return height_; }
  /// Pixel rows of the bar, which stands on the lower edge; rounded to the nearest.
  int bar_rows(const SoundLevel& level) const;
  /// `pixel`: the topmost of the column; `stride`: bytes from row to row. No level: the ground.
  void paint(const std::optional<SoundLevel>& level, uint8_t* pixel, ptrdiff_t stride) const;

 private:
  int height_ = 0;
  Rgb ground_;
  PixelFormat format_;
};

}  // namespace npumel
