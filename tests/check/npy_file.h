// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads .npy files for the tests, strictly, from the published description of the format
// (numpy.lib.format, version 1.0) and not from the element's code.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace npumel::check {

struct NpyFile {
  std::string descr;
  std::vector<uint64_t> shape;
  size_t header_size = 0;
  std::string data;  ///< the bytes after the header

  uint64_t count() const {
    uint64_t product = 1;
    for (const uint64_t dim : shape) product *= dim;
    return product;
  }
  template <typename T>
  std::vector<T> values() const {
    std::vector<T> result(data.size() / sizeof(T));
    data.copy(reinterpret_cast<char*>(result.data()), result.size() * sizeof(T));
    return result;
  }
};

/// Throws std::runtime_error that names what is wrong with the header. The data may be of any size.
inline NpyFile parse_npy(const std::string& bytes) {
  const auto demand = [](bool good, const char* what) {
    if (!good) throw std::runtime_error(what);
  };
  demand(bytes.size() >= 10 && bytes.compare(0, 6, "\x93NUMPY") == 0, "no magic");
  demand(bytes[6] == 1 && bytes[7] == 0, "not version 1.0");
  const size_t length = static_cast<uint8_t>(bytes[8]) | static_cast<uint8_t>(bytes[9]) << 8;
  NpyFile file;
  file.header_size = 10 + length;
  demand(bytes.size() >= file.header_size, "header is cut off");
  demand(file.header_size % 64 == 0, "data is not aligned to 64 bytes");
  const std::string text = bytes.substr(10, length);
  demand(text.back() == '\n', "header does not end in a newline");

  static const std::regex pattern(
      R"(\{'descr': '([<|>]f\d)', 'fortran_order': False, 'shape': \(((?:\d+, )*\d+),?\), \} *\n)");
  std::smatch match;
  demand(std::regex_match(text, match, pattern), "header is not a dictionary as NumPy writes it");
  file.descr = match[1];
  const std::string dims = match[2];
  static const std::regex number(R"(\d+)");
  for (std::sregex_iterator it(dims.begin(), dims.end(), number), end; it != end; ++it)
    file.shape.push_back(std::stoull(it->str()));
  file.data = bytes.substr(file.header_size);
  return file;
}

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot open " + path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A whole file, whose data must be exactly what the shape says.
inline NpyFile load_npy(const std::string& path) {
  NpyFile file = parse_npy(read_file(path));
  const uint64_t item = file.descr == "<f2" ? 2 : 4;
  if (file.data.size() != file.count() * item) throw std::runtime_error("size does not fit shape");
  return file;
}

}  // namespace npumel::check
