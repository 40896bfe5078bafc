// SPDX-License-Identifier: LGPL-2.1-or-later
// A build without libgstanalytics.
#include "gst/npumelspec/tensor.h"

namespace npumel {

bool have_tensor_meta() noexcept { return false; }

void attach_tensor_meta(GstBuffer* /*buffer*/, Layout /*layout*/, ElementType /*type*/,
                        int /*mels*/, int /*frames*/) {}

}  // namespace npumel
