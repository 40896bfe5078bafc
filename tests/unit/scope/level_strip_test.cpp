// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the strip of levels lies, how high its bars are and what colour they have.
#include "gst/melspecscope/level_strip.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gst/melspecscope/view.h"

namespace npumel {
namespace {

constexpr PixelFormat kPacked{3, 0, 1, 2};
constexpr Rgb kAbove{1, 2, 3};  // a ground that no bar has the colour of

/// A column from the top: '.' ground, 'L' level, 'V' voice, '?' none of them.
char letter(const uint8_t* pixel, Rgb ground) {
  const Rgb color{pixel[0], pixel[1], pixel[2]};
  return color == ground ? '.' : color == kLevelColor ? 'L' : color == kVoiceColor ? 'V' : '?';
}

std::string column(int height, const std::optional<SoundLevel>& level) {
  std::vector<uint8_t> pixels(static_cast<size_t>(height) * 3);
  LevelStrip(height, kAbove, kPacked).paint(level, pixels.data(), 3);
  std::string result;
  for (size_t at = 0; at < pixels.size(); at += 3) result += letter(&pixels[at], kAbove);
  return result;
}

TEST(LevelStrip, RisesFromMinus60To0Dbov) {
  EXPECT_EQ(column(6, SoundLevel{0}), "LLLLLL");
  EXPECT_EQ(column(6, SoundLevel{-10}), ".LLLLL");
  EXPECT_EQ(column(6, SoundLevel{-30}), "...LLL");
  EXPECT_EQ(column(6, SoundLevel{-50}), ".....L");
  EXPECT_EQ(column(6, SoundLevel{-60}), "......");
  EXPECT_EQ(column(6, SoundLevel{-127}), "......");
  EXPECT_EQ(column(6, SoundLevel{-255}), "......") << "what a byte may hold";
}

TEST(LevelStrip, RoundsToTheNearestRow) {
  EXPECT_EQ(column(6, SoundLevel{-5}), "LLLLLL");
  EXPECT_EQ(column(6, SoundLevel{-6}), ".LLLLL");
  EXPECT_EQ(column(6, SoundLevel{-55}), ".....L");
  EXPECT_EQ(column(6, SoundLevel{-56}), "......");
}

TEST(LevelStrip, VoiceHasAColourOfItsOwn) {
  EXPECT_EQ(column(4, SoundLevel{-30, true}), "..VV");
  EXPECT_EQ(column(4, SoundLevel{-127, true}), "....");
}

TEST(LevelStrip, WithoutALevelItIsTheGround) { EXPECT_EQ(column(4, std::nullopt), "...."); }

TEST(LevelStrip, ColumnsOfSeveralFramesShowTheLouder) {
  const SoundLevel loud{-20, false}, voice{-40, true};
  EXPECT_EQ(louder(loud, voice), (SoundLevel{-20, true}));
  EXPECT_EQ(louder(voice, loud), (SoundLevel{-20, true}));
  EXPECT_EQ(louder(loud, std::nullopt), loud);
  EXPECT_EQ(louder(std::nullopt, voice), voice);
  EXPECT_EQ(louder(std::nullopt, std::nullopt), std::nullopt);
}

TEST(LevelStripLayout, TakesATwelfthOfThePlotAndARowForItsFrame) {
  const PageLayout plain = divide(640, 240, false);
  const PageLayout with = with_level_strip(plain);
  EXPECT_EQ(with.strip, (Rect{0, 0, 640, 20}));
  EXPECT_EQ(with.plot, (Rect{0, 21, 640, 219}));
  EXPECT_EQ(with.bar, plain.bar);
}

TEST(LevelStripLayout, TheColourBarStaysBesideThePlot) {
  for (const auto& [width, height] : {std::pair(640, 360), {160, 90}, {1280, 320}}) {
    const PageLayout plain = divide(width, height, true);
    const PageLayout with = with_level_strip(plain);
    ASSERT_TRUE(with.axes);
    EXPECT_EQ(with.strip,
              (Rect{plain.plot.x, plain.plot.y, plain.plot.width, plain.plot.height / 12}));
    EXPECT_EQ(with.plot.y, with.strip.y + with.strip.height + 1);
    EXPECT_EQ(with.plot.y + with.plot.height, plain.plot.y + plain.plot.height);
    EXPECT_EQ(with.plot.x, plain.plot.x);
    EXPECT_EQ(with.plot.width, plain.plot.width);
    EXPECT_EQ(with.bar, (Rect{plain.bar.x, with.plot.y, plain.bar.width, with.plot.height}));
  }
}

TEST(LevelStripLayout, SmallPlotsHaveNone) {
  EXPECT_EQ(with_level_strip(divide(64, 48, true)).strip, (Rect{0, 0, 64, 4}));
  const PageLayout small = with_level_strip(divide(64, 47, true));
  EXPECT_EQ(small.strip, Rect{});
  EXPECT_EQ(small.plot, (Rect{0, 0, 64, 47}));
}

/// A scrolling display of one band, one pixel a frame unless `span` says otherwise: its strip of 4
/// rows.
class Strips : public testing::Test {
 protected:
  static constexpr int kWidth = 6, kHeight = 48;

  static View make_view(double span_seconds = 0, bool scroll = true) {
    MelStream stream;
    stream.mels = 1;
    ViewSettings settings;
    settings.scroll = scroll;
    settings.axes = false;
    settings.level = true;
    settings.span_seconds = span_seconds;
    return {stream, settings, kWidth, kHeight, kPacked};
  }
  static void push(View& view, int64_t frames, std::optional<SoundLevel> level) {
    const std::vector<float> values(static_cast<size_t>(frames));
    MelBlock block{values.data(), ElementType::f32, Layout::frame_major, 1, frames};
    block.level = level;
    view.push(block, 0, frames);
  }
  /// The rows of the strip and the one between, from the top.
  static std::vector<std::string> rows(const std::vector<uint8_t>& pixels, Rgb ground) {
    std::vector<std::string> result(5);
    for (size_t i = 0; i < 5 * kWidth; ++i) result[i / kWidth] += letter(&pixels[i * 3], ground);
    return result;
  }
  static std::vector<std::string> scrolled(View& view) {
    std::vector<uint8_t> pixels(size_t{kWidth} * kHeight * 3);
    view.draw_scroll(pixels.data(), ptrdiff_t{kWidth} * 3);
    return rows(pixels, kDark);
  }
};

using Rows = std::vector<std::string>;

TEST_F(Strips, ScrollInStepWithTheColumns) {
  View view = make_view();
  push(view, 2, SoundLevel{0});
  push(view, 1, SoundLevel{-30, true});
  push(view, 1, {});
  push(view, 1, SoundLevel{-45});
  EXPECT_EQ(scrolled(view), (Rows{".LL...",  //
                                  ".LL...",  //
                                  ".LLV..",  //
                                  ".LLV.L",  //
                                  "......"}));
  push(view, 2, SoundLevel{-15, true});
  EXPECT_EQ(scrolled(view), (Rows{"L.....",  //
                                  "L...VV",  //
                                  "LV..VV",  //
                                  "LV.LVV",  //
                                  "......"}));
}

TEST_F(Strips, HolesAndClearedDisplaysAreTheGround) {
  View view = make_view();
  push(view, 6, SoundLevel{0});
  view.skip(2);
  push(view, 1, SoundLevel{-30});
  EXPECT_EQ(scrolled(view), (Rows{"LLL...", "LLL...", "LLL..L", "LLL..L", "......"}));
  view.clear();
  EXPECT_EQ(scrolled(view), Rows(5, "......"));
}

TEST_F(Strips, AColumnOfSeveralFramesBelongsToTheLoudestBuffer) {
  View view = make_view(0.12);  // two frames a column
  push(view, 1, SoundLevel{-30, true});
  push(view, 1, SoundLevel{0});
  push(view, 1, SoundLevel{-30});
  EXPECT_EQ(scrolled(view)[0], ".....V");
  view.skip(1);  // completes the column that had begun
  EXPECT_EQ(scrolled(view), (Rows{"....V.", "....V.", "....VL", "....VL", "......"}));
  view.skip(2);
  push(view, 2, {});
  EXPECT_EQ(scrolled(view)[3], "..VL..");
}

TEST_F(Strips, AFrameOfSeveralColumnsFillsThemAll) {
  View view = make_view(0.03);
  push(view, 1, SoundLevel{0});
  push(view, 1, SoundLevel{0, true});
  EXPECT_EQ(scrolled(view)[0], "..LLVV");
}

TEST_F(Strips, APageHasTheLevelOfItsBufferAndNothingOfTheOneBefore) {
  View view = make_view(0, false);
  const std::vector<float> values(3);
  MelBlock block{values.data(), ElementType::f32, Layout::frame_major, 1, 3};
  std::vector<uint8_t> pixels(size_t{kWidth} * kHeight * 3);
  const auto page = [&](std::optional<SoundLevel> level) {
    block.level = level;
    view.draw_page(block, 0, pixels.data(), ptrdiff_t{kWidth} * 3);
    return rows(pixels, kPaper);
  };
  EXPECT_EQ(page(SoundLevel{-30, true}), (Rows{"......", "......", "VVVVVV", "VVVVVV", "......"}));
  EXPECT_EQ(page({}), Rows(5, "......"));
  EXPECT_EQ(page(SoundLevel{0}), (Rows{"LLLLLL", "LLLLLL", "LLLLLL", "LLLLLL", "......"}));
  block.frames = 0;
  EXPECT_EQ(page(SoundLevel{0}), Rows(5, "......"));
}

}  // namespace
}  // namespace npumel
