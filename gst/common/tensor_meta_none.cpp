// SPDX-License-Identifier: LGPL-2.1-or-later
// A build without libgstanalytics.
#include "gst/common/tensor.h"

namespace npumel {

bool have_tensor_meta() noexcept { return false; }

void attach_tensor_meta(GstBuffer* /*buffer*/, const char* /*id*/, Layout /*layout*/,
                        ElementType /*type*/, int /*width*/, int /*frames*/) {}

}  // namespace npumel
