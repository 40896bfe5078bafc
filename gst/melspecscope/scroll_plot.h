// SPDX-License-Identifier: LGPL-2.1-or-later
// The moving picture of mode=scroll: new columns enter at the right.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gst/melspecscope/level_strip.h"
#include "gst/melspecscope/painter.h"

namespace npumel {

/// A ring of pixel columns. A column is painted once, when it comes (and again when the range
/// changes); showing the picture is two copies a row. `frames_per_column` frames make a column
/// (its largest values), or a frame covers several columns when it is below 1.
class ScrollPlot {
 public:
  ScrollPlot() = default;
  /// `ground`: the colour where nothing has been shown yet. `strip` may have no rows.
  ScrollPlot(const Painter& painter, int width, double frames_per_column, Rgb ground,
             const LevelStrip& strip = {});

  int width() const { return width_; }
  const Painter& painter() const { return painter_; }
  /// Largest value that can be seen; the lowest float when there is none.
  float visible_maximum() const;

  /// Repaints every column when the range is another one.
  void set_range(const ValueRange& range);
  /// The next frame: `values` holds painter().mels() numbers.
  void push(std::span<const float> values, const std::optional<SoundLevel>& level = {});
  /// `frames` >= 0 frames without values: columns of the lowest colour, without a level.
  void skip(int64_t frames);
  /// Everything in the colour of the ground.
  void clear();

  /// Copies the picture, oldest column at the left, to width() x painter().height() pixels.
  void copy_to(uint8_t* pixels, ptrdiff_t stride) const;
  /// The same for the levels of its columns, to width() x strip height pixels.
  void copy_strip_to(uint8_t* pixels, ptrdiff_t stride) const;

 private:
  uint8_t* pixel(int column) { return image_.data() + ptrdiff_t{column} * painter_.format().size; }
  ptrdiff_t row_bytes() const { return ptrdiff_t{width_} * painter_.format().size; }
  /// The number of columns that are complete after `frames` frames.
  int64_t columns_after(int64_t frames) const;
  void paint_newest(int column);
  void paint_level(int column, const std::optional<SoundLevel>& level);
  void copy_rows(int first, int count, uint8_t* pixels, ptrdiff_t stride) const;
  /// The ring position moves on by one column.
  void advance();

  Painter painter_;
  LevelStrip strip_;
  Rgb ground_;
  int width_ = 0;
  double frames_per_column_ = 1;
  int64_t frames_ = 0;   // since clear()
  int64_t columns_ = 0;  // since clear()
  int used_ = 0;         // ring positions [0, used_) have been painted since clear()
  int next_ = 0;         // ring position of the next column, which is also the oldest one
  bool pending_used_ = false;
  std::vector<float> pending_;  // largest values of the column that is not complete
  std::optional<SoundLevel> pending_level_;
  std::vector<float> values_;   // width x mels, in ring order
  std::vector<float> maxima_;   // of each column in ring order
  std::vector<uint8_t> image_;  // rows of the plot, then of the strip; width pixels in ring order
};

}  // namespace npumel
