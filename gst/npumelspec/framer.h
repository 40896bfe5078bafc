// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples in, batches of frames out: decides which samples lie under which frame and writes them
// once, straight into the slot that a backend will compute from. Independent of GStreamer and of
// time.
#pragma once

#include <bitset>
#include <cstdint>
#include <utility>
#include <vector>

#include "gst/backend/types.h"
#include "kernels/mel/framing.h"

namespace npumel {

/// One stream of mono samples. Positions count samples since reset(), frames count from 0.
///
/// The caller's loop: begin() a slot for up to `limit` frames, push() until complete(), or take
/// fewer frames when ready() reports them, prepare() them, hand the slot to the
/// backend, begin() the next. After the last sample finish(), then prepare() the frames that the
/// frame-count rule asks for: their right edge is padded. The result does not depend on how the
/// samples are cut. Not thread-safe. Allocates in configure() only, as long as no silence is
/// pushed.
class Framer {
 public:
  /// Throws std::bad_alloc.
  void configure(const Recipe& recipe, SampleType input);

  /// What a slot must hold: the input's type, or float where pre-emphasis runs over the waveform.
  SampleType slot_type() const noexcept { return slot_type_; }

  /// Forgets all samples. The next frame is frame 0, its left edge is padded.
  void reset() noexcept;

  /// The slot to fill next. Copies what the previous slot already held of its samples, so the
  /// previous slot must still be readable. `limit` >= 1: frames it takes at most.
  void begin(const Slot& slot, int limit) noexcept;
  bool begun() const noexcept { return slot_ != nullptr; }
  /// Lowers the limit of the slot being filled: the stream ends earlier than it was begun for.
  void lower_limit(int limit) noexcept { limit_ = limit < limit_ ? limit : limit_; }

  /// Takes samples of the input type until the batch is complete() and returns how many it took.
  /// Non-finite floats are read as 0 and counted, larger ones than the recipe's sample_limit() are
  /// clamped to it. begun() must hold.
  int64_t push(const void* samples, int64_t count) noexcept;
  /// The same for zeros without a source buffer: gaps, and what is appended at the end.
  int64_t push_silence(int64_t count);

  /// No more samples will come: frames may now be padded on the right.
  void finish() noexcept { finished_ = true; }

  /// Frames of the current slot that can be computed now, up to the limit.
  int ready() const noexcept;
  bool complete() const noexcept { return begun() && ready() == limit_; }

  /// Closes the slot at `frames` frames: pads its edges. What lies behind them goes to the next
  /// slot. 1 <= frames <= ready().
  void prepare(int frames) noexcept;

  /// Whether frames of the batch that was prepared last read beyond the last sample.
  bool beyond_end() const noexcept { return beyond_end_; }

  /// First frame of the slot being filled, or of the next one.
  int64_t first_frame() const noexcept { return first_; }
  /// Samples taken since reset().
  int64_t samples() const noexcept { return samples_; }
  /// Non-finite floats replaced since configure().
  uint64_t nonfinite() const noexcept { return nonfinite_; }

  /// Which frames of [first, first + count) cover pushed silence only. Valid for the batch
  /// that was prepared last.
  std::bitset<kBatchFrames> silent(int64_t first, int count) const noexcept;

 private:
  /// A run of slot memory: positions [start, start + length).
  struct Span {
    char* data = nullptr;
    int64_t start = 0;
    int64_t length = 0;
    int64_t end() const { return start + length; }
  };

  int64_t wanted() const noexcept;
  char* place(int64_t position, int64_t count, int64_t* run) noexcept;
  void convert(char* target, const char* source, int64_t count) noexcept;
  void emphasize(float* samples, int64_t count) noexcept;
  void copy_held(char* target, int64_t from, int64_t to) const noexcept;
  void pad(int64_t from, int64_t to) noexcept;
  const char* held(int64_t position) const noexcept;
  int64_t start_of(int64_t frame) const noexcept { return frame * hop_ + origin_; }

  // The recipe.
  int hop_ = 1;
  int win_ = 1;
  int origin_ = 0;
  int reach_ = 1;
  Padding padding_ = Padding::none;
  float preemphasis_ = 0;
  float limit_of_samples_ = 0;
  SampleType input_ = SampleType::s16;
  SampleType slot_type_ = SampleType::s16;
  size_t width_ = 2;  ///< bytes of a slot's sample

  // The stream. Held samples lie in three runs that follow each other without a hole: history_
  // (what the right edge may mirror from before the slot), the slot, and ahead_ (samples that the
  // frame-count rule requires before a frame exists, but which no frame of the slot reads).
  std::vector<char> history_, next_history_;
  std::vector<char> ahead_;
  Span span_;                   ///< the slot being filled, or the one prepared last
  const Slot* slot_ = nullptr;  ///< null between prepare() and begin()
  int limit_ = 0;
  int64_t first_ = 0;
  int64_t samples_ = 0;
  float previous_ = 0;  ///< last raw sample, for pre-emphasis
  bool finished_ = false;
  bool beyond_end_ = false;
  uint64_t nonfinite_ = 0;
  /// Pushed silence as [from, to), merged, oldest first; what no later frame covers is dropped.
  std::vector<std::pair<int64_t, int64_t>> silence_;
};

}  // namespace npumel
