// SPDX-License-Identifier: LGPL-2.1-or-later
// The ring of pixel columns.
#include "gst/melspecscope/scroll_plot.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace npumel {
namespace {

// What a column without data holds: below every range.
constexpr float kNothing = std::numeric_limits<float>::lowest();

}  // namespace

ScrollPlot::ScrollPlot(const Painter& painter, int width, double frames_per_column, Rgb ground,
                       const LevelStrip& strip)
    : painter_(painter),
      strip_(strip),
      ground_(ground),
      width_(width),
      // A frame that covers more than the whole plot looks the same, and takes for ever.
      frames_per_column_(std::max(frames_per_column, 1.0 / width)),
      pending_(static_cast<size_t>(painter.mels()), kNothing),
      values_(pending_.size() * static_cast<size_t>(width)),
      maxima_(static_cast<size_t>(width)),
      image_(static_cast<size_t>(row_bytes()) *
             static_cast<size_t>(painter.height() + strip.height())) {
  clear();
}

int64_t ScrollPlot::columns_after(int64_t frames) const {
  return static_cast<int64_t>(std::floor(static_cast<double>(frames) / frames_per_column_));
}

float ScrollPlot::visible_maximum() const {
  return *std::max_element(maxima_.begin(), maxima_.end());
}

void ScrollPlot::set_range(const ValueRange& range) {
  if (range == painter_.range()) return;
  painter_.set_range(range);
  const size_t mels = pending_.size();
  for (int x = 0; x < used_; ++x)
    painter_.paint(std::span(values_).subspan(static_cast<size_t>(x) * mels, mels), pixel(x),
                   row_bytes());
}

void ScrollPlot::paint_newest(int column) {
  const auto at = static_cast<size_t>(column);
  std::copy(pending_.begin(), pending_.end(),
            values_.begin() + static_cast<ptrdiff_t>(at * pending_.size()));
  maxima_[at] = *std::max_element(pending_.begin(), pending_.end());
  painter_.paint(pending_, pixel(column), row_bytes());
  paint_level(column, pending_level_);
}

void ScrollPlot::paint_level(int column, const std::optional<SoundLevel>& level) {
  if (strip_.height() > 0)
    strip_.paint(level, pixel(column) + row_bytes() * painter_.height(), row_bytes());
}

void ScrollPlot::advance() {
  next_ = (next_ + 1) % width_;
  used_ = std::max(used_, next_ == 0 ? width_ : next_);
}

void ScrollPlot::push(std::span<const float> values, const std::optional<SoundLevel>& level) {
  for (size_t m = 0; m < pending_.size(); ++m) {
    // A value that is no number must not hide the others of its column.
    const float value = std::isnan(values[m]) ? kNothing : values[m];
    pending_[m] = pending_used_ ? std::max(pending_[m], value) : value;
  }
  pending_level_ = pending_used_ ? louder(pending_level_, level) : level;
  pending_used_ = true;
  frames_ += 1;
  for (const int64_t complete = columns_after(frames_); columns_ < complete; ++columns_) {
    paint_newest(next_);
    advance();
    pending_used_ = false;
  }
}

void ScrollPlot::skip(int64_t frames) {
  // Limited to the width of the plot, so that the counts stay small.
  frames_ += std::min(frames, static_cast<int64_t>((width_ + 2) * frames_per_column_) + 1);
  const int64_t complete = columns_after(frames_);
  const int64_t fresh = std::min<int64_t>(complete - columns_, width_);
  for (int64_t i = 0; i < fresh; ++i) {
    if (!pending_used_) {
      std::fill(pending_.begin(), pending_.end(), kNothing);
      pending_level_.reset();
    }
    paint_newest(next_);
    advance();
    pending_used_ = false;
  }
  columns_ = complete;
}

void ScrollPlot::clear() {
  std::fill(values_.begin(), values_.end(), kNothing);
  std::fill(maxima_.begin(), maxima_.end(), kNothing);
  for (int x = 0; x < width_; ++x) {
    painter_.fill(ground_, pixel(x), row_bytes());
    paint_level(x, std::nullopt);
  }
  frames_ = 0;
  columns_ = 0;
  used_ = 0;
  next_ = 0;
  pending_used_ = false;
}

void ScrollPlot::copy_to(uint8_t* pixels, ptrdiff_t stride) const {
  copy_rows(0, painter_.height(), pixels, stride);
}

void ScrollPlot::copy_strip_to(uint8_t* pixels, ptrdiff_t stride) const {
  copy_rows(painter_.height(), strip_.height(), pixels, stride);
}

void ScrollPlot::copy_rows(int first, int count, uint8_t* pixels, ptrdiff_t stride) const {
  const auto newer = static_cast<size_t>(next_) * static_cast<size_t>(painter_.format().size);
  const auto row = static_cast<size_t>(row_bytes());
  const uint8_t* from = image_.data() + static_cast<size_t>(first) * row;
  for (int y = 0; y < count; ++y) {
    std::memcpy(pixels, from + newer, row - newer);
    std::memcpy(pixels + (row - newer), from, newer);
    from += row;
    pixels += stride;
  }
}

}  // namespace npumel
