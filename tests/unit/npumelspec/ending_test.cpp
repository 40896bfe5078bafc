// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of a stream: rows, valid rows, rows for the maximum only, and zeros, for every eos-mode.
#include "gst/npumelspec/ending.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/mel/framing.h"

namespace npumel {
namespace {

constexpr int64_t kWhisperHop = 160;

Shape ending_shape(int frames, int stride, int first) {
  return {.frames = frames, .first = first, .stride = stride};
}
Shape ending_shape(int frames) { return ending_shape(frames, frames, frames); }
const Shape kWhole{.frames = 0, .first = 0, .stride = 1};

Recipe whisper_recipe() { return resolve(Preset::whisper80, {}, 16000); }

TakesFrames never_asked() {
  return [](int) {
    ADD_FAILURE() << "the next element was asked";
    return false;
  };
}

/// A plan of whisper80: frames = samples / 160.
EndingPlan plan_for(const Shape& shape, int64_t samples, EosMode mode,
                    const TakesFrames& takes = never_asked()) {
  return plan_ending(whisper_recipe(), shape, {.samples = samples, .eos_mode = mode}, takes);
}

void expect_plan(const EndingPlan& plan, int64_t rows, int64_t valid, int64_t total,
                 int64_t length) {
  EXPECT_EQ(plan.ending.rows, rows);
  EXPECT_EQ(plan.ending.valid, valid);
  EXPECT_EQ(plan.ending.total, total);
  EXPECT_EQ(plan.length, length);
}

TEST(Ending, EveryModeOfALastBufferThatIsNotFull) {
  const int64_t samples = 250 * kWhisperHop + 7;
  expect_plan(plan_for(ending_shape(30), samples, EosMode::shorten), 250, 250, 250, samples);
  expect_plan(plan_for(ending_shape(30), samples, EosMode::drop), 240, 240, 240, samples);
  expect_plan(plan_for(ending_shape(30), samples, EosMode::pad), 270, 250, 270, 270 * kWhisperHop);
}

TEST(Ending, AutoDependsOnTheNextElement) {
  std::vector<int> asked;
  const auto answer = [&](bool takes) {
    return [&asked, takes](int frames) {
      asked.push_back(frames);
      return takes;
    };
  };
  const int64_t samples = 250 * kWhisperHop;
  expect_plan(plan_for(ending_shape(30), samples, EosMode::automatic, answer(true)), 250, 250, 250,
              samples);
  expect_plan(plan_for(ending_shape(30), samples, EosMode::automatic, answer(false)), 270, 250, 270,
              270 * kWhisperHop);
  EXPECT_EQ(asked, (std::vector<int>{10, 10}));
}

TEST(Ending, NothingFollowsFullBuffers) {
  for (const EosMode mode : {EosMode::automatic, EosMode::pad, EosMode::shorten, EosMode::drop})
    expect_plan(plan_for(ending_shape(30), 240 * kWhisperHop + 159, mode), 240, 240, 240,
                240 * kWhisperHop + 159);
}

TEST(Ending, AudioTooShortForAFrameIsSentPaddedOnly) {
  expect_plan(plan_for(ending_shape(30), 100, EosMode::shorten), 0, 0, 0, 100);
  expect_plan(plan_for(ending_shape(30), 100, EosMode::automatic), 0, 0, 0, 100);
  expect_plan(plan_for(ending_shape(30), 100, EosMode::pad), 30, 0, 30, 30 * kWhisperHop);
  // The first buffer may have a size of its own.
  expect_plan(plan_for(ending_shape(30, 30, 5), 100, EosMode::pad), 5, 0, 5, 5 * kWhisperHop);
}

TEST(Ending, OverlappingBuffersComeOnlyForNewFrames) {
  // Buffers end after 30, 40, 50 ... frames.
  const Shape shape = ending_shape(30, 10, 30);
  expect_plan(plan_for(shape, 250 * kWhisperHop, EosMode::pad), 250, 250, 250, 250 * kWhisperHop);
  expect_plan(plan_for(shape, 251 * kWhisperHop, EosMode::pad), 260, 251, 260, 260 * kWhisperHop);
  int frames = 0;
  plan_for(shape, 251 * kWhisperHop, EosMode::automatic, [&](int asked) {
    frames = asked;
    return true;
  });
  EXPECT_EQ(frames, 21);
}

TEST(Ending, TailSilenceCountsForAMaximumOnly) {
  StreamEnd end{
      .samples = 250 * kWhisperHop, .tail_silence = 3 * kWhisperHop, .eos_mode = EosMode::shorten};
  // Without a normalisation it is the right edge and nothing else.
  EndingPlan plan = plan_ending(whisper_recipe(), ending_shape(30), end, never_asked());
  expect_plan(plan, 250, 250, 250, 253 * kWhisperHop);
  end.normalizes = true;
  plan = plan_ending(whisper_recipe(), ending_shape(30), end, never_asked());
  expect_plan(plan, 250, 250, 253, 253 * kWhisperHop);
  plan = plan_ending(whisper_recipe(), kWhole, end, never_asked());
  expect_plan(plan, 250, 250, 253, 253 * kWhisperHop);
  // No buffer is left that a maximum could change.
  end.samples = 100;
  end.tail_silence = 0;
  plan = plan_ending(whisper_recipe(), ending_shape(30), end, never_asked());
  expect_plan(plan, 0, 0, 0, 100);
}

TEST(Ending, TailSilenceOfAnyLengthIsAsLongAsItMatters) {
  const Recipe recipe = whisper_recipe();
  for (const int64_t tail : {int64_t{480000}, INT64_MAX / 2, INT64_MAX}) {
    const StreamEnd end{.samples = 17681, .tail_silence = tail, .normalizes = true};
    const EndingPlan plan = plan_ending(recipe, kWhole, end, never_asked());
    // A row that sees nothing of the audio is among them: it starts at least a window after it.
    EXPECT_GE((plan.ending.total - 1) * kWhisperHop - recipe.n_fft / 2, 17681);
    EXPECT_LE(plan.length, 17681 + 16000);
    EXPECT_EQ(plan.ending.valid, 17681 / kWhisperHop);
  }
}

TEST(Ending, KeptTailSilenceIsAudio) {
  const StreamEnd end{.samples = 250 * kWhisperHop,
                      .tail_silence = 30 * kWhisperHop,
                      .keeps_tail = true,
                      .eos_mode = EosMode::shorten,
                      .normalizes = true};
  expect_plan(plan_ending(whisper_recipe(), ending_shape(30), end, never_asked()), 280, 280, 280,
              280 * kWhisperHop);
  expect_plan(plan_ending(whisper_recipe(), kWhole, end, never_asked()), 280, 280, 280,
              280 * kWhisperHop);
}

TEST(Ending, AClipEndsAsTheOriginalDoes) {
  for (const Preset preset : {Preset::nemo80, Preset::seamless80, Preset::granite80,
                              Preset::gemma3n128, Preset::kaldi80, Preset::whisper80}) {
    const Recipe recipe = resolve(preset, {}, 16000);
    for (const bool normalizes : {false, true})
      for (const int64_t samples : {1, 399, 400, 16000, 16160, 17777}) {
        const StreamEnd end{.samples = samples, .normalizes = normalizes};
        const EndingPlan plan = plan_ending(recipe, kWhole, end, never_asked());
        const ClipShape clip = clip_shape(recipe, samples, normalizes);
        EXPECT_EQ(plan.ending.rows, clip.computed);
        EXPECT_EQ(plan.ending.dropped, clip.computed - clip.kept);
        EXPECT_EQ(plan.ending.zero_rows, clip.zero_rows);
        EXPECT_EQ(plan.ending.valid, std::min(clip.kept, frame_count(recipe, samples)));
        EXPECT_EQ(plan.length, std::max(samples, clip.samples));
      }
  }
  // NeMo: one row of zeros more than there are frames.
  const EndingPlan nemo =
      plan_ending(resolve(Preset::nemo80, {}, 16000), kWhole, {.samples = 16000}, never_asked());
  EXPECT_EQ(nemo.ending.zero_rows, 1);
  EXPECT_EQ(nemo.ending.valid, nemo.ending.rows);
}

}  // namespace
}  // namespace npumel
