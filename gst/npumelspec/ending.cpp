// SPDX-License-Identifier: LGPL-2.1-or-later
// The arithmetic of endings: eos-mode, tail silence, and what originals do to the end of a clip.
#include "gst/npumelspec/ending.h"

#include <algorithm>

#include "kernels/mel/framing.h"

namespace npumel {
namespace {

/// The shortest signal that has `frames` frames.
int64_t samples_for(const Recipe& recipe, int64_t frames) {
  int64_t low = 0;
  int64_t high = (frames + 1) * recipe.hop_length + recipe.win_length + recipe.n_fft;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (frame_count(recipe, middle) >= frames)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/// Rows of nothing but silence are all the same, so that one of them is enough for a maximum: what
/// comes after it changes nothing, however long tail-silence is.
int64_t tail_that_counts(const Recipe& recipe, int64_t tail_silence) {
  const int64_t enough =
      2 * (int64_t{recipe.win_length} + recipe.n_fft + framing(recipe).reach + recipe.hop_length);
  return std::min(tail_silence, enough);
}

/// frames=0: one buffer, with the rows that the original has at the end of a clip.
void plan_clip(const Recipe& recipe, int64_t samples, bool normalizes, EndingPlan& plan) {
  const ClipShape clip = clip_shape(recipe, samples, normalizes);
  plan.length = std::max(plan.length, clip.samples);
  plan.ending.rows = clip.computed;
  plan.ending.valid = std::min(clip.kept, frame_count(recipe, samples));
  plan.ending.dropped = clip.computed - clip.kept;
  plan.ending.zero_rows = clip.zero_rows;
}

/// The buffer that is not complete, as eos-mode says.
void plan_last_buffer(const Recipe& recipe, const Shape& shape, int64_t samples, EosMode mode,
                      const TakesFrames& takes, EndingPlan& plan) {
  const int64_t frames = frame_count(recipe, samples);
  const int64_t last = shape.buffer_of(frames);
  const int64_t complete = last == 0 ? 0 : shape.end(last - 1);
  // With stride < frames the incomplete buffer may repeat frames that have been sent.
  const bool has_new = frames > complete;
  plan.ending.rows = plan.ending.valid = complete;
  if (mode == EosMode::automatic && has_new)
    mode = takes(static_cast<int>(frames - shape.start(last))) ? EosMode::shorten : EosMode::pad;
  // Padded audio makes a first buffer even when it is too short for a frame of its own.
  if (mode == EosMode::pad && (has_new || (last == 0 && samples > 0))) {
    plan.ending.rows = shape.end(last);
    plan.ending.valid = frames;
    plan.length = std::max(plan.length, samples_for(recipe, plan.ending.rows));
  } else if (mode == EosMode::shorten && has_new) {
    plan.ending.rows = plan.ending.valid = frames;
  }
}

}  // namespace

EndingPlan plan_ending(const Recipe& recipe, const Shape& shape, const StreamEnd& end,
                       const TakesFrames& takes) {
  // Silence whose rows are sent is audio like any other.
  const int64_t samples = end.samples + (end.keeps_tail ? end.tail_silence : 0);
  EndingPlan plan;
  plan.length = samples + (end.keeps_tail ? 0 : tail_that_counts(recipe, end.tail_silence));
  if (shape.whole())
    plan_clip(recipe, samples, end.normalizes, plan);
  else
    plan_last_buffer(recipe, shape, samples, end.eos_mode, takes, plan);
  // Rows of silence count for a maximum that is still to be applied.
  const bool tail_counts = end.normalizes && plan.ending.rows > 0;
  plan.ending.total =
      tail_counts ? std::max(plan.ending.rows, frame_count(recipe, plan.length)) : plan.ending.rows;
  return plan;
}

}  // namespace npumel
