// SPDX-License-Identifier: LGPL-2.1-or-later
// Slots of a stream in the order in which they are filled.
#include "gst/backend/batch_ring.h"

#include <cstring>
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

namespace {

AlignedArray<uint8_t> zeroed(SampleType type, int capacity) {
  const std::size_t bytes = static_cast<std::size_t>(capacity) * size_of(type);
  auto memory = make_aligned<uint8_t>(bytes);
  std::memset(memory.get(), 0, bytes);
  return memory;
}

}  // namespace

std::vector<Batch> BatchRing::make(int depth, const Memory& memory) {
  std::vector<Batch> batches(static_cast<std::size_t>(depth) + 1);
  for (std::size_t i = 0; i < batches.size(); i++) {
    Batch& batch = batches[i];
    batch.position = i;
    batch.own = zeroed(memory.type, memory.capacity);
    batch.slot.samples = batch.own.get();
    batch.slot.type = memory.type;
    batch.slot.capacity = memory.capacity;
    if (!memory.raw) continue;
    batch.own_raw = zeroed(*memory.raw, memory.capacity);
    batch.raw.samples = batch.own_raw.get();
    batch.raw.type = *memory.raw;
    batch.raw.capacity = memory.capacity;
    batch.slot.raw = &batch.raw;
  }
  return batches;
}

void BatchRing::reset(int depth, const Memory& memory) {
  clear();
  memory_ = memory;
  batches_ = make(depth, memory);
  depth_ = depth;
}

void BatchRing::grow(int depth) {
  std::vector<Batch> larger = make(depth, memory_);
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
