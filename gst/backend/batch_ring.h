// SPDX-License-Identifier: LGPL-2.1-or-later
// The batches of one stream: a ring of slots that are filled, in flight, and filled again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "gst/backend/mel_backend.h"

namespace npumel {

/// Zeroed memory, aligned for SIMD and for cache lines.
class AlignedMemory {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedMemory() = default;
  explicit AlignedMemory(std::size_t bytes);
  void* data() const noexcept { return data_.get(); }

 private:
  struct Free {
    void operator()(void* data) const noexcept {
      ::operator delete (data, std::align_val_t{kAlignment});
    }
  };
  std::unique_ptr<void, Free> data_;
};

class NpuRun;

struct Batch {
  Slot slot;
  AlignedMemory own;            ///< samples live here unless `run` has mapped memory for them
  std::shared_ptr<NpuRun> run;  ///< the device's buffers for this slot, if any
  std::size_t position = 0;     ///< in the ring
  int frames = 0;
  uint64_t number = 0;  ///< counts from 0 since configure()
  bool begun = false;   ///< handed out to be filled, not submitted yet
  /// Where its rows come from, as far as is known.
  enum class Way {
    software,  ///< not for the NPU
    gathered,  ///< loaded, to be started together with later ones
    npu,       ///< on the device, or done
    refused    ///< the device did not take it
  };
  Way way = Way::software;
  std::chrono::steady_clock::time_point deadline;  ///< of its run
};

/// One slot more than may be in flight: the samples of the batch before stay readable while the
/// next one is filled. Not thread-safe.
class BatchRing {
 public:
  /// Slots of `capacity` samples for `depth` batches in flight: depth + 1 of them.
  void reset(int depth, SampleType type, int capacity);
  void clear() noexcept;

  int depth() const noexcept { return depth_; }
  int in_flight() const noexcept { return in_flight_; }
  bool full() const noexcept { return in_flight_ >= depth_; }

  /// Number that the next batch will have.
  uint64_t next_number() const noexcept { return submitted_; }
  Batch& next() noexcept { return batches_[position(in_flight_)]; }
  Batch& oldest() noexcept { return batches_[oldest_]; }
  void push(int frames) noexcept;
  void pop() noexcept;

 private:
  std::size_t position(int ahead) const noexcept {
    return (oldest_ + static_cast<std::size_t>(ahead)) % batches_.size();
  }

  std::vector<Batch> batches_;
  std::size_t oldest_ = 0;
  int depth_ = 0;
  int in_flight_ = 0;
  uint64_t submitted_ = 0;
};

}  // namespace npumel
