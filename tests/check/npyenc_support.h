// SPDX-License-Identifier: LGPL-2.1-or-later
// Hand-made mel buffers into npyenc, and the file that comes out.
#pragma once

#include <unistd.h>

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

/// npyenc ! filesink, fed by hand.
class NpyWriter {
 public:
  explicit NpyWriter(const char* mode = "concat", const char* location = nullptr)
      : harness_(gst_harness_new_parse(
            ("npyenc name=encoder mode=" + std::string(mode) +
             " ! filesink buffer-mode=unbuffered location=" + (location ? location : file_.path()))
                .c_str())),
        bus_(harness_) {}

  void caps(const MelCaps& caps) { gst_harness_set_src_caps(harness_.get(), caps.make()); }
  GstFlowReturn push(GstBuffer* buffer) { return gst_harness_push(harness_.get(), buffer); }
  GstFlowReturn push(const std::vector<float>& values) { return push(buffer_of(values)); }
  bool event(GstEvent* event) { return gst_harness_push_event(harness_.get(), event); }
  bool eos() { return event(gst_event_new_eos()); }
  PostedError error() { return posted(bus_); }
  NpyFile file() const { return load_npy(file_.path()); }
  std::string path() const { return file_.path(); }
  GstElement* element() const { return harness_->element; }

 private:
  TemporaryFile file_;
  Harness harness_;
  BusWatch bus_;
};

}  // namespace npumel::check
