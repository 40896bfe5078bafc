// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions of cairo that draw the axes, loaded when the first picture is drawn.
#pragma once

#include <cairo.h>

namespace npumel {

// clang-format off
#define NPUMEL_CAIRO_FUNCTIONS(name) \
  name(create) name(destroy) name(fill) name(font_extents) \
  name(image_surface_create_for_data) name(line_to) name(move_to) name(rectangle) \
  name(restore) name(rotate) name(save) name(select_font_face) name(set_font_size) \
  name(set_line_width) name(set_source_rgb) name(show_text) name(status) name(stroke) \
  name(surface_destroy) name(surface_flush) name(text_extents) name(translate)
// clang-format on

/// cairo brings twenty libraries, which every process that uses any element of the plugin would
/// load: hence not linked.
struct CairoLibrary {
#define NPUMEL_CAIRO_MEMBER(name) decltype(&cairo_##name) name = nullptr;
  NPUMEL_CAIRO_FUNCTIONS(NPUMEL_CAIRO_MEMBER)
#undef NPUMEL_CAIRO_MEMBER
};

/// Null where libcairo.so.2 is not installed. Loaded at the first call and kept. From any thread.
const CairoLibrary* cairo_library();

}  // namespace npumel
