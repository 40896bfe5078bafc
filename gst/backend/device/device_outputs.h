// SPDX-License-Identifier: LGPL-2.1-or-later
// The output memory of a stream's runs that has been sent on with rows in it, and what waits to be
// written to next.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "gst/backend/device_rows.h"
#include "gst/backend/xrt/xrt_api.h"

namespace npumel {

class DeviceOutputs;

/// One piece of memory.
class DeviceOutput {
 public:
  DeviceOutput(const NpumelXrtApi& api, NpumelXrtOutput* made, std::size_t size) noexcept
      : handle(made), bytes(size), api_(api) {}
  ~DeviceOutput() { api_.output_destroy(handle); }
  DeviceOutput(const DeviceOutput&) = delete;
  DeviceOutput& operator=(const DeviceOutput&) = delete;

  NpumelXrtOutput* const handle;
  const std::size_t bytes;
  NpumelXrtRows rows{};
  std::shared_ptr<DeviceOutputs> home;  ///< while it is out

 private:
  const NpumelXrtApi& api_;
};

/// Any thread.
class DeviceOutputs : public std::enable_shared_from_this<DeviceOutputs> {
 public:
  /// Device memory is locked: who holds more buffers than this gets copies.
  static constexpr std::size_t kMost = 16;

  DeviceOutputs(const NpumelXrtApi& api, std::size_t bytes);

  /// Memory that nobody uses, made on `context` if need be; null when there is none.
  DeviceRows take(NpumelXrtContext* context) noexcept;
  /// What comes back from now on is not kept.
  void close() noexcept;

 private:
  friend GiveBack;
  void give_back(std::unique_ptr<DeviceOutput> output) noexcept;

  const NpumelXrtApi& api_;
  const std::size_t bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<DeviceOutput>> free_;
  std::size_t made_ = 0;
  bool closed_ = false;
};

}  // namespace npumel
