// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows that cannot go straight into an output buffer: overlapping buffers, many small buffers, a
// whole stream of unknown length.
#pragma once

#include <cstdint>
#include <vector>

namespace npumel {

/// A sliding run of consecutive frame-major float rows, numbered by frame, each with a tag.
class TaggedRows {
 public:
  /// `expected`: rows held at the same time in steady state; room for more is made when needed.
  void configure(int mels, int64_t expected) {
    mels_ = mels;
    rows_.reserve(static_cast<size_t>(expected * mels));
    tags_.reserve(static_cast<size_t>(expected));
    reset();
  }
  void reset() noexcept { restart(0); }

  /// Frame number after the last row.
  int64_t end() const noexcept { return first_ + static_cast<int64_t>(tags_.size()); }
  /// A held row. Valid until the next append().
  float* row(int64_t frame) noexcept { return rows_.data() + (frame - first_) * mels_; }
  uint8_t& tag(int64_t frame) noexcept { return tags_[static_cast<size_t>(frame - first_)]; }

  /// Adds `count` rows at the end and returns where to write them. Throws std::bad_alloc.
  float* append(int64_t count) {
    const auto added = static_cast<size_t>(count * mels_);
    if (rows_.size() + added > rows_.capacity()) compact();
    rows_.resize(rows_.size() + added);
    tags_.resize(tags_.size() + static_cast<size_t>(count));
    return rows_.data() + rows_.size() - added;
  }

  /// Rows before `frame` are not needed any more. Memory moves only when append() needs room.
  void drop_before(int64_t frame) noexcept {
    if (frame >= end())
      restart(frame);
    else
      dropped_ = frame - first_;
  }
  /// Nothing is held: the next row is that of `frame`.
  void restart(int64_t frame) noexcept {
    rows_.clear();
    tags_.clear();
    first_ = frame;
    dropped_ = 0;
  }

 private:
  void compact() {
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<ptrdiff_t>(dropped_ * mels_));
    tags_.erase(tags_.begin(), tags_.begin() + static_cast<ptrdiff_t>(dropped_));
    first_ += dropped_;
    dropped_ = 0;
  }

  int mels_ = 1;
  int64_t first_ = 0;
  int64_t dropped_ = 0;
  std::vector<float> rows_;
  std::vector<uint8_t> tags_;
};

}  // namespace npumel
