// SPDX-License-Identifier: LGPL-2.1-or-later
// Colours for values from 0 (lowest) to 1 (highest).
#pragma once

#include <array>
#include <cstdint>

namespace npumel {

/// viridis and magma have perceived lightness that rises evenly, also in print and for colour-blind
/// readers. They were published by Stéfan van der Walt and Nathaniel Smith (2015, CC0).
enum class ColorMap { viridis, magma, gray };

struct Rgb {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Rgb&) const = default;
};

using ColorTable = std::array<Rgb, 256>;

/// The map in 256 even steps, from its published colours at every tenth; in between, linear.
ColorTable color_table(ColorMap map);

}  // namespace npumel
