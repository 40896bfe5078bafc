// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a buffer of rows goes on where the one before ended.
#pragma once

#include <gst/gst.h>

#include <cstdint>

namespace npumel {

/// What a buffer says about its place.
struct Placement {
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  uint64_t offset = GST_BUFFER_OFFSET_NONE;      ///< of its first row
  uint64_t offset_end = GST_BUFFER_OFFSET_NONE;  ///< one past its last row
  int64_t rows = 0;
  bool discont = false;

  /// Whether the offsets count rows. Those of files and of audio count something else.
  bool counts_rows() const {
    return offset != GST_BUFFER_OFFSET_NONE && offset_end != GST_BUFFER_OFFSET_NONE &&
           offset_end - offset == static_cast<uint64_t>(rows);
  }
};

enum class Follows {
  yes,        ///< its rows are the next ones
  with_step,  ///< they are, but their time is not: the time base moves
  no          ///< rows are missing, or these are others: a new stream
};

/// As npumelspec: the flag DISCONT is a reason to look and no proof. Offsets decide where they
/// count rows (OFFSET_END - OFFSET is their number), times elsewhere; what says nothing follows.
/// Not thread-safe.
class Continuity {
 public:
  /// `row_duration`: of one row, in ns.
  void configure(GstClockTime row_duration) { row_duration_ = row_duration; }
  /// The next buffer is the first of a stream.
  void restart() { started_ = false; }
  /// `expected`: the time of the row after the last one taken. The first buffer follows.
  Follows judge(const Placement& buffer, GstClockTime expected) const;
  /// The buffer's rows were taken.
  void took(const Placement& buffer);

 private:
  GstClockTime row_duration_ = 0;
  bool started_ = false;
  bool has_offset_ = false;
  uint64_t next_offset_ = 0;
};

}  // namespace npumel
