// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads sysfs and the rights of the device node.
#include "gst/backend/device/npu_probe.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

namespace npumel {
namespace {

namespace fs = std::filesystem;

// Bound devices appear as links named by their PCI address; the driver's own files (bind, new_id,
// module) carry no colon.
bool has_bound_device(const std::string& driver) {
  std::error_code error;
  for (fs::directory_iterator it(driver, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().find(':') != std::string::npos) return true;
  return false;
}

// Names of the nodes of the driver's devices: another driver's may be accel0. None where sysfs does
// not tell.
std::set<std::string> nodes_of(const std::string& driver) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(driver, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().find(':') == std::string::npos) continue;
    std::error_code none;
    for (fs::directory_iterator node(it->path() / "accel", none); !none && node != end;
         node.increment(none))
      names.insert(node->path().filename().string());
  }
  return names;
}

enum class Nodes { none, closed, open };

Nodes look_at_nodes(const std::string& folder, const std::set<std::string>& own,
                    std::string& name) {
  Nodes found = Nodes::none;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string node = it->path().filename().string();
    if (node.rfind("accel", 0) != 0 || (!own.empty() && !own.contains(node))) continue;
    if (access(it->path().c_str(), R_OK | W_OK) == 0) return Nodes::open;
    found = Nodes::closed;
    name = it->path().string();
  }
  return found;
}

}  // namespace

std::optional<Absence> npu_absence(const ProbePaths& paths) {
  // XRT then shows an emulated Alveo card instead of the NPU, or throws.
  if (const char* mode = std::getenv("XCL_EMULATION_MODE"); mode != nullptr && *mode != '\0')
    return Absence{BackendFault::not_found, "XCL_EMULATION_MODE=" + printable(mode) +
                                                " is set, which hides the NPU from XRT: unset it"};
  std::error_code error;
  if (!fs::is_directory(paths.driver, error))
    return Absence{BackendFault::not_found, "no NPU: the amdxdna kernel driver is not loaded (" +
                                                paths.driver + " does not exist)"};
  if (!has_bound_device(paths.driver))
    return Absence{BackendFault::not_found,
                   "no NPU: the amdxdna kernel driver is loaded but bound to no device"};
  std::string name;
  switch (look_at_nodes(paths.nodes, nodes_of(paths.driver), name)) {
    case Nodes::none:
      return Absence{BackendFault::not_found, "no NPU device node in " + paths.nodes};
    case Nodes::closed:
      return Absence{BackendFault::permission,
                     "no permission to open " + name + ": add the user to the group render"};
    case Nodes::open:
      break;
  }
  return std::nullopt;
}

}  // namespace npumel
