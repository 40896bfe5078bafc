// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/batch_ring.h"

#include <cstring>
#include <utility>

namespace npumel {

AlignedMemory::AlignedMemory(std::size_t bytes)
    : data_(::operator new (bytes, std::align_val_t{kAlignment})) {
  std::memset(data_.get(), 0, bytes);
}

void BatchRing::reset(int depth, SampleType type, int capacity) {
  clear();
  std::vector<Batch> batches(static_cast<std::size_t>(depth) + 1);
  for (std::size_t i = 0; i < batches.size(); i++) {
    Batch& batch = batches[i];
    batch.position = i;
    batch.own = AlignedMemory(static_cast<std::size_t>(capacity) * size_of(type));
    batch.slot = Slot{batch.own.data(), type, capacity};
  }
  batches_ = std::move(batches);
  depth_ = depth;
}

void BatchRing::clear() noexcept {
  batches_.clear();
  oldest_ = 0;
  depth_ = 0;
  in_flight_ = 0;
  submitted_ = 0;
}

void BatchRing::push(int frames) noexcept {
  Batch& batch = next();
  batch.frames = frames;
  batch.number = submitted_++;
  batch.begun = false;
  in_flight_++;
}

void BatchRing::pop() noexcept {
  oldest_ = position(1);
  in_flight_--;
}

}  // namespace npumel
