// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes become buffers, events, queries, caps and flushes for npumelspec. Whatever comes, what
// leaves must be well formed, and nothing may be critical, leak or crash.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tests/check/mel_stream.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/target.h"

using namespace npumel;
using npumel::check::MelStream;
using npumel::check::Received;

namespace {

constexpr const char* kProperties[] = {
    "",
    "frames=1",
    "frames=7 stride=3",
    "frames=0",
    "frames=0 normalize=buffer tail-silence=30000000",
    "frames=8 first-frames=5 preset=openwakeword normalize=buffer eos-mode=drop",
    "frames=10 preset=nemo80 normalize=buffer eos-mode=pad",
    "frames=10 preset=icefall80 layout=mel-major eos-mode=short",
    "frames=4 preset=librosa log=db normalize=running format=F16LE",
    "frames=3 preset=custom hop-length=100 win-length=200 n-fft=256 max-gap=10000000",
    "frames=0 preset=granite80 normalize=buffer max-duration=300000000",
    "frames=5 preset=gemma4-128 discont-wait=0 alignment-threshold=1000000",
};
constexpr const char* kCaps[] = {
    "audio/x-raw,format=S16LE,rate=16000",
    "audio/x-raw,format=F32LE,rate=16000",
    "audio/x-raw,format=S16LE,rate=8000",
    "audio/x-raw,format=F32LE,rate=44100",
    "audio/x-raw,format=S16LE,rate=16000,channels=2",
};

/// What is set while the stream runs; it holds from the next negotiation on.
struct Change {
  const char* property;
  const char* value;
};
constexpr Change kChanges[] = {
    {"frames", "1"},
    {"frames", "7"},
    {"frames", "0"},
    {"frames", "80"},
    {"stride", "2"},
    {"stride", "0"},
    {"first-frames", "5"},
    {"preset", "whisper80"},
    {"preset", "kaldi80"},
    {"preset", "nemo128"},
    {"preset", "custom"},
    {"preset", "clap64"},
    {"normalize", "buffer"},
    {"normalize", "running"},
    {"normalize", "none"},
    {"eos-mode", "pad"},
    {"eos-mode", "drop"},
    {"eos-mode", "short"},
    {"layout", "mel-major"},
    {"layout", "auto"},
    {"format", "F16LE"},
    {"format", "auto"},
    {"max-gap", "0"},
    {"tail-silence", "30000000"},
    {"hop-length", "2000"},
    {"hop-length", "-1"},
    {"preemphasis", "0.97"},
    {"in-flight", "1"},
    {"alignment-threshold", "0"},
};
constexpr const char* kPeers[] = {
    "ANY",
    "ANY",
    "audio/x-mel-spectrogram,layout=mel-major",
    "audio/x-mel-spectrogram,frames=7",
    "other/tensors",
    "other/tensors,dimensions=(string)80:7",
};

/// Ends the process as a crash would, so that every fuzzing engine sees it.
void demand(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// The bytes of a tensor of the dimensions in the caps.
size_t bytes_of_tensor(const Received& buffer) {
  size_t bytes = sizeof(float);
  const std::string dimensions = buffer.text("dimensions");
  for (const char* at = dimensions.c_str(); *at != '\0';) {
    char* end = nullptr;
    bytes *= std::strtoul(at, &end, 10);
    at = *end == ':' ? end + 1 : end;
  }
  return bytes;
}

/// Whether a buffer holds what its caps say.
void check_size(const Received& buffer) {
  if (!buffer.text("dimensions").empty()) {
    demand(buffer.bytes.size() == bytes_of_tensor(buffer), "a tensor of the caps' dimensions");
    return;
  }
  const int mels = buffer.mels();
  demand(mels > 0 && !buffer.bytes.empty(), "rows of mels");
  const size_t width = buffer.text("format") == "F16LE" ? 2 : 4;
  demand(buffer.bytes.size() % (width * static_cast<size_t>(mels)) == 0, "whole rows");
  const int fixed = buffer.integer("frames");
  demand(fixed == 0 || fixed == buffer.frames(), "as many rows as the caps say");
  demand(buffer.valid_frames <= buffer.frames(), "no more valid frames than rows");
  demand(buffer.offset_end - buffer.offset == static_cast<guint64>(buffer.frames()), "offsets");
}

/// What has to hold for every buffer, whatever came in.
void check_output(const MelStream& stream) {
  const Received* before = nullptr;
  bool segment_seen = false;
  for (const check::Item& item : stream.items()) {
    segment_seen = segment_seen || item.is(GST_EVENT_SEGMENT);
    if (!item.buffer) continue;
    const Received& buffer = *item.buffer;
    demand(segment_seen, "a segment before the first buffer");
    demand(GST_CLOCK_TIME_IS_VALID(buffer.pts) && GST_CLOCK_TIME_IS_VALID(buffer.duration),
           "times are valid");
    check_size(buffer);
    demand(buffer.has_meta && buffer.valid_frames >= 0, "valid frames");
    demand(buffer.frame_offset == buffer.offset, "meta and offset agree");
    if (before && !buffer.has(GST_BUFFER_FLAG_DISCONT)) {
      demand(buffer.offset > before->offset, "offsets rise between breaks");
      demand(buffer.pts > before->pts, "times rise between breaks");
      demand(buffer.offset <= before->offset_end, "no frame is lost between breaks");
    }
    if (buffer.text("format") != "F16LE")
      for (const float value : buffer.rows()) demand(std::isfinite(value), "finite rows");
    before = &buffer;
  }
}

GstBuffer* make_buffer(fuzz::Bytes& bytes, gsize sample_size, gsize* samples) {
  constexpr int kSizes[] = {0, 1, 2, 79, 159, 160, 161, 399, 400, 401, 1000, 4097, 16000, 33333};
  *samples = static_cast<gsize>(bytes.pick(kSizes));
  const gsize odd = bytes.byte() == 255 ? 1 : 0;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, *samples * sample_size + odd, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  // 0: silence; else a pattern of the byte, which as float32 includes NaN and infinities.
  const uint8_t seed = bytes.byte();
  for (gsize i = 0; i < map.size; ++i)
    map.data[i] = static_cast<uint8_t>(seed == 0 ? 0 : seed * (i + 1) ^ (i >> 3));
  gst_buffer_unmap(buffer, &map);
  return buffer;
}

class Session {
 public:
  explicit Session(fuzz::Bytes& bytes)
      : bytes_(bytes), stream_(bytes.pick(kProperties), set_caps(bytes.byte())) {}

  void step() {
    constexpr int kWeights[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    switch (bytes_.pick(kWeights)) {
      case 0:
        push();
        break;
      case 1:
        stream_.event(gst_event_new_gap(now_, bytes_.byte() == 255 ? GST_CLOCK_TIME_NONE : jump()));
        break;
      case 2:
        new_segment();
        break;
      case 3:
        stream_.flush();
        new_segment();
        break;
      case 4:
        stream_.set_caps(set_caps(bytes_.byte()));
        break;
      case 5: {
        const check::Owned<GstQuery> query(bytes_.byte() % 2 ? gst_query_new_drain()
                                                             : gst_query_new_latency());
        gst_pad_peer_query(stream_.harness()->srcpad, query.get());
        const check::Owned<GstQuery> latency(gst_query_new_latency());
        gst_pad_peer_query(stream_.harness()->sinkpad, latency.get());
        break;
      }
      case 6:
        gst_harness_push_upstream_event(stream_.harness(), gst_event_new_reconfigure());
        break;
      case 7:
        stream_.event(
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("fuzz")));
        break;
      case 8:
        stream_.event(gst_event_new_segment_done(GST_FORMAT_TIME, -1));
        break;
      case 9:
        stream_.stats().reset();
        g_object_set(stream_.element(), "processing-latency",
                     static_cast<guint64>(bytes_.byte()) * GST_MSECOND, nullptr);
        break;
      case 10: {
        const Change& change = bytes_.pick(kChanges);
        gst_util_set_object_arg(G_OBJECT(stream_.element()), change.property, change.value);
        break;
      }
      case 11:
        stream_.set_peer_caps(bytes_.pick(kPeers));
        break;
      default:
        break;
    }
  }

  void finish() {
    stream_.eos();
    check_output(stream_);
  }

 private:
  const char* set_caps(uint8_t choice) {
    caps_ = kCaps[choice % std::size(kCaps)];
    sample_size_ = std::string(caps_).find("S16") != std::string::npos ? 2 : 4;
    return caps_;
  }
  guint64 jump() {
    constexpr guint64 kJumps[] = {0,        1,        1000,      62500,      1000000,
                                  40000000, 60000000, 999999999, 1000000001, 5000000000};
    return bytes_.pick(kJumps);
  }
  void push() {
    gsize samples = 0;
    GstBuffer* buffer = make_buffer(bytes_, sample_size_, &samples);
    const uint8_t how = bytes_.byte();
    if (how & 8) now_ += jump();
    if ((how & 16) && now_ > 70 * GST_MSECOND) now_ -= 60 * GST_MSECOND;
    if (!(how & 1)) GST_BUFFER_PTS(buffer) = now_;
    if (how & 2) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    if (how & 4) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
    now_ += gst_util_uint64_scale(samples, GST_SECOND, 16000);
    stream_.push(buffer);
  }
  void new_segment() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = segment.position = jump();
    if (bytes_.byte() % 4 == 0) segment.stop = segment.start + jump() + 1;
    segment.base = jump();
    now_ = segment.start;
    stream_.segment(segment);
  }

  fuzz::Bytes& bytes_;
  const char* caps_ = kCaps[0];
  gsize sample_size_ = 2;
  GstClockTime now_ = 0;
  MelStream stream_;
};

}  // namespace

const GLogLevelFlags fuzz::kFatalLevels =
    static_cast<GLogLevelFlags>(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

void fuzz::play(Bytes& bytes) {
  Session session(bytes);
  play_session(session, bytes);
}
