// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders the packages of all folders by how well they serve.
#include "gst/backend/packages/package_selection.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cctype>

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

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool fits(const KernelManifest& manifest, const PackageQuery& query) {
  return manifest.target == query.target && kernel_serves(manifest.recipe, query.recipe) &&
         (manifest.abi != 1 || query.allow_v1);
}

}  // namespace

std::vector<std::string> package_folders(const std::string& kernel_path) {
  if (!kernel_path.empty()) return split(kernel_path);
  const char* named = secure_getenv("NPUMELSPEC_KERNEL_PATH");
  if (named != nullptr && *named != '\0') return split(named);
  return {NPUMELSPEC_KERNELS_DIR};
}

std::string device_target(const std::string& device_name) {
  const std::string name = lower(device_name);
  struct Known {
    const char* part;
    const char* target;
  };
  constexpr std::array<Known, 10> kKnown = {{{"npu1", "npu1"},
                                             {"phoenix", "npu1"},
                                             {"hawk", "npu1"},
                                             {"npu2", "npu4"},
                                             {"npu4", "npu4"},
                                             {"npu5", "npu4"},
                                             {"npu6", "npu4"},
                                             {"strix", "npu4"},
                                             {"krackan", "npu4"},
                                             {"gorgon", "npu4"}}};
  for (const Known& known : kKnown)
    if (name.find(known.part) != std::string::npos) return known.target;
  return "";
}

bool kernel_serves(const Recipe& kernel, const Recipe& wanted) {
  Recipe same_place = wanted;
  // A window as long as the FFT lies in one place only.
  if (wanted.win_length == wanted.n_fft) same_place.window_place = kernel.window_place;
  return same_mel(kernel, same_place);
}

bool has_kernel(const Recipe& wanted) {
  const std::array<Preset, 2> kernels = {Preset::whisper80, Preset::whisper128};
  return std::any_of(kernels.begin(), kernels.end(), [&](Preset preset) {
    return kernel_serves(resolve(preset, {}, published_rate(preset)), wanted);
  });
}

BackendError no_kernel(const Recipe& wanted) {
  return {BackendFault::unsupported,
          std::string("the recipe (") + nick(wanted.preset) +
              ") has no NPU kernel: there are kernels for whisper80, whisper128 and what differs "
              "from them in the logarithm's base or normalisation only"};
}

ChosenPackage choose_package(const PackageQuery& query, const std::vector<std::string>& folders) {
  if (!has_kernel(query.recipe)) throw no_kernel(query.recipe);
  std::vector<KernelManifest> fitting;
  std::vector<std::string> refused;
  std::vector<std::string> others;
  for (const std::string& folder : folders) {
    const PackageFolder found = read_package_folder(folder);
    refused.insert(refused.end(), found.refused.begin(), found.refused.end());
    for (auto manifest = found.manifests.rbegin(); manifest != found.manifests.rend(); ++manifest) {
      if (fits(*manifest, query))
        fitting.push_back(*manifest);
      else
        others.push_back(manifest->name);
    }
  }
  std::stable_sort(fitting.begin(), fitting.end(),
                   [](const KernelManifest& a, const KernelManifest& b) { return a.abi > b.abi; });
  std::vector<std::string> damaged;
  for (const KernelManifest& manifest : fitting) {
    try {
      return {load_package(manifest), damaged};
    } catch (const BackendError& error) {
      damaged.emplace_back(error.what());
    }
  }
  refused.insert(refused.end(), damaged.begin(), damaged.end());
  const std::string wanted = std::string("no kernel package for ") + nick(query.recipe.preset) +
                             " on " + query.target + " in " + joined(folders, ":");
  if (!refused.empty())
    throw BackendError(BackendFault::bad_package, wanted + "; refused: " + joined(refused, "; "));
  throw BackendError(BackendFault::not_found,
                     wanted + (others.empty() ? "" : "; found: " + joined(others, ", ")));
}

}  // namespace npumel
