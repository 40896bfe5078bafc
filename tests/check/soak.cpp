// SPDX-License-Identifier: LGPL-2.1-or-later
// Days of audio with everything that goes wrong in days: every sample accounted for, no drift, no
// growth. NPUMELSPEC_SOAK_DAYS sets how many (30 take about a minute); 1 unless set.
#include <dirent.h>

#include <fstream>

#include "tests/check/stream_model.h"

using namespace npumel;
using namespace npumel::check;

namespace {

constexpr int kRate = 4000;
constexpr const char* kCaps = "audio/x-raw,format=S16LE,rate=4000";
// Few frames, so that time goes by fast: one every 16 s.
constexpr const char* kRecipe =
    "preset=custom mels=2 n-fft=64 win-length=64 hop-length=65536 padding=zero "
    "frame-count=drop-last frames=10 eos-mode=short backend=software";

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t limit) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33U) % limit;
  }

 private:
  uint64_t state_;
};

int64_t resident_pages() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident;
}

int open_files() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  fail_unless(folder != nullptr);
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

/// Samples that nobody copies.
GstBuffer* silence(size_t samples) {
  static const std::vector<int16_t> zeros(static_cast<size_t>(kRate) * 20);
  return gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, const_cast<int16_t*>(zeros.data()),
                                     zeros.size() * 2, 0, samples * 2, nullptr, nullptr);
}

void soak(GstClockTime total) {
  MelStream stream(kRecipe, kCaps);
  gchar* text = nullptr;
  g_object_get(stream.element(), "recipe", &text, nullptr);
  const Owned<gchar> owned(text);
  RecipeOverrides overrides;
  overrides.mels = 2;
  overrides.n_fft = overrides.win_length = 64;
  overrides.hop_length = 65536;
  overrides.padding = Padding::zero;
  overrides.frame_count = FrameCount::drop_last;
  const Recipe recipe = resolve(Preset::custom, overrides, kRate);
  fail_unless(canonical_text(recipe) == text);

  StreamModel model(recipe, kRate, {40 * GST_MSECOND, GST_SECOND, GST_SECOND, GST_SECOND});
  Random random(20261130);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  GstClockTime now = 0, passed = 0;
  int64_t pages = 0;
  int files = 0;
  uint64_t buffers = 0;
  while (passed < total) {
    const auto samples = static_cast<size_t>(
        random.below(8) == 0 ? 1 + random.below(400) : kRate * 8 + random.below(kRate * 12));
    GstClockTime pts = now;
    guint flags = 0;
    switch (random.below(200)) {
      case 0:  // a hole that becomes silence
        now += 50 * GST_MSECOND + random.below(900) * GST_MSECOND;
        pts = now;
        break;
      case 1:  // a longer one
        now += 2 * GST_SECOND + random.below(100) * GST_SECOND;
        pts = now;
        flags = GST_BUFFER_FLAG_DISCONT;
        break;
      case 2:  // a clock that is set back a little
        now -= std::min<GstClockTime>(now, 50 * GST_MSECOND + random.below(800) * GST_MSECOND);
        pts = now;
        break;
      case 3: {  // a seek
        fail_unless(stream.flush());
        model.look(stream);
        model.flush();
        gst_segment_init(&segment, GST_FORMAT_TIME);
        now = segment.start = segment.time = random.below(1000) * GST_SECOND;
        pts = now;
        fail_unless(stream.segment(segment));
        model.segment(segment);
        break;
      }
      case 4: {  // the next item of a list
        segment.base += GST_SECOND;
        fail_unless(stream.segment(segment));
        model.segment(segment);
        break;
      }
      case 5: {  // a switch that says again what is known
        segment.position = now;
        fail_unless(stream.segment(segment));
        model.segment(segment);
        break;
      }
      case 6: {
        const GstClockTime gap = random.below(1100) * GST_MSECOND;
        stream.event(gst_event_new_gap(now, gap));
        model.gap(now, gap);
        now += gap;
        pts = now;
        break;
      }
      case 7:
        flags = GST_BUFFER_FLAG_GAP;
        break;
      case 8:  // other caps for a while
        stream.set_caps("audio/x-raw,format=F32LE,rate=4000");
        stream.set_caps(kCaps);
        model.drain();
        gst_segment_init(&segment, GST_FORMAT_TIME);  // which the harness sends after caps
        model.segment(segment);
        break;
      case 9:
        pts = GST_CLOCK_TIME_NONE;
        break;
      case 10:
        stream.event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "on", nullptr)));
        break;
      default:  // jitter
        pts = now + random.below(2) * random.below(30) * GST_MSECOND;
        break;
    }
    GstBuffer* buffer = silence(samples);
    GST_BUFFER_PTS(buffer) = pts;
    GST_BUFFER_FLAGS(buffer) |= flags;
    ASSERT_EQUAL(stream.push(buffer), GST_FLOW_OK);
    model.push(pts, static_cast<int64_t>(samples), flags == GST_BUFFER_FLAG_GAP);
    model.look(stream);
    stream.bus().count(GST_MESSAGE_ANY);
    now += time_of(samples, kRate);
    passed += time_of(samples, kRate);
    if (++buffers == 4000) {
      pages = resident_pages();
      files = open_files();
    }
  }
  stream.eos();
  model.drain();
  model.finish(stream);
  fail_unless(model.parts > 3 && model.resyncs > 1 && model.inserted > 0, "%d parts, %d resyncs",
              model.parts, model.resyncs);
  if (files != 0) {
    const int64_t grown = resident_pages() - pages;
    fail_unless(grown < 1024, "%d pages more than after 4000 buffers", static_cast<int>(grown));
    ASSERT_EQUAL(open_files(), files);
  }
  std::printf("%.1f days, %d buffers, %d parts, %d resyncs, %d frames\n",
              static_cast<double>(passed) / 86400e9, static_cast<int>(buffers), model.parts,
              model.resyncs, static_cast<int>(model.frames));
}

}  // namespace

CHECK_TEST(hours_of_audio_are_accounted_for_to_the_sample_and_to_the_nanosecond) {
  soak(3 * 3600 * GST_SECOND);
}

LONG_CHECK_TEST(days_of_audio_are_accounted_for_and_nothing_grows) {
  const char* days = g_getenv("NPUMELSPEC_SOAK_DAYS");
  soak((days ? g_ascii_strtoull(days, nullptr, 10) : 1) * 24 * 3600 * GST_SECOND);
}
