// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens the XRT module on demand, once, and keeps it: XRT starts threads and cannot be unloaded.
#pragma once

#include <string>

#include "gst/backend/types.h"
#include "gst/backend/xrt/xrt_api.h"

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

inline BackendFault fault_of(NpumelXrtStatus status) {
  switch (status) {
    case NPUMEL_XRT_NOT_FOUND:
      return BackendFault::not_found;
    case NPUMEL_XRT_BUSY:
      return BackendFault::busy;
    case NPUMEL_XRT_PERMISSION:
      return BackendFault::permission;
    case NPUMEL_XRT_BAD_PACKAGE:
      return BackendFault::bad_package;
    default:
      return BackendFault::failed;
  }
}

/// Throws BackendError unless `status` is ok.
inline void check_xrt(NpumelXrtStatus status, const NpumelXrtError& error,
                      const std::string& prefix = "") {
  if (status != NPUMEL_XRT_OK) throw BackendError(fault_of(status), prefix + error.text);
}

}  // namespace npumel
