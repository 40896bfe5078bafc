// SPDX-License-Identifier: LGPL-2.1-or-later
// Is there an NPU on this machine? Answered from sysfs and the device node, without opening XRT:
// loading it costs milliseconds, and it caches an empty device list for the life of the process.
#pragma once

#include <optional>
#include <string>

#include "gst/backend/types.h"

namespace npumel {

/// Where the probe looks; tests point it at a folder of their own.
struct ProbePaths {
  std::string driver = "/sys/bus/pci/drivers/amdxdna";
  std::string nodes = "/dev/accel";
};

/// Why the NPU cannot be used, in words for a user.
struct Absence {
  BackendFault fault = BackendFault::not_found;
  std::string reason;
};

/// Empty when a device is bound to the amdxdna driver and its node can be opened. Does not throw.
std::optional<Absence> npu_absence(const ProbePaths& paths = {});

}  // namespace npumel
