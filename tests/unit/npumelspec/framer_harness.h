// SPDX-License-Identifier: LGPL-2.1-or-later
// Drives a Framer as the element does, over slots of its own, and collects what lies under each
// frame.
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "gst/npumelspec/framer.h"

namespace npumel::test {

/// The samples under one frame, as float.
using FrameSamples = std::vector<float>;

class FramerHarness {
 public:
  FramerHarness(const Recipe& recipe, SampleType input) : recipe_(recipe) {
    framer_.configure(recipe, input);
    // A slot of its own size each, poisoned, so that nothing survives by luck.
    const Framing frame = framing(recipe);
    capacity_ = (kBatchFrames - 1) * frame.hop + frame.win;
    for (auto& memory : memory_)
      memory.resize(static_cast<size_t>(capacity_) * size_of(framer_.slot_type()));
  }

  /// How many frames the next slot takes, how many samples a push offers, and how many of the
  /// frames that are ready leave before the slot is complete.
  struct Cuts {
    std::function<int()> limit = [] { return kBatchFrames; };
    std::function<int64_t()> piece = [] { return int64_t{1} << 40; };
    std::function<int(int ready)> early = [](int) { return 0; };
  };

  template <typename T>
  void push(const std::vector<T>& samples, const Cuts& cuts) {
    feed(static_cast<int64_t>(samples.size()), cuts,
         [&](int64_t from, int64_t count) { return framer_.push(samples.data() + from, count); });
  }
  void push_silence(int64_t count, const Cuts& cuts) {
    feed(count, cuts, [&](int64_t, int64_t piece) { return framer_.push_silence(piece); });
  }

  void finish(const Cuts& cuts) {
    const int64_t total = frame_count(recipe_, framer_.samples());
    if (framer_.begun()) lower_limit(total);
    framer_.finish();
    while (framer_.first_frame() < total) {
      if (!framer_.begun()) {
        begin(cuts);
        lower_limit(total);
      }
      take(framer_.ready());
    }
  }

  Framer& framer() { return framer_; }
  const std::vector<FrameSamples>& frames() const { return frames_; }
  const std::vector<bool>& silent() const { return silent_; }
  /// Samples that had been pushed when each frame was taken.
  const std::vector<int64_t>& known() const { return known_; }

 private:
  template <typename Push>
  void feed(int64_t count, const Cuts& cuts, const Push& push) {
    int64_t done = 0;
    while (done < count) {
      if (!framer_.begun()) begin(cuts);
      done += push(done, std::min(count - done, cuts.piece()));
      const int ready = framer_.ready();
      const int early = framer_.complete() ? ready : cuts.early(ready);
      if (early > 0) take(early);
    }
  }

  void lower_limit(int64_t total) {
    framer_.lower_limit(static_cast<int>(
        std::min<int64_t>(kBatchFrames, std::max<int64_t>(total - framer_.first_frame(), 1))));
  }

  void begin(const Cuts& cuts) {
    std::vector<char>& memory = memory_[turn_++ % memory_.size()];
    std::memset(memory.data(), 0x5a, memory.size());
    slot_ = {memory.data(), framer_.slot_type(), capacity_};
    framer_.begin(slot_, cuts.limit());
  }

  void take(int count) {
    const Framing frame = framing(recipe_);
    const int64_t first = framer_.first_frame();
    framer_.prepare(count);
    const auto silent = framer_.silent(first, count);
    for (int i = 0; i < count; ++i) {
      FrameSamples samples;
      for (int64_t k = 0; k < frame.win; ++k) samples.push_back(sample(int64_t{i} * frame.hop + k));
      frames_.push_back(std::move(samples));
      silent_.push_back(silent[static_cast<size_t>(i)]);
      known_.push_back(framer_.samples());
    }
  }

  float sample(int64_t index) const {
    if (slot_.type == SampleType::f32) return static_cast<const float*>(slot_.samples)[index];
    return static_cast<const int16_t*>(slot_.samples)[index];
  }

  Recipe recipe_;
  Framer framer_;
  int capacity_ = 0;
  // Two, as the supervisor guarantees: the previous slot is readable while the next one is begun.
  std::array<std::vector<char>, 2> memory_;
  size_t turn_ = 0;
  Slot slot_;
  std::vector<FrameSamples> frames_;
  std::vector<bool> silent_;
  std::vector<int64_t> known_;
};

/// What the definition says, by padded_index() alone.
inline std::vector<FrameSamples> expected_frames(const Recipe& recipe,
                                                 const std::vector<float>& signal) {
  const Framing frame = framing(recipe);
  const auto n = static_cast<int64_t>(signal.size());
  std::vector<FrameSamples> frames;
  for (int64_t t = 0; t < frame_count(recipe, n); ++t) {
    FrameSamples samples;
    for (int64_t i = t * frame.hop + frame.origin; i < t * frame.hop + frame.origin + frame.win;
         ++i) {
      const int64_t index = padded_index(frame.padding, i, n);
      samples.push_back(index < 0 ? 0 : signal[static_cast<size_t>(index)]);
    }
    frames.push_back(std::move(samples));
  }
  return frames;
}

}  // namespace npumel::test
