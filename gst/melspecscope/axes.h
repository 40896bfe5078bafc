// SPDX-License-Identifier: LGPL-2.1-or-later
// Where plot, axes and colour bar lie in a picture, and what their ticks say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gst/melspecscope/colormap.h"
#include "gst/melspecscope/value_range.h"
#include "kernels/mel/recipe.h"

namespace npumel {

/// Pixels from the top left corner of the picture.
struct Rect {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Rect&) const = default;
};

struct PageLayout {
  bool axes = false;    ///< there is room for axes (and they are wanted)
  bool titles = false;  ///< there is room for what the axes are called
  double text_px = 0;   ///< height of the text
  Rect plot;
  Rect bar;    ///< the colour bar
  Rect strip;  ///< levels of the sound, above the plot; no rows: none
};

/// Divides a picture. Small ones have no titles; below 160x90, or without `axes`, the plot fills
/// it.
PageLayout divide(int width, int height, bool axes);

/// `place` runs from 0 (left or bottom) to 1 along the axis.
struct Tick {
  double place = 0;
  std::string label;
};

/// What the vertical axis shows.
struct MelAxis {
  MelScale scale = MelScale::slaney;
  int fmin = 0, fmax = 8000;  ///< Hz
  int mels = 80;
  double bin_hz = 0;  ///< MelScale::none: from one bin of the spectrum to the next

  /// Height of a frequency in the plot: band m, whose filter peaks at its centre frequency, covers
  /// [m / mels, (m + 1) / mels]. Bins of a spectrum likewise.
  double place(double hz) const;
  bool operator==(const MelAxis&) const = default;
};

/// Octaves from 125 Hz, or round frequencies for a linear axis and where fewer than two octaves lie
/// in the plot; those
/// that keep `distance` (as part of the axis) from each other.
std::vector<Tick> frequency_ticks(const MelAxis& axis, double distance);
/// Round values (1, 2 or 5 times a power of ten apart) from `first` to `last`; at most `most`, and
/// one more where both ends are round. None for a range that is empty or not finite.
std::vector<Tick> round_ticks(double first, double last, int most);
/// round_ticks() of a colour bar; of a range without width the one value that it stands for.
std::vector<Tick> value_ticks(const ValueRange& range, int most);
/// The same for seconds: where a minute or more is reached, round times as m:ss or h:mm:ss.
std::vector<Tick> time_ticks(double first, double last, int most);
/// "Time (s)", "Time (m:ss)" or "Time (h:mm:ss)", as time_ticks() writes.
const char* time_title(double first, double last, int most);

/// Everything around the plot.
struct Figure {
  int width = 0, height = 0;
  PageLayout layout;
  bool dark = false;  ///< light text on dark ground
  std::optional<MelAxis> mel;
  double first_second = 0, last_second = 0;  ///< at the left and right edge of the plot
  ValueRange range;
  std::string unit;  ///< of the values
  ColorMap map = ColorMap::viridis;

  bool operator==(const Figure&) const;
};

inline constexpr Rgb kPaper{255, 255, 255};
inline constexpr Rgb kDark{18, 18, 22};

/// True when this build can draw text and its library is installed; loads that.
bool can_draw_axes();

/// width * height pixels 0x00RRGGBB of paper or of dark ground.
std::vector<uint32_t> draw_ground(const Figure& figure);

/// The picture without its plot: width * height pixels 0x00RRGGBB, row by row. Without axes in the
/// layout, or when text cannot be drawn, just the ground. Throws std::bad_alloc.
std::vector<uint32_t> draw_figure(const Figure& figure);

}  // namespace npumel
