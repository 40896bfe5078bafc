// SPDX-License-Identifier: LGPL-2.1-or-later
// Which columns a scrolling display shows at which time.
#include <gtest/gtest.h>

#include <vector>

#include "gst/melspecscope/scroller.h"

namespace npumel {
namespace {

constexpr uint64_t kMs = 1000000;
constexpr PixelFormat kScrolled{3, 0, 1, 2};
constexpr int kGround = kDark.r;  // what a column shows before anything was there

/// A display of one band without axes: one row, whose pixels are the levels of the frames.
struct Display {
  explicit Display(int width, double span_seconds = 0)
      : view(stream(), settings(span_seconds), width, 1, kScrolled), columns(width) {}

  static MelStream stream() {
    MelStream result;
    result.mels = 1;
    result.frame_seconds = 0.01;
    return result;
  }
  static ViewSettings settings(double span_seconds) {
    ViewSettings result;
    result.map = ColorMap::gray;
    result.range = ValueRange{0, 256};
    result.axes = false;
    result.span_seconds = span_seconds;
    return result;
  }
  static MelBlock block(const std::vector<float>& values) {
    return {values.data(), ElementType::f32, Layout::frame_major, 1,
            static_cast<int64_t>(values.size())};
  }

  std::vector<int> row() {
    std::vector<uint8_t> pixels(static_cast<size_t>(columns) * 3);
    view.draw_scroll(pixels.data(), ptrdiff_t{columns} * 3);
    std::vector<int> levels;
    for (size_t x = 0; x < pixels.size(); x += 3) levels.push_back(pixels[x]);
    return levels;
  }
  /// All pictures of a buffer: their times in ms.
  std::vector<double> feed(Scroller& scroller, const std::vector<float>& values, double ms,
                           bool discont = false) {
    const MelBlock mel = block(values);
    scroller.add(view, mel, static_cast<uint64_t>(ms * kMs), discont);
    std::vector<double> times;
    while (const auto picture = scroller.next_picture(view, &mel))
      times.push_back(static_cast<double>(picture->time) / kMs);
    return times;
  }

  View view;
  int columns;
};

using Levels = std::vector<int>;

Scroller scroller_at(int fps) { return Scroller(ScrollClock(16000, 160, fps, 1)); }

TEST(Scroll, EntersAtTheRightAndLeavesAtTheLeft) {
  Display display(4);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20}, 0);
  EXPECT_EQ(display.row(), (Levels{kGround, kGround, 10, 20}));
  display.feed(scroller, {30, 40, 50}, 20);
  EXPECT_EQ(display.row(), (Levels{20, 30, 40, 50}));
}

TEST(Scroll, APictureShowsTheFramesUpToItsTime) {
  Display display(4);
  Scroller scroller = scroller_at(50);
  const std::vector<float> values = {10, 20, 30, 40};
  const MelBlock mel = Display::block(values);
  scroller.add(display.view, mel, 0, false);
  ASSERT_TRUE(scroller.next_picture(display.view, &mel));
  EXPECT_EQ(display.row(), (Levels{kGround, kGround, kGround, 10})) << "picture at 0 ms";
  ASSERT_TRUE(scroller.next_picture(display.view, &mel));
  EXPECT_EQ(display.row(), (Levels{kGround, 10, 20, 30})) << "picture at 20 ms";
  EXPECT_FALSE(scroller.next_picture(display.view, &mel));
}

TEST(Scroll, PicturesKeepTheirGridHoweverTheFramesArrive) {
  Display display(4);
  Scroller scroller = scroller_at(40);
  std::vector<double> times;
  for (int i = 0; i < 10; ++i)
    for (const double time : display.feed(scroller, {1}, 5 + 10 * i)) times.push_back(time);
  EXPECT_EQ(times, (std::vector<double>{5, 30, 55, 80}));
}

TEST(Scroll, DoesNotDriftInTenHours) {
  ScrollClock clock(22050, 256, 30000, 1001);
  clock.start(7);
  const int64_t frames = 36000LL * 22050 / 256;
  EXPECT_EQ(clock.frame_time(frames), 7 + static_cast<uint64_t>(frames * 256.0 / 22050 * 1e9));
  clock.add_frames(frames);
  int64_t pictures = 0;
  uint64_t time = 0;
  for (; clock.picture_due(); ++pictures) {
    time = clock.picture_time();
    clock.next_picture();
  }
  EXPECT_EQ(time, 7 + static_cast<uint64_t>((pictures - 1) * 1001e9 / 30000));
  EXPECT_LT(clock.frame_time(frames) - time, 33366667U);
}

TEST(Scroll, OverlappingBuffersShowAFrameOnce) {
  Display display(6);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20, 30, 40}, 0);
  display.feed(scroller, {30, 40, 50, 60}, 20);
  EXPECT_EQ(display.row(), (Levels{10, 20, 30, 40, 50, 60}));
}

TEST(Scroll, AShortHoleIsShownInTheLowestColour) {
  Display display(6);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20}, 0);
  const std::vector<double> times = display.feed(scroller, {50, 60}, 40);
  EXPECT_EQ(display.row(), (Levels{10, 20, 0, 0, 50, 60}));
  EXPECT_EQ(times, (std::vector<double>{20, 30, 40, 50}));
}

TEST(Scroll, AfterALongHolePicturesGoOnAtTheNewTime) {
  Display display(3);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20}, 0);
  EXPECT_EQ(display.feed(scroller, {50}, 2000), (std::vector<double>{2000}));
  EXPECT_EQ(display.row(), (Levels{0, 0, 50}));
}

TEST(Scroll, AStepBackInTimeStartsAnew) {
  Display display(4);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20}, 500);
  EXPECT_EQ(display.feed(scroller, {30}, 100, true), (std::vector<double>{100}));
  EXPECT_EQ(display.row(), (Levels{kGround, 10, 20, 30}));
}

TEST(Scroll, AGapEventMakesPicturesWithoutData) {
  Display display(4);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10}, 0);
  scroller.add_gap(display.view, 10 * kMs, 20 * kMs);
  EXPECT_EQ(scroller.next_picture(display.view, nullptr)->time, 10 * kMs);
  EXPECT_EQ(scroller.next_picture(display.view, nullptr)->time, 20 * kMs);
  EXPECT_FALSE(scroller.next_picture(display.view, nullptr));
  EXPECT_EQ(display.row(), (Levels{kGround, 10, 0, 0}));
}

TEST(Scroll, SpanPutsTheLargestOfSeveralFramesIntoAColumn) {
  Display display(4, 0.08);  // 80 ms over 4 pixels
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20, 40, 30}, 0);
  EXPECT_EQ(display.row(), (Levels{kGround, kGround, 20, 40}));
}

TEST(Scroll, SpanBelowAFrameAPixelRepeatsFrames) {
  Display display(4, 0.02);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20}, 0);
  EXPECT_EQ(display.row(), (Levels{10, 10, 20, 20}));
}

TEST(Scroll, ASpanFarBelowAFrameShowsTheNewestFrameEverywhere) {
  Display display(4, 1e-9);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20}, 0);
  EXPECT_EQ(display.row(), (Levels{20, 20, 20, 20}));
}

TEST(Scroll, AHoleLeavesTheColumnThatHadBegun) {
  Display display(4, 0.08);
  Scroller scroller = scroller_at(100);
  display.feed(scroller, {10, 20, 40}, 0);
  display.feed(scroller, {50, 60}, 60);
  EXPECT_EQ(display.row(), (Levels{20, 40, 0, 60}));
}

TEST(Scroll, AHoleOfAnySizeIsTheLowestColour) {
  for (const int64_t frames : {int64_t{4}, int64_t{1000}, int64_t{1} << 53}) {
    Display display(4);
    const std::vector<float> values = {10, 20};
    display.view.push(Display::block(values), 0, 2);
    display.view.skip(frames);
    EXPECT_EQ(display.row(), (Levels{0, 0, 0, 0})) << frames;
    display.view.skip(frames);
    display.view.push(Display::block(values), 1, 2);
    EXPECT_EQ(display.row(), (Levels{0, 0, 0, 20})) << frames;
  }
}

TEST(Scroll, TimesAtTheEndOfTheScaleDoNotWrap) {
  for (const uint64_t before : {uint64_t{5}, uint64_t{20}, uint64_t{34}, uint64_t{40}}) {
    Display display(4);
    Scroller scroller = scroller_at(30);
    const uint64_t time = UINT64_MAX - before * kMs + 1;
    const std::vector<float> values = {10, 20, 30};
    const MelBlock mel = Display::block(values);
    scroller.add(display.view, mel, time, false);
    std::vector<uint64_t> times;
    while (const auto picture = scroller.next_picture(display.view, &mel)) {
      times.push_back(picture->time);
      ASSERT_LE(times.size(), 2U);
    }
    // 30 ms of frames; a picture lasts 33.3 ms.
    EXPECT_EQ(times, std::vector<uint64_t>{time}) << before;
    scroller.add_gap(display.view, UINT64_MAX - kMs, 1000 * kMs);
    for (int i = 0; scroller.next_picture(display.view, nullptr); ++i) ASSERT_LE(i, 2);
  }
}

TEST(Scroll, AGapAtTheEndOfTheScaleEnds) {
  Display display(4);
  Scroller scroller = scroller_at(1000);
  scroller.add_gap(display.view, UINT64_MAX - 25 * kMs + 1, 1000 * kMs);
  int pictures = 0;
  while (scroller.next_picture(display.view, nullptr)) ASSERT_LE(++pictures, 25);
  EXPECT_GE(pictures, 10);
}

TEST(ScrollClock, CountsWithoutLoops) {
  ScrollClock clock(1000, 65536, 1000, 1);  // a frame lasts 65.536 s
  clock.start(7);
  clock.add_frames(int64_t{1} << 53);
  EXPECT_EQ(clock.frame_time(int64_t{1} << 53), kLastTime);
  EXPECT_EQ(clock.frames_until(7), 1);
  EXPECT_EQ(clock.frames_until(6), 0);
  EXPECT_EQ(clock.frames_until(7 + 65536 * kMs - 1), 1);
  EXPECT_EQ(clock.frames_until(7 + 65536 * kMs), 2);
  EXPECT_EQ(clock.skip_pictures_before(7 + 10 * kMs), 10);
  EXPECT_EQ(clock.picture_time(), 7 + 10 * kMs);
  EXPECT_EQ(clock.skip_pictures_before(7 + 10 * kMs), 0);
  clock.skip_pictures_before(kLastTime);
  EXPECT_FALSE(clock.picture_due());
}

TEST(ScrollClock, FramesUntilAgreesWithTheTimesOfFrames) {
  for (const auto& [rate, hop] : {std::pair(22050, 256), {44100, 441}, {16000, 160}, {11025, 7}}) {
    ScrollClock clock(rate, hop, 30, 1);
    clock.start(123456789);
    for (int64_t n = 0; n < 5000; n += 7) {
      EXPECT_EQ(clock.frames_until(clock.frame_time(n)), n + 1);
      EXPECT_EQ(clock.frames_until(clock.frame_time(n) - 1), n);
    }
  }
}

TEST(ScrollPlot, ANewRangeRepaintsWhatIsThere) {
  Painter painter(1, 1, ColorMap::gray, kScrolled);
  painter.set_range({0, 256});
  ScrollPlot plot(painter, 2, 1, kDark);
  plot.push(std::vector<float>{100});
  plot.set_range({0, 512});
  std::vector<uint8_t> pixels(6);
  plot.copy_to(pixels.data(), 6);
  EXPECT_EQ(pixels[3], 50);
  EXPECT_EQ(pixels[0], kGround) << "columns that were never used stay the ground";
}

}  // namespace
}  // namespace npumel
