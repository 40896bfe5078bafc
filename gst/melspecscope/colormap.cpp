// SPDX-License-Identifier: LGPL-2.1-or-later
// Tables of colours from published points.
#include "gst/melspecscope/colormap.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace npumel {
namespace {

constexpr std::array<Rgb, 11> kViridis = {{{0x44, 0x01, 0x54},
                                           {0x48, 0x25, 0x76},
                                           {0x41, 0x44, 0x87},
                                           {0x35, 0x60, 0x8d},
                                           {0x2a, 0x78, 0x8e},
                                           {0x21, 0x90, 0x8c},
                                           {0x22, 0xa8, 0x84},
                                           {0x43, 0xbf, 0x71},
                                           {0x7a, 0xd1, 0x51},
                                           {0xbb, 0xdf, 0x27},
                                           {0xfd, 0xe7, 0x25}}};

constexpr std::array<Rgb, 11> kMagma = {{{0x00, 0x00, 0x04},
                                         {0x14, 0x0e, 0x36},
                                         {0x3b, 0x0f, 0x70},
                                         {0x64, 0x1a, 0x80},
                                         {0x8c, 0x29, 0x81},
                                         {0xb6, 0x36, 0x79},
                                         {0xde, 0x49, 0x68},
                                         {0xf7, 0x6f, 0x5c},
                                         {0xfe, 0x9f, 0x6d},
                                         {0xfe, 0xce, 0x91},
                                         {0xfc, 0xfd, 0xbf}}};

constexpr std::array<Rgb, 2> kGray = {{{0, 0, 0}, {255, 255, 255}}};

uint8_t between(uint8_t from, uint8_t to, double part) {
  return static_cast<uint8_t>(std::lround(from + (to - from) * part));
}

ColorTable interpolate(std::span<const Rgb> points) {
  ColorTable table;
  const double steps = static_cast<double>(points.size() - 1);
  for (size_t i = 0; i < table.size(); ++i) {
    const double place = steps * static_cast<double>(i) / (table.size() - 1.0);
    const size_t left = std::min(static_cast<size_t>(place), points.size() - 2);
    const double part = place - static_cast<double>(left);
    const Rgb& from = points[left];
    const Rgb& to = points[left + 1];
    table[i] = {between(from.r, to.r, part), between(from.g, to.g, part),
                between(from.b, to.b, part)};
  }
  return table;
}

}  // namespace

ColorTable color_table(ColorMap map) {
  switch (map) {
    case ColorMap::viridis:
      return interpolate(kViridis);
    case ColorMap::magma:
      return interpolate(kMagma);
    case ColorMap::gray:
      break;
  }
  return interpolate(kGray);
}

}  // namespace npumel
