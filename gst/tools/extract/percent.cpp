// SPDX-License-Identifier: LGPL-2.1-or-later
// Percent-encoding of names.
#include "gst/tools/extract/percent.h"

#include <array>
#include <cstdio>

namespace npumel::extract {

std::string percent_encode(const std::string& name, bool (*reserved)(char)) {
  std::string text;
  for (const char c : name) {
    if (c != '%' && !reserved(c)) {
      text += c;
      continue;
    }
    std::array<char, 4> code = {};
    std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned char>(c));
    text += code.data();
  }
  return text;
}

std::string percent_decode(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

}  // namespace npumel::extract
