// SPDX-License-Identifier: LGPL-2.1-or-later
// Which kernel package serves a recipe on a device.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gst/backend/packages/kernel_package.h"

namespace npumel {

/// Kernel folders in order of preference: `kernel_path` (colon-separated), else the environment
/// variable NPUMELSPEC_KERNEL_PATH (ignored in set-uid programs), else the installed folder.
std::vector<std::string> package_folders(const std::string& kernel_path);

/// "npu1" or "npu4" (npu2, npu4, npu5 and npu6: one instruction set, one column layout) from a name
/// as the driver gives it, which must match exactly. "" for a name we do not know.
std::string device_target(const std::string& device_name);

/// True when rows of a kernel for `kernel` are the raw rows of `wanted` up to the logarithm's base.
bool kernel_serves(const Recipe& kernel, const Recipe& wanted);

/// True when kernels/aie2 has a kernel for this recipe at all.
bool has_kernel(const Recipe& wanted);

/// What to throw or say when there is none.
BackendError no_kernel(const Recipe& wanted);

struct PackageQuery {
  std::string target;
  Recipe recipe;
  bool allow_v1 = false;      ///< 8-bit rows only for who asks for them
  int frames = kBatchFrames;  ///< of a run
};

struct ChosenPackage {
  KernelPackage package;
  std::vector<std::string> refused;  ///< better ones that do not serve, one line each
};

/// The best of `folders` for the query: ABI 2 before 1, then the earlier folder, then the last
/// name. One whose files are damaged, or that `use` (may be empty) throws BackendError for, gives
/// way to the next, unless no hardware context or no permission is the reason. Throws BackendError:
/// unsupported when the recipe has no kernel, not_found when no package fits; else what the best
/// one was refused for, with all reasons in the text.
ChosenPackage choose_package(const PackageQuery& query, const std::vector<std::string>& folders,
                             const std::function<void(const KernelPackage&)>& use = {});

}  // namespace npumel
