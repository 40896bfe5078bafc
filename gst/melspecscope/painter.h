// SPDX-License-Identifier: LGPL-2.1-or-later
// Mel values to pixels, one pixel column at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gst/melspecscope/colormap.h"
#include "gst/melspecscope/value_range.h"

namespace npumel {

/// Where the bytes of a packed 8-bit RGB pixel are. Bytes that are no colour become 255 (opaque).
struct PixelFormat {
  int size = 4;  ///< 3 or 4 bytes
  int r = 2, g = 1, b = 0;
  bool operator==(const PixelFormat&) const = default;

  void write(uint8_t* pixel, Rgb color) const;
};

/// Pixel rows of a column of `height` pixels that show `mels` bands, band 0 at the bottom. With
/// more pixels than bands each band covers whole rows; with fewer, a row shows the largest of the
/// bands it covers: a single loud band never disappears.
class Painter {
 public:
  Painter() = default;
  Painter(int mels, int height, ColorMap map, const PixelFormat& format);

  int mels() const { return mels_; }
  int height() const { return static_cast<int>(rows_.size()); }
  const PixelFormat& format() const { return format_; }
  const ValueRange& range() const { return range_; }
  void set_range(const ValueRange& range) { range_ = range; }

  /// 0 to 255 for a value: 0 at and below range().low (and for NaN), 255 at and above high.
  /// No value and no range is undefined behaviour.
  uint8_t level(float value) const;
  Rgb color(uint8_t level) const { return table_[level]; }

  /// `pixel`: the topmost of the column; `stride`: bytes from row to row.
  void paint(std::span<const float> values, uint8_t* pixel, ptrdiff_t stride);
  /// A column of one colour.
  void fill(Rgb color, uint8_t* pixel, ptrdiff_t stride) const;

 private:
  struct Bands {
    int first = 0, last = 0;  // [first, last)
  };

  int mels_ = 0;
  PixelFormat format_;
  ColorTable table_{};
  ValueRange range_;
  std::vector<Bands> rows_;  // from the top
  std::vector<uint8_t> levels_;
};

/// Paints a whole block into width x painter.height() pixels, the first frame at the left. With
/// fewer columns than frames a column shows the largest values of its frames.
void paint_page(Painter& painter, const MelBlock& block, int width, uint8_t* pixels,
                ptrdiff_t stride);

}  // namespace npumel
