// SPDX-License-Identifier: LGPL-2.1-or-later
// Formats the header of a .npy file, finished or not.
#include "gst/npyenc/npy_header.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace npumel {

namespace {
// "\x93NUMPY", version 1.0, then the length of the text as a little-endian uint16.
constexpr size_t kPreamble = 10;
constexpr size_t kTextSize = kNpyHeaderSize - kPreamble;
static_assert(kNpyHeaderSize % 64 == 0 && kTextSize < 256);

struct Dimensions {
  char text[3 * 22 + 1] = "";
};

Dimensions dimensions(std::span<const uint64_t> shape) {
  Dimensions dims;
  size_t length = 0;
  for (size_t i = 0; i < shape.size() && i < 3; ++i) {
    char* const at = dims.text + length;
    const size_t room = sizeof dims.text - length;
    const char* const comma = i == 0 ? "" : ", ";
    length += static_cast<size_t>(shape[i] == kOpenDimension
                                      ? std::snprintf(at, room, "%s-1", comma)
                                      : std::snprintf(at, room, "%s%" PRIu64, comma, shape[i]));
  }
  return dims;
}

NpyHeader fill(const char* format, const char* descr, std::span<const uint64_t> shape) {
  char text[kTextSize + 1];
  const int written = std::snprintf(text, sizeof text, format, descr, dimensions(shape).text);
  NpyHeader header;
  header.fill(' ');
  constexpr char preamble[kPreamble] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, kTextSize, 0};
  std::copy_n(preamble, kPreamble, header.begin());
  std::copy_n(text, std::min<size_t>(static_cast<size_t>(written), kTextSize - 1),
              header.begin() + kPreamble);
  header.back() = '\n';
  return header;
}
}  // namespace

NpyHeader npy_header(const char* descr, std::span<const uint64_t> shape) noexcept {
  return fill("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape);
}

NpyHeader unfinished_npy_header(const char* descr, std::span<const uint64_t> shape) noexcept {
  return fill("{'unfinished file, npy_recover.py completes it': ['%s', [%s]], }", descr, shape);
}

}  // namespace npumel
