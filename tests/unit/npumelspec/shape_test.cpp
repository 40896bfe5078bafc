// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames, stride and first-frames of output buffers.
#include "gst/npumelspec/shape.h"

#include <gtest/gtest.h>

namespace npumel::test {
namespace {

TEST(Shape, buffers_follow_each_other_without_stride) {
  const Shape shape{.frames = 100, .first = 100, .stride = 100};
  for (int64_t k = 0; k < 5; ++k) {
    EXPECT_EQ(shape.start(k), 100 * k);
    EXPECT_EQ(shape.end(k), 100 * (k + 1));
  }
}

TEST(Shape, openwakeword_starts_with_five_and_goes_on_in_eights) {
  const Shape shape{.frames = 8, .first = 5, .stride = 8};
  EXPECT_EQ(shape.start(0), 0);
  EXPECT_EQ(shape.end(0), 5);
  EXPECT_EQ(shape.start(1), 5);
  EXPECT_EQ(shape.end(1), 13);
  EXPECT_EQ(shape.start(2), 13);
}

TEST(Shape, a_short_first_buffer_does_not_put_the_second_before_the_stream) {
  const Shape shape{.frames = 20, .first = 9, .stride = 6};
  EXPECT_EQ(shape.start(1), 0);
  EXPECT_EQ(shape.end(1), 20);
  EXPECT_EQ(shape.start(2), 6);
}

TEST(Shape, every_frame_is_new_in_exactly_one_buffer) {
  for (const int frames : {1, 2, 7, 20})
    for (int first = 1; first <= 25; ++first)
      for (int stride = 1; stride <= frames; ++stride) {
        const Shape shape{.frames = frames, .first = first, .stride = stride};
        int64_t buffer = 0;
        for (int64_t frame = 0; frame < 100; ++frame) {
          while (shape.end(buffer) <= frame) ++buffer;
          ASSERT_EQ(shape.buffer_of(frame), buffer);
          ASSERT_LE(shape.start(buffer), frame);
        }
      }
}

TEST(Shape, ABufferWaitsForItsLongestFormAndTheReachOfItsLastFrame) {
  const Recipe whisper = resolve(Preset::whisper80, {}, 16000);
  const Recipe kaldi = resolve(Preset::kaldi80, {}, 16000);
  EXPECT_EQ(buffer_samples(whisper, {.frames = 100, .first = 100, .stride = 100}), 99 * 160 + 200);
  EXPECT_EQ(buffer_samples(kaldi, {.frames = 1, .first = 1, .stride = 1}), 400);
  EXPECT_EQ(buffer_samples(whisper, {.frames = 5, .first = 8, .stride = 5}), 7 * 160 + 200);
  EXPECT_EQ(buffer_samples(whisper, {.frames = 0, .first = 0, .stride = 1}), 200);
}

}  // namespace
}  // namespace npumel::test
