// SPDX-License-Identifier: LGPL-2.1-or-later
// A buffer with the memory that the NPU wrote its rows to.
#pragma once

#include "gst/backend/device_rows.h"
#include "gst/common/pointers.h"

namespace npumel {

/// Plain memory for who maps it; its dma-buf, where there is one, is qdata: NPU_MEL_QDATA_DMABUF.
/// The device's memory is given back when the last GstMemory that shares it goes, on whatever
/// thread.
BufferPtr device_buffer(DeviceRows rows);

}  // namespace npumel
