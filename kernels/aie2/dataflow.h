// SPDX-License-Identifier: LGPL-2.1-or-later
// The fifos that design.py lays out, and what they take of the memory tile and of a core, on both
// generations. Compiling this file is the check.
#pragma once

#include <cstddef>

#include "kernels/aie2/shape.h"

namespace npumel::aie2 {

inline constexpr size_t kCores = 4;  ///< of one column: frame 4*i + w is core w's

/// Objects of the fifos between shim and memory tile, of kCores frames or rows each.
inline constexpr size_t kLinkDepth = 2;
/// Objects of a core's fifos: single frames in, single rows out (of float perhaps one:
/// row_depth()).
inline constexpr size_t kFifoDepth = 5;

// A batch ends at the fifo objects that it began with.
static_assert(kFrames / kCores % kFifoDepth == 0 && kFrames % kCores == 0);
static_assert(kLongestBatch / kCores % kFifoDepth == 0 && kLongestBatch % kCores == 0);

// Buffer descriptors. The memory tile has so many for the even channels of both directions and as
// many for the odd ones. A fifo that is split or joined takes, on its own channel, one for each
// part of each object, since each part has locks of its own; the channel of a part takes one for
// each object. Here both fifos are on even channels, the most that it can be.
inline constexpr size_t kMemoryTileDescriptors = 24;
inline constexpr size_t kCoreDescriptors = 16;
inline constexpr size_t kMemoryTileChannels = 6;  ///< each way

inline constexpr size_t kPartsOnEvenChannels = (kCores + 2) / 2 - 1;
inline constexpr size_t kLinks = 2;
inline constexpr size_t kUsedMemoryTileDescriptors =
    kLinks * kLinkDepth * (kCores + kPartsOnEvenChannels);
inline constexpr size_t kUsedCoreDescriptors = 2 * kFifoDepth;

static_assert(kUsedMemoryTileDescriptors <= kMemoryTileDescriptors,
              "the fifos take more buffer descriptors than the memory tile has");
static_assert(kUsedCoreDescriptors <= kCoreDescriptors,
              "the fifos take more buffer descriptors than a core has");
static_assert(kCores + 1 <= kMemoryTileChannels, "more parts than the memory tile has channels");

}  // namespace npumel::aie2
