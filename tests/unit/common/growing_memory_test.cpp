// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes that are appended leave as one memory: the same ones, at the same place, with nothing
// behind.
#include "gst/common/growing_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace npumel {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

/// Appends `bytes` in pieces, byte n being n % 251.
void fill(GrowingMemory& memory, size_t bytes, size_t piece) {
  while (memory.size() < bytes) {
    const size_t first = memory.size();
    const size_t count = std::min(piece, bytes - first);
    uint8_t* added = memory.append(count);
    for (size_t i = 0; i < count; ++i) added[i] = static_cast<uint8_t>((first + i) % 251);
  }
}

void expect_filled(const MemoryPtr& memory, size_t bytes) {
  GstMapInfo map;
  ASSERT_TRUE(gst_memory_map(memory.get(), &map, GST_MAP_READ));
  ASSERT_EQ(map.size, bytes);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(map.data) % 64, 0U);
  size_t different = 0;
  for (size_t i = 0; i < bytes; ++i) different += map.data[i] != static_cast<uint8_t>(i % 251);
  EXPECT_EQ(different, 0U);
  gst_memory_unmap(memory.get(), &map);
}

/// The first byte of the memory.
const uint8_t* place_of(const MemoryPtr& memory) {
  GstMapInfo map;
  if (gst_memory_map(memory.get(), &map, GST_MAP_READ) == FALSE) return nullptr;
  const uint8_t* data = map.data;  // GStreamer 1.28 clears what is unmapped
  gst_memory_unmap(memory.get(), &map);
  return data;
}

TEST(GrowingMemory, HandsOverWhatWasAppended) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{100}, kMegabyte - 1, kMegabyte,
                             kMegabyte + 1, 5 * kMegabyte + 12345, 70 * kMegabyte + 1}) {
    GrowingMemory memory;
    fill(memory, bytes, bytes > 10 * kMegabyte ? 999'999 : 31'999);
    expect_filled(memory.release(), bytes);
    EXPECT_EQ(memory.size(), 0U);
  }
}

TEST(GrowingMemory, LargeOnesAreHandedOverWithoutACopyAndWithoutRoomBehind) {
  for (const size_t bytes : {kMegabyte + 1, 70 * kMegabyte + 1}) {
    GrowingMemory memory;
    fill(memory, bytes, 999'999);
    const uint8_t* place = memory.data();
    const MemoryPtr handed = memory.release();
    EXPECT_EQ(place_of(handed), place);
    EXPECT_EQ(memory.data(), nullptr);
    gsize largest = 0;
    gst_memory_get_sizes(handed.get(), nullptr, &largest);
    EXPECT_LT(largest - bytes, 65536U) << "less than the largest page";
  }
}

TEST(GrowingMemory, SmallOnesWithRoomBehindAreCopiedAndTheRoomIsUsedAgain) {
  GrowingMemory memory;
  fill(memory, 600'000, 1000);
  const uint8_t* place = memory.data();
  for (int stream = 0; stream < 3; ++stream) {
    const MemoryPtr handed = memory.release();
    expect_filled(handed, 600'000);
    gsize largest = 0;
    gst_memory_get_sizes(handed.get(), nullptr, &largest);
    EXPECT_EQ(largest, 600'000U);
    EXPECT_EQ(memory.data(), place);
    fill(memory, 600'000, 1000);
  }
}

TEST(GrowingMemory, CanBeCutOffAndForgotten) {
  GrowingMemory memory;
  fill(memory, 3 * kMegabyte, 999'999);
  memory.resize(2 * kMegabyte);
  memory.resize(2 * kMegabyte + 5);
  EXPECT_EQ(memory.size(), 2 * kMegabyte + 5);
  memory.reset();
  EXPECT_EQ(memory.size(), 0U);
  EXPECT_EQ(memory.data(), nullptr) << "a large mapping is given back";
  fill(memory, 10, 3);
  expect_filled(memory.release(), 10);
  EXPECT_THROW(memory.append(SIZE_MAX / 2), std::bad_alloc);
}

}  // namespace
}  // namespace npumel
