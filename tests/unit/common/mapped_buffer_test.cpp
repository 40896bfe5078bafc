// SPDX-License-Identifier: LGPL-2.1-or-later
// A mapped buffer is unmapped before it is given away or freed.
#include "gst/common/mapped_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace npumel {
namespace {

/// Whether somebody has the buffer's memory mapped for writing: it cannot be locked exclusively.
bool is_mapped(GstBuffer* buffer) {
  auto* memory = GST_MINI_OBJECT_CAST(gst_buffer_peek_memory(buffer, 0));
  if (gst_mini_object_lock(memory, GST_LOCK_FLAG_READ) == FALSE) return true;
  gst_mini_object_unlock(memory, GST_LOCK_FLAG_READ);
  return false;
}

TEST(MappedBuffer, IsReleasedUnmapped) {
  MappedBuffer mapped(BufferPtr(gst_buffer_new_allocate(nullptr, 8, nullptr)), GST_MAP_WRITE);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped.size(), 8U);
  EXPECT_TRUE(is_mapped(mapped.buffer()));
  std::memcpy(mapped.data(), "spectrum", 8);
  const BufferPtr buffer = mapped.release();
  EXPECT_FALSE(mapped);
  EXPECT_EQ(mapped.buffer(), nullptr);
  EXPECT_FALSE(is_mapped(buffer.get()));
  EXPECT_EQ(gst_buffer_memcmp(buffer.get(), 0, "spectrum", 8), 0);
}

TEST(MappedBuffer, IsUnmappedAtTheEndOfItsScope) {
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, 8, nullptr));
  {
    const MappedBuffer mapped(share(buffer.get()), GST_MAP_READ);
    EXPECT_TRUE(mapped);
  }
  EXPECT_FALSE(is_mapped(buffer.get()));
  EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(buffer.get()), 1);
}

TEST(MappedBuffer, MovingIntoAMappedOneFreesThat) {
  const BufferPtr first(gst_buffer_new_allocate(nullptr, 8, nullptr));
  MappedBuffer target(share(first.get()), GST_MAP_READ);
  target = MappedBuffer(BufferPtr(gst_buffer_new_allocate(nullptr, 4, nullptr)), GST_MAP_READ);
  EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(first.get()), 1);
  EXPECT_EQ(target.size(), 4U);
  MappedBuffer moved(std::move(target));
  EXPECT_TRUE(moved);
  EXPECT_FALSE(target);  // NOLINT(bugprone-use-after-move): it must be empty
}

TEST(MappedBuffer, IsFalseWhereMemoryCannotBeWritten) {
  static std::array<char, 4> bytes = {};
  BufferPtr buffer(gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, bytes.data(), bytes.size(),
                                               0, bytes.size(), nullptr, nullptr));
  // Otherwise mapping would copy the memory into a writable one.
  const BufferPtr other = share(buffer.get());
  const MappedBuffer mapped(std::move(buffer), GST_MAP_WRITE);
  EXPECT_FALSE(mapped);
  EXPECT_EQ(mapped.buffer(), other.get());
}

}  // namespace
}  // namespace npumel
