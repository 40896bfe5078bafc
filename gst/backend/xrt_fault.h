// SPDX-License-Identifier: LGPL-2.1-or-later
// Statuses of the XRT module as exceptions.
#pragma once

#include <string>

#include "gst/backend/mel_backend.h"
#include "gst/backend/xrt_api.h"

namespace npumel {

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
