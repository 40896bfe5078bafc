// SPDX-License-Identifier: LGPL-2.1-or-later
// What the targets for npyenc, melspecscope and meltransform share: hostile mel caps and buffers
// into an element, a downstream that answers what the bytes say.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tests/check/support.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/failing_new.h"

namespace npumel::fuzz {

/// Ends the process as a crash would, so that every fuzzing engine sees it.
inline void demand(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

constexpr const char* kMelCaps[] = {
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=160,framerate=100/3",
    "format=F32LE,layout=mel-major,mels=5,frames=3,rate=16000,hop-length=160,framerate=100/3",
    "format=F16LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=160,framerate=100/3",
    "format=F32LE,layout=frame-major,mels=5,frames=2,rate=16000,hop-length=160,framerate=100/3",
    "format=F32LE,layout=frame-major,mels=5,frames=0,rate=16000,hop-length=160,framerate=0/1",
    "format=F32LE,layout=mel-major,mels=5,frames=0,rate=16000,hop-length=160,log=none",
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=160,framerate=100/1",
    "format=F32LE,layout=frame-major,mels=1,frames=1000000,rate=768000,hop-length=1",
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=1000,hop-length=65536,log=db",
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=2147483647",
    "format=F32LE,layout=frame-major,mels=2147483647,frames=2147483647,rate=1,hop-length=1",
    "format=F16LE,layout=frame-major,mels=4096,frames=1,rate=16000,hop-length=160,"
    "framerate=2147483647/1",
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=160,"
    "framerate=1/2147483647",
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=160,log=ln,"
    "normalize=buffer,mel-scale=kaldi,fmin=-7,fmax=2147483647",
    "format=F32LE,layout=frame-major,mels=5,frames=3,rate=16000,hop-length=160,mel-scale=slaney,"
    "fmin=0,fmax=1,spectrum=magnitude,log=none",
    "format=F32LE,layout=frame-major,mels=5",
};

constexpr GstFlowReturn kFlows[] = {
    GST_FLOW_OK,       GST_FLOW_OK,  GST_FLOW_OK,         GST_FLOW_ERROR,
    GST_FLOW_FLUSHING, GST_FLOW_EOS, GST_FLOW_NOT_LINKED, GST_FLOW_NOT_NEGOTIATED};

constexpr guint64 kTimes[] = {0,
                              1,
                              10000000,
                              30000000,
                              1000000000,
                              3600000000000,
                              guint64{1} << 62,
                              (guint64{1} << 63) - 1,
                              guint64{1} << 63,
                              G_MAXUINT64 - 1,
                              G_MAXUINT64 - 5000000,
                              G_MAXUINT64 - 20000000,
                              G_MAXUINT64};

/// A time of the table, plus up to 255 ms.
inline guint64 pick_time(Bytes& bytes) {
  const guint64 time = bytes.pick(kTimes);
  const guint64 more = guint64{bytes.byte()} * GST_MSECOND;
  return time > G_MAXUINT64 - more ? time : time + more;
}

inline GstCaps* pick_mel_caps(Bytes& bytes) {
  return gst_caps_from_string(
      (std::string("audio/x-mel-spectrogram,channels=1,") + bytes.pick(kMelCaps)).c_str());
}

/// Up to 255 times 4 bytes, or an odd number; of small numbers, or NaN, infinities and others.
inline GstBuffer* pick_buffer(Bytes& bytes) {
  constexpr int kSizes[] = {0, 1, 10, 20, 30, 40, 60, 60, 60, 60, 120, 600, 1020, 8192, 65536};
  const auto size = static_cast<gsize>(bytes.pick(kSizes));
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, size, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  const uint8_t seed = bytes.byte();
  for (gsize i = 0; i < map.size; ++i)
    map.data[i] = static_cast<uint8_t>(seed == 0 ? 0 : seed * (i + 1) ^ (i >> 2));
  gst_buffer_unmap(buffer, &map);
  return buffer;
}

/// A TIME segment from any time to any time.
inline GstEvent* pick_segment(Bytes& bytes) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = bytes.pick(kTimes);
  if (segment.start == G_MAXUINT64) segment.start = segment.time = segment.position = 0;
  if (bytes.byte() % 4 == 0) segment.stop = segment.start + (G_MAXUINT64 - segment.start) / 2;
  segment.base = bytes.byte() % 4 == 0 ? GST_SECOND : 0;
  return gst_event_new_segment(&segment);
}

}  // namespace npumel::fuzz
