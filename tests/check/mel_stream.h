// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio into npumelspec by hand, and everything that leaves it in order.
#pragma once

#include "tests/check/element_stream.h"

namespace npumel::check {

/// npumelspec between two pads. PROPERTIES as in a launch line.
class MelStream : public ElementStream {
 public:
  explicit MelStream(const std::string& properties = "",
                     const char* caps = "audio/x-raw,format=S16LE,rate=16000")
      : MelStream(Idle(), properties) {
    set_caps(caps);
  }
  /// Without caps yet.
  static MelStream idle(const std::string& properties) { return {Idle(), properties}; }

  /// Audio caps; channels=1 and layout=interleaved unless given.
  void set_caps(std::string caps) {
    if (!started()) return;
    if (caps.find("channels") == std::string::npos) caps += ",channels=1";
    if (caps.find("layout") == std::string::npos) caps += ",layout=interleaved";
    gst_harness_set_src_caps_str(harness(), caps.c_str());
  }

  using ElementStream::push;
  template <typename T>
  GstFlowReturn push(const std::vector<T>& samples, GstClockTime pts = GST_CLOCK_TIME_NONE,
                     guint flags = 0) {
    return push(std::span<const T>(samples), pts, flags);
  }
  template <typename T>
  GstFlowReturn push(std::span<const T> samples, GstClockTime pts = GST_CLOCK_TIME_NONE,
                     guint flags = 0) {
    GstBuffer* buffer = buffer_of(samples);
    GST_BUFFER_PTS(buffer) = pts;
    GST_BUFFER_FLAGS(buffer) |= flags;
    return push(buffer);
  }

  /// All float32 rows of all buffers, one after the other.
  std::vector<float> rows() const {
    std::vector<float> result;
    for (const Received* buffer : buffers()) {
      const std::vector<float> rows = buffer->rows();
      result.insert(result.end(), rows.begin(), rows.end());
    }
    return result;
  }
  int frames() const {
    int total = 0;
    for (const Received* buffer : buffers()) total += buffer->frames();
    return total;
  }

  Owned<GstStructure> stats() const {
    GstStructure* stats = nullptr;
    g_object_get(element(), "stats", &stats, nullptr);
    return Owned<GstStructure>(stats);
  }
  guint64 stat(const char* name) const {
    guint64 value = G_MAXUINT64;
    fail_unless(gst_structure_get_uint64(stats().get(), name, &value), "no stat %s", name);
    return value;
  }

 private:
  struct Idle {};
  MelStream(Idle, const std::string& properties) : ElementStream("npumelspec", properties) {}
};

/// Samples as a launch line's user would count them, as time: floor(samples * 1 s / rate).
inline GstClockTime time_of(guint64 samples, int rate = 16000) {
  return gst_util_uint64_scale(samples, GST_SECOND, static_cast<guint64>(rate));
}

/// Whole stream in one buffer, EOS.
template <typename T>
void run(MelStream& stream, const std::vector<T>& samples) {
  if (!samples.empty()) ASSERT_EQUAL(stream.push(samples, 0), GST_FLOW_OK);
  fail_unless(stream.eos());
}

}  // namespace npumel::check
