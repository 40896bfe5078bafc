// SPDX-License-Identifier: LGPL-2.1-or-later
// What the caps of a mel stream say, as far as a file depends on it.
#pragma once

#include <gst/gst.h>

namespace npumel {

struct StreamFormat {
  bool half = false;
  bool mel_major = false;
  int mels = 0;
  int frames = 0;     ///< a buffer, 0 = any number
  gint64 stride = 0;  ///< frames between the starts of two buffers; 0 when the caps do not tell

  const char* descr() const { return half ? "<f2" : "<f4"; }
  gsize frame_size() const { return static_cast<gsize>(mels) * (half ? 2 : 4); }
  bool overlaps() const { return stride > 0 && stride < frames; }
};

StreamFormat stream_format(const GstCaps* caps);

/// A copy without what may differ from buffer to buffer: a short first or last buffer comes with
/// caps of its own.
GstCaps* lasting_caps(const GstCaps* caps);

}  // namespace npumel
