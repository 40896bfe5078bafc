// SPDX-License-Identifier: LGPL-2.1-or-later
// Quality of service: which pictures come too late to be drawn.
#pragma once

#include <gst/gst.h>

namespace npumel {

/// What downstream last said about lateness. The caller holds a lock around every call.
class Quality {
 public:
  /// A QOS event of the video sink.
  void update(GstEvent* event);
  /// Pictures at that running time or before it are too late; GST_CLOCK_TIME_NONE: none is.
  GstClockTime earliest() const { return earliest_; }
  void drawn() { processed_ += 1; }
  void dropped(guint64 pictures) { dropped_ += pictures; }
  /// The message that goes with a dropped picture.
  GstMessage* message(GstObject* source, GstClockTime running, GstClockTime stream_time,
                      GstClockTime time, GstClockTime duration) const;

 private:
  GstClockTime earliest_ = GST_CLOCK_TIME_NONE;
  double proportion_ = 1;
  guint64 processed_ = 0;
  guint64 dropped_ = 0;
};

}  // namespace npumel
