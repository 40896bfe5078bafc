// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio that waits until JumpRule knows what the jump before it means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "gst/common/capture_times.h"

namespace npumel {

/// A copy, because some sources have no more than a handful of buffers and would wait for ours.
class HeldAudio {
 public:
  struct Run {
    int64_t samples;
    bool silent;   ///< flagged GAP: reads as zeros, nothing is stored
    size_t begin;  ///< of its bytes
  };

  bool empty() const { return runs_.empty(); }
  int64_t samples() const { return samples_; }
  /// Positions count from the first held sample.
  CaptureTimes& captures() { return captures_; }
  const std::vector<Run>& runs() const { return runs_; }
  const char* data(const Run& run) const {
    return run.silent ? nullptr : bytes_.data() + run.begin;
  }

  /// `data`: `samples` samples of `width` bytes; null = silence. Throws std::bad_alloc.
  void append(const void* data, int64_t samples, size_t width) {
    const bool silent = data == nullptr;
    const size_t begin = bytes_.size();
    if (!silent) {
      bytes_.resize(begin + static_cast<size_t>(samples) * width);
      std::memcpy(bytes_.data() + begin, data, bytes_.size() - begin);
    }
    if (!runs_.empty() && runs_.back().silent == silent)
      runs_.back().samples += samples;
    else
      runs_.push_back({samples, silent, begin});
    samples_ += samples;
  }
  void clear() noexcept {
    constexpr size_t kept = size_t{1} << 20U;
    captures_.clear();
    runs_.clear();
    bytes_.clear();
    if (bytes_.capacity() > kept) bytes_.shrink_to_fit();
    samples_ = 0;
  }

 private:
  CaptureTimes captures_;
  std::vector<Run> runs_;
  std::vector<char> bytes_;
  int64_t samples_ = 0;
};

}  // namespace npumel
