// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens the XRT module on demand, once, and keeps it: XRT starts threads and cannot be unloaded.
#pragma once

#include <string>

#include "gst/backend/xrt_api.h"

namespace npumel {

struct LoadedModule {
  const NpumelXrtApi* api = nullptr;
  std::string reason;  ///< why there is none
};

/// The module's table. The first success is remembered for the process; a failure is tried again
/// at the next call. The file is npumelspec-xrt.so in the private library folder, or what the
/// environment variable NPUMELSPEC_XRT_MODULE names (ignored in set-uid programs). From any thread.
LoadedModule load_xrt_module();

/// The same for one file, not remembered.
LoadedModule load_xrt_module(const std::string& file);

}  // namespace npumel
