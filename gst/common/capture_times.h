// SPDX-License-Identifier: LGPL-2.1-or-later
// When samples were captured, by other clocks than the pipeline's: GstReferenceTimestampMeta of the
// input, carried over to the output.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <vector>

#include "gst/common/pointers.h"
#include "gst/common/timeline.h"

namespace npumel {

/// Belongs to the streaming thread. Positions count samples since the last resync.
class CaptureTimes {
 public:
  /// Keeps what an input buffer says about its first sample, which lies at `position`.
  void note(GstBuffer* input, int64_t position);
  /// Gives an output buffer whose first sample lies at `position` (not before earlier ones) the
  /// capture time of that sample, counted from the latest known one by each clock.
  void attach(GstBuffer* output, int64_t position, const Timeline& timeline);
  /// Takes over what another one knows, `offset` samples later, and leaves it empty.
  void append(CaptureTimes& other, int64_t offset);
  /// Forgets everything: positions restart at 0.
  void clear() { captures_.clear(); }

 private:
  struct Capture {
    CapsPtr clock;
    GstClockTime time;
    int64_t position;
  };
  std::vector<Capture> captures_;  ///< in order of position
};

}  // namespace npumel
