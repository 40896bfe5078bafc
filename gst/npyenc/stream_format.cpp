// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npyenc/stream_format.h"

namespace npumel {
namespace {

gint64 stride_of(const GstStructure* structure) {
  int rate = 0, hop = 0, num = 0, den = 1;
  if (!gst_structure_get_int(structure, "rate", &rate) ||
      !gst_structure_get_int(structure, "hop-length", &hop) || hop <= 0 ||
      !gst_structure_get_fraction(structure, "framerate", &num, &den) || num <= 0)
    return 0;
  return gint64{rate} * den / (gint64{hop} * num);
}

}  // namespace

StreamFormat stream_format(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  StreamFormat format;
  format.half = g_str_equal(gst_structure_get_string(structure, "format"), "F16LE");
  format.mel_major = g_str_equal(gst_structure_get_string(structure, "layout"), "mel-major");
  gst_structure_get_int(structure, "mels", &format.mels);
  gst_structure_get_int(structure, "frames", &format.frames);
  format.stride = stride_of(structure);
  return format;
}

GstCaps* lasting_caps(const GstCaps* caps) {
  GstCaps* lasting = gst_caps_copy(caps);
  gst_structure_remove_fields(gst_caps_get_structure(lasting, 0), "frames", "framerate", nullptr);
  return lasting;
}

}  // namespace npumel
