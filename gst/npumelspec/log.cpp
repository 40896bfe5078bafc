// SPDX-License-Identifier: LGPL-2.1-or-later
// Defines the debug category npumelspec.
#include "gst/npumelspec/log.h"

GST_DEBUG_CATEGORY(npumelspec_debug);

namespace npumel {

void init_debug_category() {
  GST_DEBUG_CATEGORY_INIT(npumelspec_debug, "npumelspec", 0, "mel spectrogram");
}

}  // namespace npumel
