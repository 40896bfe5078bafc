// SPDX-License-Identifier: LGPL-2.1-or-later
// The batches of one stream: a ring of slots that are filled, in flight, and filled again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "gst/backend/types.h"
#include "kernels/simd/aligned.h"

namespace npumel {

/// Where the streaming thread of one element waits for a batch, instead of in XRT. Notified by the
/// thread that does wait in XRT, and by interrupt().
struct StreamSignal {
  std::mutex mutex;
  std::condition_variable changed;
  bool interrupted = false;

  void interrupt();
  void resume();
  bool is_interrupted();
};

class NpuRun;
class LongRun;

struct Batch {
  Slot slot;
  Slot raw;  ///< what slot.raw points at, if anything
  /// Samples live here unless `run` has mapped memory for them. Zeroed, aligned for SIMD.
  AlignedArray<uint8_t> own;
  AlignedArray<uint8_t> own_raw;

  /// The samples as they came in: what an NPU takes.
  Slot& as_recorded() noexcept { return slot.raw != nullptr ? raw : slot; }
  const Slot& as_recorded() const noexcept { return slot.raw != nullptr ? raw : slot; }
  uint8_t* own_memory() noexcept { return slot.raw != nullptr ? own_raw.get() : own.get(); }
  std::shared_ptr<NpuRun> run;  ///< the device's buffers for this slot, if any
  /// What computes it together with others, and has its rows then.
  std::shared_ptr<LongRun> long_run;
  std::size_t position = 0;  ///< in the ring
  int frames = 0;
  uint64_t number = 0;  ///< counts from 0 since configure()
  bool begun = false;   ///< handed out to be filled, not submitted yet
  /// Where its rows come from, as far as is known.
  enum class Way {
    software,  ///< not for the NPU
    gathered,  ///< loaded, to be started together with later ones
    npu,       ///< queued, on the device, or done
    refused,   ///< the device did not take it
    late,      ///< the device still has an earlier run in this slot's buffers
    overflow   ///< the queue is too long
  };
  Way way = Way::software;
  std::chrono::steady_clock::time_point due;  ///< when its rows are wanted
};

/// One slot more than may be in flight: the samples of the batch before stay readable while the
/// next one is filled. Not thread-safe.
class BatchRing {
 public:
  struct Memory {
    SampleType type = SampleType::s16;
    int capacity = 0;                    ///< samples of a slot
    std::optional<SampleType> raw = {};  ///< second samples of each slot, without pre-emphasis
  };

  /// Slots for `depth` batches in flight: depth + 1 of them.
  void reset(int depth, const Memory& memory);
  /// More slots, with nothing in flight and none begun. The old ones' samples stay until clear().
  void grow(int depth);
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

  static std::vector<Batch> make(int depth, const Memory& memory);

  Memory memory_;
  std::vector<Batch> batches_;
  std::vector<Batch> outgrown_;
  std::size_t oldest_ = 0;
  int depth_ = 0;
  int in_flight_ = 0;
  uint64_t submitted_ = 0;
};

}  // namespace npumel
