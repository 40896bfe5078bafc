// SPDX-License-Identifier: LGPL-2.1-or-later
// The debug category npumelspec: INFO for every change of state, negotiation result, fallback and
// recovery, DEBUG for every resync and drain, LOG for every batch and buffer with its numbers.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(npumelspec_debug);

namespace npumel {

/// Once per process, before anything is logged: from the class's initialisation.
void init_debug_category();

}  // namespace npumel
