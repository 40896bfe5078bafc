// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts plot, range and figure together.
#include "gst/melspecscope/view.h"

namespace npumel {

View::View(const MelStream& stream, const ViewSettings& settings, int width, int height,
           const PixelFormat& format)
    : stream_(stream),
      settings_(settings),
      picture_(format),
      running_(stream.decade),
      frame_(static_cast<size_t>(stream.mels)) {
  figure_.width = width;
  figure_.height = height;
  figure_.layout = divide(width, height, settings.axes && can_draw_axes());
  if (settings.level) figure_.layout = with_level_strip(figure_.layout);
  figure_.dark = settings.scroll;
  figure_.mel = stream.axis;
  figure_.unit = stream.unit;
  figure_.map = settings.map;

  const Rect& plot = figure_.layout.plot;
  const Rgb ground = figure_.dark ? kDark : kPaper;
  strip_ = LevelStrip(figure_.layout.strip.height, ground, format);
  painter_ = Painter(stream.mels, plot.height, settings.map, format);
  painter_.set_range(settings.range.value_or(ValueRange()));
  if (settings.scroll) {
    const double per_column =
        settings.span_seconds > 0 ? settings.span_seconds / stream.frame_seconds / plot.width : 1;
    plot_ = ScrollPlot(painter_, plot.width, per_column, ground, strip_);
    set_figure(painter_.range(), -plot.width * per_column * stream.frame_seconds, 0);
  }
}

void View::set_figure(const ValueRange& range, double first_second, double last_second) {
  figure_.range = range;
  figure_.first_second = first_second;
  figure_.last_second = last_second;
  picture_.set_figure(figure_);
}

void View::draw_page(const MelBlock& block, double start, uint8_t* pixels, ptrdiff_t stride) {
  if (!settings_.range) {
    Extent extent;
    for (int64_t t = 0; t < block.frames; ++t) {
      block.read_frame(t, frame_);
      extent.add(frame_);
    }
    painter_.set_range(page_range(extent, stream_.decade));
  }
  set_figure(painter_.range(), start,
             start + static_cast<double>(block.frames) * stream_.frame_seconds);
  picture_.copy_surroundings(pixels, stride);
  const PageLayout& layout = figure_.layout;
  paint_page(painter_, block, layout.plot.width, picture_.origin(layout.plot, pixels, stride),
             stride);
  // Every column shows frames of this one block; of an empty one there is nothing to show.
  uint8_t* const strip = picture_.origin(layout.strip, pixels, stride);
  for (int x = 0; block.frames > 0 && x < layout.strip.width; ++x)
    strip_.paint(block.level, strip + ptrdiff_t{x} * painter_.format().size, stride);
}

void View::push(const MelBlock& block, int64_t first, int64_t last) {
  Extent added;
  for (int64_t t = first; t < last; ++t) {
    block.read_frame(t, frame_);
    plot_.push(frame_, block.level);
    if (!settings_.range) added.add(frame_);
  }
  if (!settings_.range && !added.empty)
    plot_.set_range(running_.update(added, std::max(added.high, plot_.visible_maximum())));
}

void View::clear() {
  plot_.clear();
  running_ = RunningRange(stream_.decade);
}

void View::draw_scroll(uint8_t* pixels, ptrdiff_t stride) {
  set_figure(plot_.painter().range(), figure_.first_second, figure_.last_second);
  picture_.copy_surroundings(pixels, stride);
  const PageLayout& layout = figure_.layout;
  plot_.copy_to(picture_.origin(layout.plot, pixels, stride), stride);
  plot_.copy_strip_to(picture_.origin(layout.strip, pixels, stride), stride);
}

}  // namespace npumel
