// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the NumPy files of the tests: little-endian float32 or float16, C order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace npumel::test {

struct NpyArray {
  std::vector<int64_t> shape;
  std::string dtype;                 ///< "<f4" ...
  std::vector<unsigned char> bytes;  ///< the data after the header
};

inline std::vector<unsigned char> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

namespace detail {

inline std::string header_value(const std::string& header, const std::string& key) {
  const size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) throw std::runtime_error("NumPy header without " + key);
  return header.substr(at + key.size() + 3);
}

}  // namespace detail

inline NpyArray read_npy(const std::filesystem::path& path) {
  const std::vector<unsigned char> file = read_bytes(path);
  if (file.size() < 10 || std::string(file.begin(), file.begin() + 6) != "\x93NUMPY")
    throw std::runtime_error(path.string() + " is not a NumPy file");
  const size_t length_bytes = file[6] == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) length |= size_t{file[8 + i]} << (8 * i);
  const size_t start = 8 + length_bytes;
  if (start + length > file.size()) throw std::runtime_error(path.string() + " is cut short");
  const std::string header(file.begin() + static_cast<ptrdiff_t>(start),
                           file.begin() + static_cast<ptrdiff_t>(start + length));

  NpyArray array;
  const std::string dtype = detail::header_value(header, "descr");
  const size_t open = dtype.find('\'');
  array.dtype = dtype.substr(open + 1, dtype.find('\'', open + 1) - open - 1);
  if (detail::header_value(header, "fortran_order").find("False") != 1)
    throw std::runtime_error(path.string() + " is not in C order");
  const std::string shape = detail::header_value(header, "shape");
  for (size_t i = shape.find('('); i < shape.find(')'); ++i)
    if (std::isdigit(static_cast<unsigned char>(shape[i])) != 0) {
      size_t digits = 0;
      array.shape.push_back(std::stoll(shape.substr(i), &digits));
      i += digits;
    }
  array.bytes.assign(file.begin() + static_cast<ptrdiff_t>(start + length), file.end());
  return array;
}

/// A two-dimensional float32 array, frames x mels.
struct Rows {
  int64_t frames = 0;
  int mels = 0;
  std::vector<float> values;
};

inline Rows read_rows(const std::filesystem::path& path) {
  const NpyArray array = read_npy(path);
  if (array.dtype != "<f4" || array.shape.size() != 2)
    throw std::runtime_error(path.string() + " is not a two-dimensional float32 array");
  Rows rows{array.shape[0], static_cast<int>(array.shape[1]), {}};
  rows.values.resize(static_cast<size_t>(rows.frames) * static_cast<size_t>(rows.mels));
  if (array.bytes.size() != rows.values.size() * sizeof(float))
    throw std::runtime_error(path.string() + " holds another amount of data than its shape says");
  std::copy(array.bytes.begin(), array.bytes.end(),
            reinterpret_cast<unsigned char*>(rows.values.data()));
  return rows;
}

}  // namespace npumel::test
