// SPDX-License-Identifier: LGPL-2.1-or-later
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
}  // namespace

NpyHeader npy_header(const char* descr, std::span<const uint64_t> shape) noexcept {
  char dims[3 * 22 + 1] = "";
  size_t length = 0;
  for (size_t i = 0; i < shape.size() && i < 3; ++i)
    length += static_cast<size_t>(std::snprintf(dims + length, sizeof dims - length,
                                                i == 0 ? "%" PRIu64 : ", %" PRIu64, shape[i]));

  char text[kTextSize + 1];
  const int written = std::snprintf(
      text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims);
  NpyHeader header;
  header.fill(' ');
  constexpr char preamble[kPreamble] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, kTextSize, 0};
  std::copy_n(preamble, kPreamble, header.begin());
  std::copy_n(text, std::min<size_t>(static_cast<size_t>(written), kTextSize - 1),
              header.begin() + kPreamble);
  header.back() = '\n';
  return header;
}

}  // namespace npumel
