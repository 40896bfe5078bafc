// SPDX-License-Identifier: LGPL-2.1-or-later
// What melspecscope shows, without GStreamer: mel frames in, pixels out.
#pragma once

#include <optional>
#include <string>

#include "gst/melspecscope/picture.h"
#include "gst/melspecscope/scroll_plot.h"

namespace npumel {

/// The mel stream, as far as drawing depends on it.
struct MelStream {
  int mels = 80;    ///< bands that are drawn
  int skipped = 0;  ///< values in front of them in each frame
  double frame_seconds = 0.01;
  Decade decade = 0;
  Drawn drawn = Drawn::as_is;
  std::string unit;             ///< of what is drawn
  std::optional<MelAxis> axis;  ///< none when the caps do not say

  bool operator==(const MelStream&) const = default;
};

struct ViewSettings {
  bool scroll = true;
  ColorMap map = ColorMap::viridis;
  std::optional<ValueRange> range;  ///< none = automatic
  bool axes = true;
  bool level = false;       ///< the strip of levels, where there is room
  double span_seconds = 0;  ///< scroll: what the plot's width shows; 0 = one frame a pixel

  bool operator==(const ViewSettings&) const = default;
};

/// For one thread at a time. All functions may throw std::bad_alloc. `pixels` and `stride` describe
/// a video frame of the given size.
class View {
 public:
  View(const MelStream& stream, const ViewSettings& settings, int width, int height,
       const PixelFormat& format);

  const MelStream& stream() const { return stream_; }

  /// One picture of a block whose first frame stands at `start` seconds.
  void draw_page(const MelBlock& block, double start, uint8_t* pixels, ptrdiff_t stride);

  /// Scroll: the frames [first, last) of a block enter at the right.
  void push(const MelBlock& block, int64_t first, int64_t last);
  /// Scroll: `frames` frames that never came.
  void skip(int64_t frames) { plot_.skip(frames); }
  /// Scroll: nothing of what was shown has to do with what comes.
  void clear();
  /// Scroll: the display as it is now.
  void draw_scroll(uint8_t* pixels, ptrdiff_t stride);

 private:
  void set_figure(const ValueRange& range, double first_second, double last_second);

  MelStream stream_;
  ViewSettings settings_;
  Figure figure_;
  Picture picture_;
  Painter painter_;   // page
  LevelStrip strip_;  // page
  ScrollPlot plot_;   // scroll
  RunningRange running_;
  std::vector<float> frame_;
};

}  // namespace npumel
