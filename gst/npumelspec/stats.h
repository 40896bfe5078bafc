// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element counts, and the `stats` property made of it.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>

#include "gst/backend/types.h"
#include "gst/common/pointers.h"

namespace npumel {

/// Since the element started. The streaming thread writes, any thread reads.
struct Counters {
  std::atomic<uint64_t> frames{0};   ///< valid ones in buffers that were sent
  std::atomic<uint64_t> buffers{0};  ///< sent
  std::atomic<uint64_t> samples_in{0};
  std::atomic<uint64_t> samples_inserted{0};  ///< silence where time was missing
  std::atomic<uint64_t> samples_dropped{0};   ///< clipped by a segment or discarded by a flush
  std::atomic<uint64_t> samples_gap{0};       ///< in buffers flagged GAP
  std::atomic<uint64_t> resyncs{0};
  std::atomic<uint64_t> nonfinite{0};     ///< samples that are NaN or infinite
  std::atomic<uint64_t> late_buffers{0};  ///< live ones that took longer than processing-latency

  void reset();
};

/// The `stats` property. `rate`: of the audio in Hz, 0 = not known.
StructurePtr stats_structure(const Counters& counters, const BackendStats& backend, int rate);

}  // namespace npumel
