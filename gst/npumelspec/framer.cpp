// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples to overlapping frames in batch slots, with the padding of the recipe at both ends.
#include "gst/npumelspec/framer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/mel/sample_limit.h"

namespace npumel {
namespace {

/// How far before the first sample of the last frame its right padding may mirror from. Where that
/// frame lies relative to the end repeats with the hop; short signals are mirrored more than once.
int64_t mirror_depth(const Recipe& recipe, const Framing& frame) {
  int64_t depth = 0;
  const int64_t longest = 2 * (int64_t{frame.hop} + frame.win + recipe.n_fft);
  for (int64_t n = 1; n <= longest; ++n) {
    const int64_t start = (frame_count(recipe, n) - 1) * frame.hop + frame.origin;
    const int64_t last = start + frame.win - 1;
    if (start <= 0 || last < n) continue;
    const bool mirrored_once = last <= 2 * n - 2;
    const int64_t lowest = mirrored_once ? padded_index(frame.padding, last, n) : 0;
    if (lowest >= 0) depth = std::max(depth, start - lowest);
  }
  return depth;
}

/// Replaces NaN and infinities by 0, which it counts, and clamps to +-limit. Magnitudes compare as
/// their bits do: the sum of those and of what is missing from the limit to the sign bit reaches it
/// for larger ones only, so that a clean block costs one pass of integer lanes.
uint64_t make_finite(float* samples, int64_t count, float limit) {
  constexpr uint32_t magnitude = 0x7fffffffU;
  constexpr int64_t block = 512;
  const uint32_t missing = magnitude - std::bit_cast<uint32_t>(limit);
  uint64_t replaced = 0;
  for (int64_t begin = 0; begin < count; begin += block) {
    const int64_t end = std::min(count, begin + block);
    uint32_t seen = 0;
    for (int64_t i = begin; i < end; ++i)
      seen |= (std::bit_cast<uint32_t>(samples[i]) & magnitude) + missing;
    if ((seen >> 31U) == 0) continue;
    for (int64_t i = begin; i < end; ++i) {
      if (std::isfinite(samples[i])) {
        samples[i] = std::clamp(samples[i], -limit, limit);
      } else {
        samples[i] = 0;
        ++replaced;
      }
    }
  }
  return replaced;
}

}  // namespace

void Framer::configure(const Recipe& recipe, SampleType input) {
  const Framing frame = framing(recipe);
  hop_ = frame.hop;
  win_ = frame.win;
  origin_ = frame.origin;
  reach_ = std::max(frame.reach, frame.origin + frame.win);
  padding_ = frame.padding;
  const bool emphasized =
      recipe.preemphasis != 0 && recipe.preemphasis_mode == PreemphasisMode::waveform;
  preemphasis_ = emphasized ? static_cast<float>(recipe.preemphasis) : 0;
  input_ = input;
  slot_type_ = emphasized ? SampleType::f32 : input;
  width_ = size_of(slot_type_);
  history_.assign(static_cast<size_t>(mirror_depth(recipe, frame)) * width_, 0);
  next_history_ = history_;
  ahead_.assign(static_cast<size_t>(reach_ - (origin_ + win_)) * width_, 0);
  nonfinite_ = 0;
  limit_of_samples_ = sample_limit(recipe);
  reset();
}

void Framer::reset() noexcept {
  span_ = {};
  slot_ = nullptr;
  limit_ = 0;
  first_ = 0;
  samples_ = 0;
  previous_ = 0;
  finished_ = beyond_end_ = false;
  silence_.clear();
}

void Framer::begin(const Slot& slot, int limit) noexcept {
  const int64_t start = start_of(first_);
  const Span next{static_cast<char*>(slot.samples), start, slot.capacity};
  const auto depth = static_cast<int64_t>(history_.size() / width_);

  if (first_ > 0) {
    const auto bytes = [&](int64_t count) { return static_cast<size_t>(count) * width_; };
    const int64_t history_start = start - depth;
    const int64_t from = std::max(history_start, int64_t{0});
    const int64_t to = std::min(start, samples_);
    if (to > from) copy_held(next_history_.data() + bytes(from - history_start), from, to);
    const int64_t carried = std::max(start, int64_t{0});
    const int64_t fits = std::min(samples_, next.end());
    if (fits > carried) copy_held(next.data + bytes(carried - start), carried, fits);
    // Samples ahead of the old slot may be ahead of the new one, too: they only move down.
    if (samples_ > next.end())
      std::memmove(ahead_.data(), held(next.end()), bytes(samples_ - next.end()));
    history_.swap(next_history_);
    std::erase_if(silence_, [&](const auto& gap) { return gap.second < start - depth - 1; });
  }
  span_ = next;
  slot_ = &slot;
  limit_ = limit;
}

int64_t Framer::wanted() const noexcept {
  return std::max(int64_t{0}, (first_ + limit_ - 1) * hop_ + reach_ - samples_);
}

int Framer::ready() const noexcept {
  if (!begun()) return 0;
  if (finished_) return limit_;
  const int64_t beyond = samples_ - reach_ - first_ * hop_;
  if (beyond < 0) return 0;
  return static_cast<int>(std::min<int64_t>(limit_, beyond / hop_ + 1));
}

/// Where the sample at `position` is kept and how many of `count` follow it there; null when
/// they are not read.
char* Framer::place(int64_t position, int64_t count, int64_t* run) noexcept {
  const auto width = static_cast<int64_t>(width_);
  if (position < span_.start) {
    const int64_t history_start = span_.start - static_cast<int64_t>(history_.size()) / width;
    if (position < history_start) {
      *run = std::min(count, history_start - position);
      return nullptr;
    }
    *run = std::min(count, span_.start - position);
    return history_.data() + (position - history_start) * width;
  }
  if (position < span_.end()) {
    *run = std::min(count, span_.end() - position);
    return span_.data + (position - span_.start) * width;
  }
  *run = count;
  return ahead_.data() + (position - span_.end()) * width;
}

const char* Framer::held(int64_t position) const noexcept {
  const auto width = static_cast<int64_t>(width_);
  if (position < span_.start)
    return history_.data() + static_cast<int64_t>(history_.size()) +
           (position - span_.start) * width;
  if (position < span_.end()) return span_.data + (position - span_.start) * width;
  return ahead_.data() + (position - span_.end()) * width;
}

void Framer::copy_held(char* target, int64_t from, int64_t to) const noexcept {
  while (from < to) {
    int64_t end = to;
    if (from < span_.start)
      end = std::min(to, span_.start);
    else if (from < span_.end())
      end = std::min(to, span_.end());
    const size_t bytes = static_cast<size_t>(end - from) * width_;
    std::memcpy(target, held(from), bytes);
    target += bytes;
    from = end;
  }
}

int64_t Framer::push(const void* samples, int64_t count) noexcept {
  count = std::min(count, wanted());
  const auto* source = static_cast<const char*>(samples);
  const auto width = static_cast<int64_t>(size_of(input_));
  for (int64_t done = 0; done < count;) {
    int64_t run = 0;
    char* target = place(samples_, count - done, &run);
    if (target != nullptr) {
      convert(target, source + done * width, run);
    } else if (preemphasis_ != 0) {  // only the last of them has a successor that is kept
      float last = 0;
      convert(reinterpret_cast<char*>(&last), source + (done + run - 1) * width, 1);
    }
    samples_ += run;
    done += run;
  }
  return count;
}

int64_t Framer::push_silence(int64_t count) {
  count = std::min(count, wanted());
  if (count <= 0) return 0;
  if (!silence_.empty() && silence_.back().second == samples_)
    silence_.back().second += count;
  else
    silence_.emplace_back(samples_, samples_ + count);
  for (int64_t done = 0; done < count;) {
    int64_t run = 0;
    char* target = place(samples_, count - done, &run);
    if (target != nullptr) {
      std::memset(target, 0, static_cast<size_t>(run) * width_);
      if (preemphasis_ != 0) emphasize(reinterpret_cast<float*>(target), run);
    } else {
      previous_ = 0;
    }
    samples_ += run;
    done += run;
  }
  return count;
}

void Framer::convert(char* target, const char* source, int64_t count) noexcept {
  if (slot_type_ == SampleType::s16) {
    std::memcpy(target, source, static_cast<size_t>(count) * sizeof(int16_t));
    return;
  }
  auto* floats = reinterpret_cast<float*>(target);
  if (input_ == SampleType::s16) {
    for (int64_t i = 0; i < count; ++i) {
      int16_t sample = 0;
      std::memcpy(&sample, source + i * 2, sizeof sample);
      floats[i] = static_cast<float>(sample) * (1.0F / 32768);
    }
  } else {
    std::memcpy(target, source, static_cast<size_t>(count) * sizeof(float));
    nonfinite_ += make_finite(floats, count, limit_of_samples_);
  }
  if (preemphasis_ != 0) emphasize(floats, count);
}

/// y[n] = x[n] - c*x[n-1] in place, backwards so that x[n-1] is still there. y[0] = x[0] holds
/// because previous_ starts at 0.
void Framer::emphasize(float* samples, int64_t count) noexcept {
  const float last = samples[count - 1];
  for (int64_t i = count - 1; i > 0; --i) samples[i] -= preemphasis_ * samples[i - 1];
  samples[0] -= preemphasis_ * previous_;
  previous_ = last;
}

void Framer::pad(int64_t from, int64_t to) noexcept {
  for (int64_t position = from; position < to; ++position) {
    char* target = span_.data + (position - span_.start) * static_cast<int64_t>(width_);
    const int64_t index = padded_index(padding_, position, samples_);
    if (index < 0)
      std::memset(target, 0, width_);
    else
      std::memcpy(target, held(index), width_);
  }
}

void Framer::prepare(int frames) noexcept {
  const int64_t end = start_of(first_ + frames - 1) + win_;
  if (samples_ > 0) {
    if (span_.start < 0) pad(span_.start, std::min(end, int64_t{0}));
    if (end > samples_) pad(std::max(samples_, span_.start), end);
  }
  beyond_end_ = end > samples_;
  slot_ = nullptr;
  first_ += frames;
}

std::bitset<kBatchFrames> Framer::silent(int64_t first, int count) const noexcept {
  std::bitset<kBatchFrames> result;
  if (silence_.empty()) return result;
  const auto depth = static_cast<int64_t>(history_.size() / width_);
  const int neighbour = preemphasis_ != 0 ? 1 : 0;
  for (int i = 0; i < count; ++i) {
    int64_t from = start_of(first + i) - neighbour;
    int64_t to = start_of(first + i) + win_;
    if (from < 0) to = std::max(to, 1 - from);  // what the left padding mirrors
    if (to > samples_) from -= depth;           // what the right padding mirrors
    from = std::max(from, int64_t{0});
    to = std::min(to, samples_);
    result[static_cast<size_t>(i)] = std::any_of(silence_.begin(), silence_.end(), [&](auto& gap) {
      return gap.first <= from && to <= gap.second;
    });
  }
  return result;
}

}  // namespace npumel
