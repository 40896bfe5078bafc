// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows of every layout and number format, read and written.
#include "gst/meltransform/row_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/mel/half.h"

namespace npumel {
namespace {

constexpr int kWidth = 3;
const std::vector<float> kRows = {0, 1, 2, 3, 4, 5, -6, 7.5F, 0.25F, 9, 10, 11};  // 4 rows

std::vector<float> turned(const std::vector<float>& rows) {
  std::vector<float> result;
  for (size_t m = 0; m < kWidth; ++m)
    for (size_t t = 0; t * kWidth < rows.size(); ++t) result.push_back(rows[t * kWidth + m]);
  return result;
}
std::vector<uint16_t> halves(const std::vector<float>& values) {
  std::vector<uint16_t> result;
  for (const float value : values) result.push_back(half_bits(value));
  return result;
}
std::vector<float> read(const RowBytes& bytes, int64_t rows, uint64_t* found = nullptr) {
  std::vector<float> scratch;
  uint64_t nonfinite = 0;
  const auto values = read_rows(bytes, rows, scratch, nonfinite);
  if (found != nullptr) *found = nonfinite;
  return {values.begin(), values.end()};
}

TEST(ReadRows, OfEveryForm) {
  const auto mel_major = turned(kRows);
  const auto half = halves(kRows);
  const auto half_mel_major = halves(mel_major);
  EXPECT_EQ(read({kRows.data(), ElementType::f32, Layout::frame_major, kWidth, 4}, 4), kRows);
  EXPECT_EQ(read({mel_major.data(), ElementType::f32, Layout::mel_major, kWidth, 4}, 4), kRows);
  EXPECT_EQ(read({half.data(), ElementType::f16, Layout::frame_major, kWidth, 4}, 4), kRows);
  EXPECT_EQ(read({half_mel_major.data(), ElementType::f16, Layout::mel_major, kWidth, 4}, 4),
            kRows);
}

TEST(ReadRows, TheFirstRowsOfABuffer) {
  const std::vector<float> first(kRows.begin(), kRows.begin() + 2 * kWidth);
  const auto mel_major = turned(kRows);
  EXPECT_EQ(read({kRows.data(), ElementType::f32, Layout::frame_major, kWidth, 4}, 2), first);
  EXPECT_EQ(read({mel_major.data(), ElementType::f32, Layout::mel_major, kWidth, 4}, 2), first);
}

TEST(ReadRows, TheMemoryItselfWhereItHasTheForm) {
  std::vector<float> scratch;
  uint64_t nonfinite = 0;
  const auto values = read_rows({kRows.data(), ElementType::f32, Layout::frame_major, kWidth, 4}, 4,
                                scratch, nonfinite);
  EXPECT_EQ(values.data(), kRows.data());
  EXPECT_TRUE(scratch.empty());
}

TEST(ReadRows, OfMemoryThatIsNotAligned) {
  std::vector<char> bytes(kRows.size() * sizeof(float) + 1);
  std::memcpy(bytes.data() + 1, kRows.data(), kRows.size() * sizeof(float));
  EXPECT_EQ(read({bytes.data() + 1, ElementType::f32, Layout::frame_major, kWidth, 4}, 4), kRows);
}

TEST(ReadRows, ValuesThatAreNoNumbersAreZeroAndCounted) {
  std::vector<float> rows = kRows;
  rows[1] = NAN;
  rows[5] = std::numeric_limits<float>::infinity();
  rows[11] = -std::numeric_limits<float>::infinity();
  uint64_t found = 0;
  const auto values =
      read({rows.data(), ElementType::f32, Layout::frame_major, kWidth, 4}, 4, &found);
  EXPECT_EQ(found, 3U);
  for (const size_t i : {1U, 5U, 11U}) rows[i] = 0;
  EXPECT_EQ(values, rows);
  const std::vector<uint16_t> half = {0x7c00, 0x7e00, 0x3c00};
  EXPECT_EQ(read({half.data(), ElementType::f16, Layout::frame_major, kWidth, 1}, 1, &found),
            (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(found, 2U);
}

TEST(WriteRows, IsReadAgain) {
  for (const ElementType type : {ElementType::f32, ElementType::f16})
    for (const Layout layout : {Layout::frame_major, Layout::mel_major}) {
      std::vector<char> bytes(kRows.size() * size_of(type));
      write_rows(kRows, kWidth, type, layout, bytes.data());
      EXPECT_EQ(read({bytes.data(), type, layout, kWidth, 4}, 4), kRows);
    }
}

TEST(WriteRows, HalfPrecisionSaturates) {
  const std::vector<float> rows = {1e9F, -1e9F, 65519};
  std::vector<uint16_t> bytes(3);
  write_rows(rows, kWidth, ElementType::f16, Layout::frame_major, bytes.data());
  EXPECT_EQ(bytes, (std::vector<uint16_t>{0x7bff, 0xfbff, 0x7bff}));
}

}  // namespace
}  // namespace npumel
