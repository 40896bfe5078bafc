// SPDX-License-Identifier: LGPL-2.1-or-later
// One audio or video file to one array of features, by a GStreamer pipeline.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "gst/tools/extract/decoders.h"
#include "gst/tools/extract/input.h"

namespace npumel::extract {

/// Properties of npumelspec as texts, by name.
using Properties = std::map<std::string, std::string>;

/// An array in C order, as npyenc would write it: (frames, mels), or (mels, frames) with
/// layout=mel-major.
struct Features {
  uint64_t rows = 0, columns = 0;
  uint64_t frames = 0;
  bool half = false;  ///< float16 instead of float32, little endian
  std::vector<std::byte> bytes;
  double seconds = 0;  ///< of audio that went into npumelspec
  std::string recipe_id;
  std::string backend;  ///< software, npu, or both with a plus sign
};

/// Why one input has no features; the text is for its user.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Extractor {
 public:
  /// Throws std::invalid_argument, naming the property, when a property does not exist, is one that
  /// an array of a whole file rules out (frames, first-frames, stride), cannot hold the value, or
  /// when the values cannot work together. `idle_limit`: seconds without data after which a file is
  /// given up.
  Extractor(Properties properties, unsigned idle_limit);

  /// filesrc ! decodebin ! audioconvert ! audioresample ! npumelspec frames=0: the first audio
  /// stream of the file, mixed to one channel by audioconvert, resampled by audioresample (both
  /// with their defaults) to what the preset was published for. Any thread, several at a time.
  /// Throws InputError. Returns early, with an InputError, when `stop` becomes true.
  Features extract(const Input& input, const std::atomic<bool>& stop) const;

  /// 16 hex digits that differ when any property, and with it possibly a number, differs.
  const std::string& settings_id() const { return settings_id_; }
  const Properties& properties() const { return properties_; }

 private:
  Decoders decoders_;
  Properties properties_;
  unsigned idle_limit_;
  std::string settings_id_;
};

}  // namespace npumel::extract
