// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the .npy vectors of tests/golden/npu.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace npumel::test {

/// The values of a little-endian C-order .npy file (format 1.0) whose dtype must be `descr`, such
/// as "<i2". The shape is the caller's knowledge.
template <typename T>
std::vector<T> read_npy(const std::string& path, const std::string& descr) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.size() < 10 || bytes.compare(0, 6, "\x93NUMPY") != 0)
    throw std::runtime_error(path + ": not a .npy file");
  const size_t header = static_cast<uint8_t>(bytes[8]) + 256U * static_cast<uint8_t>(bytes[9]);
  if (bytes.substr(10, header).find("'descr': '" + descr + "', 'fortran_order': False") ==
      std::string::npos)
    throw std::runtime_error(path + ": not " + descr);
  std::vector<T> values((bytes.size() - 10 - header) / sizeof(T));
  std::memcpy(values.data(), bytes.data() + 10 + header, values.size() * sizeof(T));
  return values;
}

}  // namespace npumel::test
