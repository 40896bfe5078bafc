// SPDX-License-Identifier: LGPL-2.1-or-later
// Hand-made mel buffers into npyenc, and the file or the bytes that come out.
#pragma once

#include <unistd.h>

#include <algorithm>

#include "tests/check/npy_file.h"
#include "tests/check/support.h"

namespace npumel::check {

/// A name for a file that does not exist yet; whatever is there at the end is removed.
class TemporaryFile {
 public:
  TemporaryFile() {
    gchar* name = nullptr;
    const int file = g_file_open_tmp("npumelspec-XXXXXX.npy", &name, nullptr);
    fail_unless(file >= 0);
    close(file);
    path_ = name;
    g_free(name);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Caps of a mel stream with the fields that npyenc looks at. Buffers overlap when stride < frames.
struct MelCaps {
  const char* format = "F32LE";
  const char* layout = "frame-major";
  int mels = 5;
  int frames = 3;
  int stride = 3;  ///< 0: the caps have no framerate

  GstCaps* make() const {
    GstCaps* caps = gst_caps_new_simple(
        "audio/x-mel-spectrogram", "format", G_TYPE_STRING, format, "layout", G_TYPE_STRING, layout,
        "mels", G_TYPE_INT, mels, "frames", G_TYPE_INT, frames, "rate", G_TYPE_INT, 16000,
        "channels", G_TYPE_INT, 1, "hop-length", G_TYPE_INT, 160, nullptr);
    if (stride > 0)
      gst_caps_set_simple(caps, "framerate", GST_TYPE_FRACTION, 16000, 160 * stride, nullptr);
    return caps;
  }
};

/// first, first+1, ... : numbers that tell where they came from.
inline std::vector<float> counting(size_t count, float first = 0) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = first + static_cast<float>(i);
  return values;
}

/// A downstream that can seek in bytes and keeps only what a test asks about.
struct SeekableSink {
  uint64_t position = 0;
  uint64_t end = 0;
  std::string start;  ///< the first bytes of the "file"
  GstMemory* last_memory = nullptr;
  std::vector<guint32> segment_seqnums;
  std::vector<guint> header_flags;  ///< of every buffer that begins at byte 0

  static gboolean query(GstPad* pad, GstObject* parent, GstQuery* query) {
    if (GST_QUERY_TYPE(query) != GST_QUERY_SEEKING)
      return gst_pad_query_default(pad, parent, query);
    gst_query_set_seeking(query, GST_FORMAT_BYTES, TRUE, 0, -1);
    return TRUE;
  }

  GstPadProbeReturn see(GstPadProbeInfo* info) {
    if (GST_IS_EVENT(info->data)) {
      GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
      if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
        const GstSegment* segment = nullptr;
        gst_event_parse_segment(event, &segment);
        ASSERT_EQUAL(segment->format, GST_FORMAT_BYTES);
        position = segment->start;
        segment_seqnums.push_back(gst_event_get_seqnum(event));
      }
      fail_if(GST_EVENT_TYPE(event) == GST_EVENT_GAP);
      return GST_PAD_PROBE_OK;
    }
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const gsize size = gst_buffer_get_size(buffer);
    ASSERT_EQUAL(GST_BUFFER_OFFSET(buffer), position);
    fail_if(GST_BUFFER_PTS_IS_VALID(buffer));
    if (position == 0) {
      header_flags.push_back(GST_BUFFER_FLAGS(buffer));
      start.resize(size);
      gst_buffer_extract(buffer, 0, start.data(), size);
    }
    last_memory = gst_buffer_peek_memory(buffer, 0);
    position += size;
    end = std::max(end, position);
    return GST_PAD_PROBE_DROP;
  }

  explicit SeekableSink(const Harness& harness) {
    gst_pad_set_query_function(harness->sinkpad, query);
    gst_pad_add_probe(
        harness->sinkpad,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                     GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
        [](GstPad*, GstPadProbeInfo* info, gpointer self) {
          return static_cast<SeekableSink*>(self)->see(info);
        },
        this, nullptr);
  }
};

/// npyenc ! filesink, fed by hand.
class NpyWriter {
 public:
  explicit NpyWriter(const char* mode = "concat", const char* location = nullptr,
                     const char* sink = "filesink buffer-mode=unbuffered")
      : harness_(gst_harness_new_parse(("npyenc name=encoder mode=" + std::string(mode) + " ! " +
                                        sink + " location=" + (location ? location : file_.path()))
                                           .c_str())),
        bus_(harness_) {}

  void caps(const MelCaps& caps) { gst_harness_set_src_caps(harness_.get(), caps.make()); }
  /// Caps that may be refused.
  bool send_caps(const MelCaps& caps) {
    const Caps made(caps.make());
    return event(gst_event_new_caps(made.get()));
  }
  /// As in a launch line.
  void caps_text(const std::string& text) {
    gst_harness_set_src_caps(harness_.get(), gst_caps_from_string(text.c_str()));
  }
  GstFlowReturn push(GstBuffer* buffer) { return gst_harness_push(harness_.get(), buffer); }
  GstFlowReturn push(const std::vector<float>& values) { return push(buffer_of(values)); }
  bool event(GstEvent* event) { return gst_harness_push_event(harness_.get(), event); }
  bool eos() { return event(gst_event_new_eos()); }
  PostedError error() { return posted(bus_); }
  BusWatch& bus() { return bus_; }
  NpyFile file() const { return load_npy(file_.path()); }
  /// True when the file has a header of its own that is no array's.
  bool is_unfinished() const {
    const std::string bytes = read_file(path());
    return bytes.size() >= 128 && bytes.compare(0, 6, "\x93NUMPY") == 0 &&
           bytes.find("'unfinished file, npy_recover.py completes it'") < 128 &&
           bytes.find("'shape'") == std::string::npos && bytes.find('(') == std::string::npos;
  }
  void set_state(GstState state) {
    fail_unless(gst_element_set_state(element(), state) != GST_STATE_CHANGE_FAILURE);
  }
  std::string path() const { return file_.path(); }
  GstElement* element() const { return harness_->element; }

 private:
  TemporaryFile file_;
  Harness harness_;
  BusWatch bus_;
};

}  // namespace npumel::check
