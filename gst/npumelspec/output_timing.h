// SPDX-License-Identifier: LGPL-2.1-or-later
// PTS, DURATION, OFFSET and flags of output buffers.
#pragma once

#include <gst/gst.h>

#include <cstdint>

#include "gst/common/timeline.h"
#include "gst/npumelspec/assembler.h"

namespace npumel {

/// Frame t of a stream begins t * hop samples after its first sample. Not thread-safe: belongs to
/// the streaming thread.
class OutputTiming {
 public:
  /// A stream starts: its first buffer gets DISCONT.
  void restart() { *this = OutputTiming(); }
  /// The stream that starts follows a resync: its first buffer gets RESYNC, too.
  void mark_resync() { resynced_ = true; }
  /// Frames beyond `samples` are made of padding and last no time: a stream that follows may begin
  /// there.
  void limit(int64_t samples) { limit_ = samples; }

  /// Sets time, offsets and flags of output.buffer, and counts it as sent.
  void stamp(const Output& output, int hop, const Timeline& timeline);

  /// Samples under frames that were sent since restart().
  int64_t sent_samples() const { return sent_samples_; }

 private:
  bool first_ = true;
  bool resynced_ = false;
  int64_t last_start_ = 0;  ///< sample at which the last buffer began
  int64_t sent_samples_ = 0;
  int64_t limit_ = -1;  ///< -1: none
};

}  // namespace npumel
