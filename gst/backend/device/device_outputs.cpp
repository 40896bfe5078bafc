// SPDX-License-Identifier: LGPL-2.1-or-later
// Output memory goes out with rows and comes back.
#include "gst/backend/device/device_outputs.h"

#include <new>
#include <utility>

namespace npumel {

void* data_of(const DeviceOutput& rows) noexcept { return rows.rows.data; }
std::size_t bytes_of(const DeviceOutput& rows) noexcept { return rows.bytes; }
int dma_buf_of(const DeviceOutput& rows) noexcept { return rows.rows.dma_buf; }

void GiveBack::operator()(DeviceOutput* output) const noexcept {
  std::unique_ptr<DeviceOutput> owned(output);
  if (const std::shared_ptr<DeviceOutputs> home = std::move(owned->home))
    home->give_back(std::move(owned));
}

DeviceOutputs::DeviceOutputs(const NpumelXrtApi& api, std::size_t bytes)
    : api_(api), bytes_(bytes) {
  free_.reserve(kMost);
}

DeviceRows DeviceOutputs::take(NpumelXrtContext* context) noexcept {
  std::unique_ptr<DeviceOutput> found;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      found = std::move(free_.back());
      free_.pop_back();
    } else if (made_ == kMost) {
      return nullptr;
    } else {
      made_++;
    }
  }
  if (!found) {
    NpumelXrtError error{};
    NpumelXrtOutput* made = nullptr;
    if (api_.output_make(context, bytes_, &made, &error) == NPUMEL_XRT_OK) {
      try {
        found = std::make_unique<DeviceOutput>(api_, made, bytes_);
      } catch (const std::bad_alloc&) {
        api_.output_destroy(made);
      }
    }
    if (!found) {
      const std::lock_guard lock(mutex_);
      made_--;
      return nullptr;
    }
  }
  found->home = shared_from_this();
  return DeviceRows(found.release());
}

void DeviceOutputs::give_back(std::unique_ptr<DeviceOutput> output) noexcept {
  const std::lock_guard lock(mutex_);
  if (!closed_) free_.push_back(std::move(output));
}

void DeviceOutputs::close() noexcept {
  std::vector<std::unique_ptr<DeviceOutput>> unused;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  unused.swap(free_);
}

}  // namespace npumel
