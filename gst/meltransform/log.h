// SPDX-License-Identifier: LGPL-2.1-or-later
// The debug category meltransform: INFO for what was negotiated and every new stream, DEBUG for
// every end of a stream, LOG for every buffer.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(mel_transform_debug);
