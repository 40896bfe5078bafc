// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws text, ticks and the colour bar with cairo.
#include <cairo.h>

#include <cmath>
#include <memory>
#include <new>

#include "gst/melspecscope/axes.h"

namespace npumel {
namespace {

struct CairoDeleter {
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};

void set_color(cairo_t* cairo, Rgb color) {
  cairo_set_source_rgb(cairo, color.r / 255.0, color.g / 255.0, color.b / 255.0);
}

/// Draws text around a figure's plot.
class Pen {
 public:
  Pen(cairo_t* cairo, const Figure& figure) : cairo_(cairo), figure_(figure) {
    cairo_select_font_face(cairo_, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_, figure.layout.text_px);
    cairo_set_line_width(cairo_, 1);
    ink_ = figure.dark ? Rgb{205, 205, 210} : Rgb{40, 40, 40};
    set_color(cairo_, ink_);
  }

  /// `x`, `y`: the point of the text that `across` and `down` (0 to 1) name.
  void text(const std::string& words, double x, double y, double across, double down) {
    cairo_text_extents_t box;
    cairo_text_extents(cairo_, words.c_str(), &box);
    cairo_font_extents_t font;
    cairo_font_extents(cairo_, &font);
    const double cap_height = 0.73 * figure_.layout.text_px;
    cairo_move_to(cairo_, x - box.x_bearing - across * box.width, y + (1 - down) * cap_height);
    cairo_show_text(cairo_, words.c_str());
  }

  /// Reads from bottom to top, centred on (x, y).
  void upward_text(const std::string& words, double x, double y) {
    cairo_save(cairo_);
    cairo_translate(cairo_, x, y);
    cairo_rotate(cairo_, -std::acos(0.0));
    text(words, 0, 0, 0.5, 0.5);
    cairo_restore(cairo_);
  }

  void line(double x0, double y0, double x1, double y1) {
    cairo_move_to(cairo_, std::round(x0) + 0.5, std::round(y0) + 0.5);
    cairo_line_to(cairo_, std::round(x1) + 0.5, std::round(y1) + 0.5);
    cairo_stroke(cairo_);
  }

  void frame(const Rect& rect) {
    cairo_rectangle(cairo_, rect.x - 0.5, rect.y - 0.5, rect.width + 1, rect.height + 1);
    cairo_stroke(cairo_);
  }

  void color_bar(const Rect& bar) {
    const ColorTable table = color_table(figure_.map);
    for (int y = 0; y < bar.height; ++y) {
      set_color(
          cairo_,
          table[static_cast<size_t>(255 * (bar.height - 1 - y) / std::max(1, bar.height - 1))]);
      cairo_rectangle(cairo_, bar.x, bar.y + y, bar.width, 1);
      cairo_fill(cairo_);
    }
    set_color(cairo_, ink_);
    frame(bar);
  }

 private:
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

bool can_draw_axes() { return true; }

std::vector<uint32_t> draw_figure(const Figure& figure) {
  std::vector<uint32_t> pixels(static_cast<size_t>(figure.width) *
                               static_cast<size_t>(figure.height));
  const std::unique_ptr<cairo_surface_t, CairoDeleter> surface(cairo_image_surface_create_for_data(
      reinterpret_cast<unsigned char*>(pixels.data()), CAIRO_FORMAT_RGB24, figure.width,
      figure.height, figure.width * 4));
  const std::unique_ptr<cairo_t, CairoDeleter> cairo(cairo_create(surface.get()));
  if (cairo_status(cairo.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
  set_color(cairo.get(), figure.dark ? kDark : kPaper);
  cairo_paint(cairo.get());
  if (figure.layout.axes) {
    Pen pen(cairo.get(), figure);
    draw_axes(pen, figure);
  }
  cairo_surface_flush(surface.get());
  return pixels;
}

}  // namespace npumel
