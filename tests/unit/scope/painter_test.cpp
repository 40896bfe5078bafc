// SPDX-License-Identifier: LGPL-2.1-or-later
// Values to pixels, scaled up and down.
#include "gst/melspecscope/painter.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace npumel {
namespace {

constexpr PixelFormat kRgb{3, 0, 1, 2};

/// A gray painter over values 0 to 1 and its picture, which tells levels.
struct Page {
  Page(const MelBlock& block, int columns, int rows)
      : width(columns), pixels(static_cast<size_t>(columns * rows) * 3) {
    Painter painter(block.mels, rows, ColorMap::gray, kRgb);
    painter.set_range({0, 1});
    paint_page(painter, block, columns, pixels.data(), ptrdiff_t{columns} * 3);
  }
  int level(int x, int y) const { return pixels[static_cast<size_t>((y * width + x) * 3)]; }

  int width;
  std::vector<uint8_t> pixels;
};

TEST(PixelFormat, WritesEveryByteOrderOpaque) {
  std::array<uint8_t, 4> pixel{};
  PixelFormat{4, 2, 1, 0}.write(pixel.data(), {1, 2, 3});
  EXPECT_EQ(pixel, (std::array<uint8_t, 4>{3, 2, 1, 255}));
  PixelFormat{4, 1, 2, 3}.write(pixel.data(), {1, 2, 3});
  EXPECT_EQ(pixel, (std::array<uint8_t, 4>{255, 1, 2, 3}));
}

TEST(Painter, LevelsCoverTheRangeAndClampBeyondIt) {
  Painter painter(1, 1, ColorMap::gray, kRgb);
  painter.set_range({-8, 2});
  EXPECT_EQ(painter.level(-9), 0);
  EXPECT_EQ(painter.level(-8), 0);
  EXPECT_EQ(painter.level(-3), 128);
  EXPECT_EQ(painter.level(2), 255);
  EXPECT_EQ(painter.level(INFINITY), 255);
  EXPECT_EQ(painter.level(NAN), 0);
}

TEST(Painter, EveryValueInEveryRangeHasALevel) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const float values[] = {-INFINITY, -kMost, -1, -1e-45F, 0, 1e-45F, 1, kMost, INFINITY, NAN};
  Painter painter(1, 1, ColorMap::gray, kRgb);
  for (const float low : values)
    for (const float high : values) {
      painter.set_range({low, high});
      for (const float value : values) EXPECT_LE(painter.level(value), 255);
    }
  painter.set_range({-kMost, kMost});
  EXPECT_EQ(painter.level(0), 128);
}

TEST(PaintPage, DrawsPowersAndMagnitudesInDecibels) {
  const std::vector<float> values = {1, 1e-4F, 0, -1, 1e4F};
  std::vector<float> drawn(5);
  MelBlock block{values.data(), ElementType::f32, Layout::frame_major, 5, 1, Drawn::power_in_db};
  block.read_frame(0, drawn);
  EXPECT_FLOAT_EQ(drawn[0], 0);
  EXPECT_FLOAT_EQ(drawn[1], -40);
  EXPECT_EQ(drawn[2], -INFINITY);
  EXPECT_TRUE(std::isnan(drawn[3]));
  EXPECT_FLOAT_EQ(drawn[4], 40);
  block.drawn = Drawn::magnitude_in_db;
  block.read_frame(0, drawn);
  EXPECT_FLOAT_EQ(drawn[1], -80);
}

TEST(Painter, TheBrightestColourIsNotLostToRounding) {
  Painter painter(1, 1, ColorMap::gray, kRgb);
  painter.set_range({-8, 1});
  EXPECT_EQ(painter.level(std::nextafter(1.0F, 0.0F)), 255);
}

TEST(PaintPage, PutsBandZeroAtTheBottomAndFrameZeroAtTheLeft) {
  const std::vector<float> values = {1, 0, 0,   // frame 0: band 0 is loud
                                     0, 0, 1};  // frame 1: band 2
  const Page page({values.data(), ElementType::f32, Layout::frame_major, 3, 2}, 2, 3);
  EXPECT_EQ(page.level(0, 2), 255);
  EXPECT_EQ(page.level(0, 0), 0);
  EXPECT_EQ(page.level(1, 0), 255);
  EXPECT_EQ(page.level(1, 2), 0);
}

TEST(PaintPage, DrawsMelMajorAsFrameMajor) {
  const std::vector<float> frame_major = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};
  const std::vector<float> mel_major = {0.1F, 0.4F, 0.2F, 0.5F, 0.3F, 0.6F};
  const Page one({frame_major.data(), ElementType::f32, Layout::frame_major, 3, 2}, 8, 6);
  const Page other({mel_major.data(), ElementType::f32, Layout::mel_major, 3, 2}, 8, 6);
  EXPECT_EQ(one.pixels, other.pixels);
  EXPECT_EQ(one.level(0, 5), 25);
  EXPECT_EQ(one.level(7, 0), 153);
}

TEST(PaintPage, ReadsHalfPrecision) {
  const std::vector<uint16_t> values = {0x3c00, 0x3800};  // 1, 0.5
  const Page page({values.data(), ElementType::f16, Layout::frame_major, 2, 1}, 1, 2);
  EXPECT_EQ(page.level(0, 1), 255);
  EXPECT_EQ(page.level(0, 0), 128);
}

TEST(PaintPage, NeverLosesALoudCellWhenItShrinks) {
  std::vector<float> values(1000 * 128);
  values[617 * 128 + 77] = 1;
  const Page page({values.data(), ElementType::f32, Layout::frame_major, 128, 1000}, 64, 20);
  EXPECT_EQ(page.level(617 * 64 / 1000, 20 - 1 - 77 * 20 / 128), 255);
  int lit = 0;
  for (int y = 0; y < 20; ++y)
    for (int x = 0; x < 64; ++x) lit += page.level(x, y) != 0 ? 1 : 0;
  EXPECT_EQ(lit, 1);
}

TEST(PaintPage, AValueThatIsNoNumberHidesNoOther) {
  for (const std::vector<float>& values : {std::vector<float>{NAN, 1}, std::vector<float>{1, NAN}})
    EXPECT_EQ(Page({values.data(), ElementType::f32, Layout::frame_major, 1, 2}, 1, 1).level(0, 0),
              255);
}

}  // namespace
}  // namespace npumel
