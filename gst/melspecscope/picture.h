// SPDX-License-Identifier: LGPL-2.1-or-later
// One video frame: the figure around, the plot inside.
#pragma once

#include <cstdint>
#include <vector>

#include "gst/melspecscope/axes.h"
#include "gst/melspecscope/painter.h"

namespace npumel {

/// Keeps the drawn figure in the pixel format of the video and redraws it only when it changed.
class Picture {
 public:
  Picture() = default;
  explicit Picture(const PixelFormat& format) : format_(format) {}

  /// Throws std::bad_alloc.
  void set_figure(const Figure& figure);
  /// Copies everything but the plot to the video frame.
  void copy_surroundings(uint8_t* pixels, ptrdiff_t stride) const;
  /// Where a part of the figure's layout begins in the video frame.
  uint8_t* origin(const Rect& part, uint8_t* pixels, ptrdiff_t stride) const {
    return pixels + part.y * stride + ptrdiff_t{part.x} * format_.size;
  }

 private:
  PixelFormat format_;
  Figure figure_;
  std::vector<uint8_t> bytes_;  // width * height pixels without padding
};

}  // namespace npumel
