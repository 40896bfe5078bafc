// SPDX-License-Identifier: LGPL-2.1-or-later
// Blocks of a fixed number of rows, in every form of the output.
#include "gst/meltransform/block_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "gst/meltransform/row_values.h"

namespace npumel {
namespace {

constexpr int kValues = 2;

/// Writes rows counting up from `from`.
void write(BlockWriter& writer, int64_t rows, float from) {
  std::span<float> target;
  ASSERT_EQ(writer.begin(target), GST_FLOW_OK);
  ASSERT_EQ(target.size(), static_cast<size_t>(writer.room() * kValues));
  std::iota(target.begin(), target.begin() + rows * kValues, from);
  writer.wrote(rows);
}

std::vector<float> rows_in(GstBuffer* buffer, const BlockWriter::Config& config) {
  const size_t row = kValues * size_of(config.type);
  std::vector<char> bytes(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
  std::vector<float> scratch;
  uint64_t nonfinite = 0;
  const auto rows = static_cast<int64_t>(bytes.size() / row);
  const auto values = read_rows({bytes.data(), config.type, config.layout, kValues, rows}, rows,
                                scratch, nonfinite);
  return {values.begin(), values.end()};
}

class BlockWriterTest : public testing::TestWithParam<BlockWriter::Config> {
 protected:
  BlockWriterTest() : pool_([] { return PoolPtr(); }), writer_(pool_) {
    writer_.configure(GetParam());
  }
  OutputPool pool_;
  BlockWriter writer_;
};

TEST_P(BlockWriterTest, FillsInPiecesAndBeginsAnew) {
  EXPECT_EQ(writer_.room(), 3);
  write(writer_, 1, 1);
  EXPECT_EQ(writer_.filled(), 1);
  write(writer_, 2, 3);
  EXPECT_TRUE(writer_.full());
  BufferPtr buffer;
  ASSERT_EQ(writer_.finish(3, buffer), GST_FLOW_OK);
  EXPECT_EQ(rows_in(buffer.get(), GetParam()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(writer_.filled(), 0);
  write(writer_, 3, 7);
  ASSERT_EQ(writer_.finish(3, buffer), GST_FLOW_OK);
  EXPECT_EQ(rows_in(buffer.get(), GetParam()), (std::vector<float>{7, 8, 9, 10, 11, 12}));
}

TEST_P(BlockWriterTest, EndsShortOrFilledWithZeros) {
  write(writer_, 1, 1);
  BufferPtr buffer;
  ASSERT_EQ(writer_.finish(1, buffer), GST_FLOW_OK);
  EXPECT_EQ(rows_in(buffer.get(), GetParam()), (std::vector<float>{1, 2}));
  write(writer_, 1, 3);
  ASSERT_EQ(writer_.finish(3, buffer), GST_FLOW_OK);
  EXPECT_EQ(rows_in(buffer.get(), GetParam()), (std::vector<float>{3, 4, 0, 0, 0, 0}));
  ASSERT_EQ(writer_.finish(3, buffer), GST_FLOW_OK);
  EXPECT_EQ(rows_in(buffer.get(), GetParam()), std::vector<float>(6, 0.0F));
}

TEST_P(BlockWriterTest, ForgetsWhatWasWritten) {
  write(writer_, 2, 1);
  writer_.reset();
  EXPECT_EQ(writer_.filled(), 0);
  write(writer_, 1, 9);
  BufferPtr buffer;
  ASSERT_EQ(writer_.finish(1, buffer), GST_FLOW_OK);
  EXPECT_EQ(rows_in(buffer.get(), GetParam()), (std::vector<float>{9, 10}));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, BlockWriterTest,
    testing::Values(BlockWriter::Config{kValues, 3, ElementType::f32, Layout::frame_major},
                    BlockWriter::Config{kValues, 3, ElementType::f32, Layout::mel_major},
                    BlockWriter::Config{kValues, 3, ElementType::f16, Layout::frame_major},
                    BlockWriter::Config{kValues, 3, ElementType::f16, Layout::mel_major}));

}  // namespace
}  // namespace npumel
