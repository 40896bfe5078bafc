// Which frames lie in which output buffer.
#pragma once

#include <cstdint>

namespace npumel {

/// frames = 0: the whole stream in one buffer. Otherwise buffer 0 has `first` frames from frame 0,
/// and each later buffer ends `stride` frames after the one before and holds `frames`.
struct Shape {
  int frames = 100;
  int first = 100;
  int stride = 100;

  bool whole() const { return frames == 0; }
  /// One past the last frame of buffer k.
  int64_t end(int64_t k) const { return first + k * stride; }
  int64_t start(int64_t k) const { return k == 0 ? 0 : end(k) - frames; }
  /// The buffer in which a frame appears for the first time.
  int64_t buffer_of(int64_t frame) const {
    return frame < first ? 0 : (frame - first) / stride + 1;
  }

  bool operator==(const Shape&) const = default;
};

}  // namespace npumel
