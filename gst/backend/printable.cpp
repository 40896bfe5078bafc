// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks UTF-8 sequence by sequence.
#include "gst/backend/printable.h"

#include <cstddef>
#include <cstdint>

namespace npumel {
namespace {

uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<uint8_t>(text[at]); }

/// Bytes of the printable character that the text begins with; 0 when there is none.
std::size_t printable_length(std::string_view text) {
  const uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80) return 0;
    code = code << 6U | (byte_at(text, i) & 0x3fU);
  }
  constexpr uint32_t first_of_length[] = {0, 0, 0xa0, 0x800, 0x10000};  // 0x80 to 0x9f: controls
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  // Separators of lines and marks that turn the direction of the text around.
  const bool mark = (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < first_of_length[length] || code > 0x10ffff || surrogate || mark ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    if (length > 0) {
      result += text.substr(0, length);
    } else {
      const uint8_t byte = byte_at(text, 0);
      result += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
  return result;
}

}  // namespace npumel
