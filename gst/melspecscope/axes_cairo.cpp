// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws text, ticks and the colour bar with cairo.
#include <cmath>
#include <memory>
#include <new>

#include "gst/melspecscope/axes.h"
#include "gst/melspecscope/cairo_library.h"

namespace npumel {
namespace {

struct CairoDeleter {
  const CairoLibrary* library;
  void operator()(cairo_t* cairo) const { library->destroy(cairo); }
  void operator()(cairo_surface_t* surface) const { library->surface_destroy(surface); }
};

/// Draws text around a figure's plot.
class Pen {
 public:
  Pen(const CairoLibrary& library, cairo_t* cairo, const Figure& figure)
      : library_(library), cairo_(cairo), figure_(figure) {
    library_.select_font_face(cairo_, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                              CAIRO_FONT_WEIGHT_NORMAL);
    library_.set_font_size(cairo_, figure.layout.text_px);
    library_.set_line_width(cairo_, 1);
    ink_ = figure.dark ? Rgb{205, 205, 210} : Rgb{40, 40, 40};
    set_color(ink_);
  }

  /// `x`, `y`: the point of the text that `across` and `down` (0 to 1) name.
  void text(const std::string& words, double x, double y, double across, double down) {
    cairo_text_extents_t box;
    library_.text_extents(cairo_, words.c_str(), &box);
    cairo_font_extents_t font;
    library_.font_extents(cairo_, &font);
    const double cap_height = 0.73 * figure_.layout.text_px;
    library_.move_to(cairo_, x - box.x_bearing - across * box.width, y + (1 - down) * cap_height);
    library_.show_text(cairo_, words.c_str());
  }

  /// Reads from bottom to top, centred on (x, y).
  void upward_text(const std::string& words, double x, double y) {
    library_.save(cairo_);
    library_.translate(cairo_, x, y);
    library_.rotate(cairo_, -std::acos(0.0));
    text(words, 0, 0, 0.5, 0.5);
    library_.restore(cairo_);
  }

  void line(double x0, double y0, double x1, double y1) {
    library_.move_to(cairo_, std::round(x0) + 0.5, std::round(y0) + 0.5);
    library_.line_to(cairo_, std::round(x1) + 0.5, std::round(y1) + 0.5);
    library_.stroke(cairo_);
  }

  void frame(const Rect& rect) {
    library_.rectangle(cairo_, rect.x - 0.5, rect.y - 0.5, rect.width + 1, rect.height + 1);
    library_.stroke(cairo_);
  }

  void color_bar(const Rect& bar) {
    const ColorTable table = color_table(figure_.map);
    for (int y = 0; y < bar.height; ++y) {
      set_color(
          table[static_cast<size_t>(255 * (bar.height - 1 - y) / std::max(1, bar.height - 1))]);
      library_.rectangle(cairo_, bar.x, bar.y + y, bar.width, 1);
      library_.fill(cairo_);
    }
    set_color(ink_);
    frame(bar);
  }

 private:
  void set_color(Rgb color) {
    library_.set_source_rgb(cairo_, color.r / 255.0, color.g / 255.0, color.b / 255.0);
  }

  const CairoLibrary& library_;
  cairo_t* cairo_;
  const Figure& figure_;
  Rgb ink_;
};

void draw_axes(Pen& pen, const Figure& figure) {
  const Rect& plot = figure.layout.plot;
  const Rect& bar = figure.layout.bar;
  const double em = figure.layout.text_px;
  const double tick = 0.35 * em;
  const double bottom = plot.y + plot.height;
  pen.frame(plot);

  if (figure.mel) {
    for (const Tick& at : frequency_ticks(*figure.mel, 1.3 * em / plot.height)) {
      const double y = bottom - at.place * plot.height;
      pen.line(plot.x - 1 - tick, y, plot.x - 1, y);
      pen.text(at.label, plot.x - 2 * tick, y, 1, 0.5);
    }
    if (figure.layout.titles)
      pen.upward_text("Frequency (Hz)", 0.9 * em, plot.y + plot.height / 2.0);
  }

  const int most = std::max(2, static_cast<int>(plot.width / (5.5 * em)));
  for (const Tick& at : time_ticks(figure.first_second, figure.last_second, most)) {
    const double x = plot.x + at.place * plot.width;
    pen.line(x, bottom, x, bottom + tick);
    pen.text(at.label, x, bottom + 2 * tick, 0.5, 0);
  }
  if (figure.layout.titles)
    pen.text(time_title(figure.first_second, figure.last_second, most), plot.x + plot.width / 2.0,
             figure.height - 0.45 * em, 0.5, 1);

  pen.color_bar(bar);
  const int values = std::max(2, static_cast<int>(plot.height / (2.5 * em)));
  for (const Tick& at : value_ticks(figure.range, values)) {
    const double y = bottom - at.place * plot.height;
    pen.line(bar.x + bar.width, y, bar.x + bar.width + tick, y);
    pen.text(at.label, bar.x + bar.width + 2 * tick, y, 0, 0.5);
  }
  if (figure.layout.titles)
    pen.upward_text(figure.unit, figure.width - 0.9 * em, plot.y + plot.height / 2.0);
}

}  // namespace

bool can_draw_axes() { return cairo_library() != nullptr; }

std::vector<uint32_t> draw_figure(const Figure& figure) {
  const CairoLibrary* library = figure.layout.axes ? cairo_library() : nullptr;
  std::vector<uint32_t> pixels = draw_ground(figure);
  if (library == nullptr) return pixels;
  const std::unique_ptr<cairo_surface_t, CairoDeleter> surface(
      library->image_surface_create_for_data(reinterpret_cast<unsigned char*>(pixels.data()),
                                             CAIRO_FORMAT_RGB24, figure.width, figure.height,
                                             figure.width * 4),
      {library});
  const std::unique_ptr<cairo_t, CairoDeleter> cairo(library->create(surface.get()), {library});
  if (library->status(cairo.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
  Pen pen(*library, cairo.get(), figure);
  draw_axes(pen, figure);
  library->surface_flush(surface.get());
  return pixels;
}

}  // namespace npumel
