// SPDX-License-Identifier: LGPL-2.1-or-later
// Which demuxers, parsers and decoders decodebin may choose from.
#pragma once

#include <gst/gst.h>

namespace npumel::extract {

/// The factories that decodebin itself would find, looked up once: every new decodebin searches the
/// whole registry under its lock, which costs more than decoding a clip of some seconds. Any
/// thread.
class Decoders {
 public:
  Decoders();
  ~Decoders();
  Decoders(const Decoders&) = delete;
  Decoders& operator=(const Decoders&) = delete;

  /// Answers decodebin's signal autoplug-factories from here.
  void serve(GstElement* decodebin) const;

 private:
  static GValueArray* choose(GstElement*, GstPad*, GstCaps* caps, gpointer self);

  GList* factories_;  ///< best first
};

}  // namespace npumel::extract
