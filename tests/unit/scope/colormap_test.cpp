// SPDX-License-Identifier: LGPL-2.1-or-later
// Colours at both ends and between.
#include "gst/melspecscope/colormap.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

double lightness(Rgb color) { return 0.2126 * color.r + 0.7152 * color.g + 0.0722 * color.b; }

TEST(ColorTable, ViridisHasItsPublishedEndsAndMiddle) {
  const ColorTable table = color_table(ColorMap::viridis);
  EXPECT_EQ(table.front(), (Rgb{0x44, 0x01, 0x54}));
  EXPECT_EQ(table.back(), (Rgb{0xfd, 0xe7, 0x25}));
  EXPECT_NEAR(table[128].g, 0x91, 2);
}

TEST(ColorTable, MagmaGoesFromNearBlackToCream) {
  const ColorTable table = color_table(ColorMap::magma);
  EXPECT_EQ(table.front(), (Rgb{0x00, 0x00, 0x04}));
  EXPECT_EQ(table.back(), (Rgb{0xfc, 0xfd, 0xbf}));
}

TEST(ColorTable, GrayIsItsIndex) {
  const ColorTable table = color_table(ColorMap::gray);
  for (size_t i = 0; i < table.size(); ++i) {
    const auto level = static_cast<uint8_t>(i);
    ASSERT_EQ(table[i], (Rgb{level, level, level}));
  }
}

TEST(ColorTable, EveryMapBecomesLighterWithTheValue) {
  for (const ColorMap map : {ColorMap::viridis, ColorMap::magma, ColorMap::gray}) {
    const ColorTable table = color_table(map);
    for (size_t i = 8; i < table.size(); i += 8)
      EXPECT_GT(lightness(table[i]), lightness(table[i - 8])) << i;
  }
}

}  // namespace
}  // namespace npumel
