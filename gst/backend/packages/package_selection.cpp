// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders the packages of all folders by how well they serve.
#include "gst/backend/packages/package_selection.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace npumel {
namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    if (end > start) parts.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// What kernels/aie2 computes.
constexpr std::array<Preset, 5> kKernels = {Preset::whisper80, Preset::whisper128, Preset::nemo80,
                                            Preset::nemo128, Preset::kaldi80};

bool fits(const KernelManifest& manifest, const PackageQuery& query) {
  return manifest.target == query.target && kernel_serves(manifest.recipe, query.recipe);
}

}  // namespace

std::vector<std::string> package_folders(const std::string& kernel_path) {
  if (!kernel_path.empty()) return split(kernel_path);
  const char* named = secure_getenv("NPUMELSPEC_KERNEL_PATH");
  if (named != nullptr && *named != '\0') return split(named);
  return {NPUMELSPEC_KERNELS_DIR};
}

std::string device_target(const std::string& device_name) {
  struct Known {
    const char* name;
    const char* target;
  };
  // As the driver names its devices: by number, newer versions by product.
  constexpr std::array<Known, 14> kKnown = {{{"RyzenAI-npu1", "npu1"},
                                             {"NPU Phoenix", "npu1"},
                                             {"NPU Hawk Point", "npu1"},
                                             {"RyzenAI-npu2", "npu4"},
                                             {"RyzenAI-npu4", "npu4"},
                                             {"RyzenAI-npu5", "npu4"},
                                             {"RyzenAI-npu6", "npu4"},
                                             {"NPU Strix", "npu4"},
                                             {"NPU Strix Point", "npu4"},
                                             {"NPU Strix Halo", "npu4"},
                                             {"NPU Krackan", "npu4"},
                                             {"NPU Krackan 1", "npu4"},
                                             {"NPU Krackan 2", "npu4"},
                                             {"NPU Gorgon Point", "npu4"}}};
  const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&](const Known& each) { return device_name == each.name; });
  return known == kKnown.end() ? "" : known->target;
}

bool kernel_serves(const Recipe& kernel, const Recipe& wanted) {
  Recipe same_place = wanted;
  // A window as long as the FFT lies in one place only.
  if (wanted.win_length == wanted.n_fft) same_place.window_place = kernel.window_place;
  return same_mel(kernel, same_place);
}

bool has_kernel(const Recipe& wanted) {
  return std::any_of(kKernels.begin(), kKernels.end(), [&](Preset preset) {
    return kernel_serves(resolve(preset, {}, published_rate(preset)), wanted);
  });
}

BackendError no_kernel(const Recipe& wanted) {
  return {BackendFault::unsupported,
          std::string("the recipe (") + nick(wanted.preset) +
              ") has no NPU kernel: there are kernels for whisper80, whisper128, nemo80, nemo128, "
              "kaldi80 and what differs from them in the logarithm's base or normalisation only"};
}

ChosenPackage choose_package(const PackageQuery& query, const std::vector<std::string>& folders,
                             const std::function<void(const KernelPackage&)>& use) {
  if (!has_kernel(query.recipe)) throw no_kernel(query.recipe);
  std::vector<KernelManifest> fitting;
  std::vector<std::string> refused;
  std::vector<std::string> others;
  for (const std::string& folder : folders) {
    const PackageFolder found = read_package_folder(folder);
    refused.insert(refused.end(), found.refused.begin(), found.refused.end());
    for (auto manifest = found.manifests.rbegin(); manifest != found.manifests.rend(); ++manifest) {
      if (!fits(*manifest, query))
        others.push_back(manifest->name);
      else if (manifest->frames != query.frames)
        others.push_back(manifest->name + " (" + std::to_string(manifest->frames) +
                         " frames: used for backlogs, beside one of 100)");
      else if (manifest->abi == 1 && !query.allow_v1)
        others.push_back(manifest->name +
                         " (8-bit rows: used only with backend=npu or a kernel-path)");
      else
        fitting.push_back(*manifest);
    }
  }
  std::stable_sort(fitting.begin(), fitting.end(),
                   [](const KernelManifest& a, const KernelManifest& b) { return a.abi > b.abi; });
  std::vector<std::string> unusable;
  std::optional<BackendFault> first_fault;
  bool permanent = true;
  for (const KernelManifest& manifest : fitting) {
    try {
      ChosenPackage chosen{load_package(manifest), {}};
      if (use) use(chosen.package);
      chosen.refused = std::move(unusable);
      return chosen;
    } catch (const BackendError& error) {
      if (error.fault() == BackendFault::busy || error.fault() == BackendFault::permission) throw;
      if (fitting.size() == 1 && refused.empty()) throw;
      if (!first_fault) first_fault = error.fault();
      permanent = permanent && error.permanent();
      unusable.emplace_back(error.what());
    }
  }
  refused.insert(refused.begin(), unusable.begin(), unusable.end());
  const std::string wanted = std::string("no kernel package for ") + nick(query.recipe.preset) +
                             " on " + query.target + " in " + joined(folders, ":");
  if (!refused.empty())
    throw BackendError(first_fault.value_or(BackendFault::bad_package),
                       wanted + "; refused: " + joined(refused, "; "), first_fault && permanent);
  throw BackendError(BackendFault::not_found,
                     wanted + (others.empty() ? "" : "; found: " + joined(others, ", ")));
}

}  // namespace npumel
