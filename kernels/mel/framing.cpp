// SPDX-License-Identifier: LGPL-2.1-or-later
// Frame positions, frame counts and padding rules.
#include "kernels/mel/framing.h"

#include <algorithm>

#include "kernels/mel/window_function.h"

namespace npumel {
namespace {

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int front_zeros(const Recipe& recipe) {
  return recipe.padding == Padding::semi_causal ? recipe.win_length / 2 : 0;
}

/// Samples of padding on either side of a centred frame.
int padding_length(const Recipe& recipe) {
  return recipe.padding == Padding::vocoder ? (recipe.n_fft - recipe.hop_length) / 2
                                            : recipe.n_fft / 2;
}

int first_sample(const Recipe& recipe) {
  const int place =
      recipe.window_place == WindowPlace::center ? (recipe.n_fft - recipe.win_length) / 2 : 0;
  switch (recipe.padding) {
    case Padding::none:
      return place;
    case Padding::reflect:
    case Padding::zero:
    case Padding::vocoder:
      return place - padding_length(recipe);
    case Padding::mirror:
      return recipe.hop_length / 2 - recipe.win_length / 2;
    case Padding::semi_causal:
      return -front_zeros(recipe);
  }
  return 0;
}

// Samples that must exist after t*hop for the rule to count frame t.
int count_needs(const Recipe& recipe) {
  switch (recipe.frame_count) {
    case FrameCount::snip:
      return recipe.win_length - front_zeros(recipe);
    case FrameCount::snip_fft:
      return recipe.n_fft - front_zeros(recipe);
    case FrameCount::snip_plus_one:
      return recipe.win_length + 1 - front_zeros(recipe);
    case FrameCount::centered:
      return std::max(1, recipe.n_fft - 2 * padding_length(recipe));
    case FrameCount::drop_last:
      return recipe.hop_length;
    case FrameCount::rounded:
      return recipe.hop_length - recipe.hop_length / 2;
  }
  return 0;
}

// Samples that the left padding of frame 0 mirrors. A first sample under a window value of 0 is not
// needed unless the mean or its successor takes part of it.
int left_padding_needs(const Recipe& recipe, int origin) {
  if (recipe.padding == Padding::mirror) return -origin;
  if (recipe.padding != Padding::reflect && recipe.padding != Padding::vocoder) return 0;
  const bool first_is_idle =
      starts_with_zero(recipe.window) && !recipe.remove_dc &&
      (recipe.preemphasis == 0 || recipe.preemphasis_mode == PreemphasisMode::waveform);
  return first_is_idle ? -origin : 1 - origin;
}

}  // namespace

Framing framing(const Recipe& recipe) {
  Framing result;
  result.hop = recipe.hop_length;
  result.win = recipe.win_length;
  result.origin = first_sample(recipe);
  result.padding = recipe.padding;
  result.reach = std::max({1, result.origin + result.win, count_needs(recipe),
                           left_padding_needs(recipe, result.origin)});
  return result;
}

int64_t frame_count(const Recipe& recipe, int64_t n) {
  if (n <= 0) return 0;
  const int64_t hop = recipe.hop_length;
  const int64_t with_front = n + front_zeros(recipe);
  int64_t count = 0;
  switch (recipe.frame_count) {
    case FrameCount::snip:
      count = 1 + floor_div(with_front - recipe.win_length, hop);
      break;
    case FrameCount::snip_fft:
      count = 1 + floor_div(with_front - recipe.n_fft, hop);
      break;
    case FrameCount::snip_plus_one:
      count = 1 + floor_div(with_front - recipe.win_length - 1, hop);
      break;
    case FrameCount::centered:
      count = 1 + floor_div(n + 2 * padding_length(recipe) - recipe.n_fft, hop);
      break;
    case FrameCount::drop_last:
      count = n / hop;
      break;
    case FrameCount::rounded:
      count = (n + hop / 2) / hop;
      break;
  }
  return std::max<int64_t>(count, 0);
}

bool reads_past_end(const Recipe& recipe) {
  const bool defined = recipe.padding != Padding::none && recipe.padding != Padding::semi_causal;
  return !defined && first_sample(recipe) + recipe.win_length > count_needs(recipe);
}

ClipShape clip_shape(const Recipe& recipe, int64_t n, bool normalized) {
  ClipShape shape;
  if (n <= 0) return shape;
  const int64_t padded = (n + 127) / 128 * 128;
  shape.samples = recipe.tail_rule == TailRule::pad_audio_128 ? padded : n;
  shape.computed = frame_count(recipe, shape.samples);
  shape.kept = shape.computed;
  const bool odd = shape.computed % 2 != 0;
  switch (recipe.tail_rule) {
    case TailRule::none:
    case TailRule::pad_audio_128:
      break;
    case TailRule::zero_row:
      shape.zero_rows = 1;
      break;
    case TailRule::even_zero_row:
      shape.zero_rows = odd && normalized ? 1 : 0;
      break;
    case TailRule::even_drop_row:
      shape.kept -= odd ? 1 : 0;
      break;
    case TailRule::zero_row_128:
      shape.zero_rows = frame_count(recipe, padded) - shape.computed;
      break;
  }
  return shape;
}

int64_t padded_index(Padding padding, int64_t index, int64_t n) {
  if (index >= 0 && index < n) return index;
  if (padding == Padding::reflect || padding == Padding::vocoder) {
    if (n == 1) return 0;
    const int64_t period = 2 * (n - 1);
    const int64_t phase = index - floor_div(index, period) * period;
    return phase < n ? phase : period - phase;
  }
  if (padding == Padding::mirror) {
    const int64_t period = 2 * n;
    const int64_t phase = index - floor_div(index, period) * period;
    return phase < n ? phase : period - 1 - phase;
  }
  return -1;
}

}  // namespace npumel
