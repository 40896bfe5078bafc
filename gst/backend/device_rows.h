// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows of a batch in the memory that the device wrote them to, for who sends them on as they are.
#pragma once

#include <cstddef>
#include <memory>

namespace npumel {

class DeviceOutput;

/// Gives the memory back to the stream that it is of, or to the device when that stream has ended.
struct GiveBack {
  void operator()(DeviceOutput* output) const noexcept;
};
/// Whoever holds it owns the rows and may write to them: neither stream nor device looks at them
/// any more, and they outlive both. Any thread may let go of it.
using DeviceRows = std::unique_ptr<DeviceOutput, GiveBack>;

/// Mapped; begins at a page.
void* data_of(const DeviceOutput& rows) noexcept;
std::size_t bytes_of(const DeviceOutput& rows) noexcept;
/// Descriptor of a dma-buf with the same memory, valid as long as the rows; -1: the driver gives
/// none.
int dma_buf_of(const DeviceOutput& rows) noexcept;

}  // namespace npumel
