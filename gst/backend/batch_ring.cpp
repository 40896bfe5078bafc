// SPDX-License-Identifier: LGPL-2.1-or-later
// Slots of a stream in the order in which they are filled.
#include "gst/backend/batch_ring.h"

#include <cstring>
#include <new>
#include <utility>

namespace npumel {

void StreamSignal::interrupt() {
  {
    const std::lock_guard lock(mutex);
    interrupted = true;
  }
  changed.notify_all();
}

void StreamSignal::resume() {
  const std::lock_guard lock(mutex);
  interrupted = false;
}

bool StreamSignal::is_interrupted() {
  const std::lock_guard lock(mutex);
  return interrupted;
}

std::vector<Batch> BatchRing::make(int depth, SampleType type, int capacity) {
  std::vector<Batch> batches(static_cast<std::size_t>(depth) + 1);
  for (std::size_t i = 0; i < batches.size(); i++) {
    Batch& batch = batches[i];
    batch.position = i;
    const std::size_t bytes = static_cast<std::size_t>(capacity) * size_of(type);
    batch.own = hwy::AllocateAligned<uint8_t>(bytes);
    if (!batch.own) throw std::bad_alloc();
    std::memset(batch.own.get(), 0, bytes);
    batch.slot = Slot{batch.own.get(), type, capacity};
  }
  return batches;
}

void BatchRing::reset(int depth, SampleType type, int capacity) {
  clear();
  batches_ = make(depth, type, capacity);
  depth_ = depth;
}

void BatchRing::grow(int depth, SampleType type, int capacity) {
  std::vector<Batch> larger = make(depth, type, capacity);
  outgrown_ = std::exchange(batches_, std::move(larger));
  oldest_ = 0;
  depth_ = depth;
}

void BatchRing::clear() noexcept {
  batches_.clear();
  outgrown_.clear();
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
