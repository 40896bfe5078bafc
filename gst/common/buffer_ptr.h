// SPDX-License-Identifier: LGPL-2.1-or-later
// A buffer that is owned.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace npumel {

struct BufferDeleter {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, BufferDeleter>;

}  // namespace npumel
