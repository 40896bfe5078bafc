// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernel packages for tests: well-formed files that no NPU would run.
#pragma once

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "kernels/aie2/host_twin.h"
#include "kernels/mel/sha256.h"
#include "tests/unit/backend/temporary_folder.h"

namespace npumel::test {

/// A transaction buffer of `words` words whose header gives its own size.
inline std::string test_instructions(uint32_t words = 8) {
  std::string bytes(words * sizeof(uint32_t), '\0');
  const auto size = static_cast<uint32_t>(bytes.size());
  std::memcpy(bytes.data() + 12, &size, sizeof size);
  return bytes;
}

/// What tells a test's packages from those of the tests before it, whose failures the process
/// remembers.
inline std::string& package_mark() {
  static std::string mark;
  return mark;
}

inline std::string test_xclbin(int abi, const std::string& recipe, int frames = 100) {
  return "xclbin2 v" + std::to_string(abi) + " " + recipe + " " + std::to_string(frames) + " " +
         package_mark();
}
inline std::string test_xclbin(int abi, int mels) {
  return test_xclbin(abi, "whisper" + std::to_string(mels));
}

inline nlohmann::json test_output(const std::string& recipe, int abi) {
  if (abi == 3)
    return {{"type", "float32"},
            {"layout", "frame-major"},
            {"log", recipe.starts_with("whisper") ? "log10" : "ln"}};
  return {{"type", abi == 1 ? "int8" : "int16"},
          {"layout", "frame-major"},
          {"scale", abi == 1 ? 0.05 : 1.0 / 2048},
          {"zero-point", abi == 1 ? 74 : 0}};
}

/// Of a kernel for `recipe`, whose name ends in its number of mels.
inline nlohmann::json test_manifest_of(const std::string& recipe, int frames = 100, int abi = 2) {
  const int mels = std::stoi(recipe.substr(recipe.find_first_of("0123456789")));
  return {{"format", 1},
          {"target", "npu1"},
          {"abi", abi},
          {"frames", frames},
          {"hop", 160},
          {"mels", mels},
          {"recipe", recipe},
          {"input",
           {{"type", "int16"}, {"samples", abi == 1 ? 400 * frames : 160 * (frames - 1) + 400}}},
          {"output", test_output(recipe, abi)},
          {"host-twin", aie2::twin_name(abi, recipe)},
          {"instruction-words", 8},
          {"sha256",
           {{"xclbin", sha256_hex(test_xclbin(abi, recipe, frames))},
            {"insts", sha256_hex(test_instructions())}}}};
}
inline nlohmann::json test_manifest(int abi = 2, int mels = 80) {
  return test_manifest_of("whisper" + std::to_string(mels), 100, abi);
}

inline std::string test_elf(int mels) {
  return "\x7f"
         "ELF " +
         test_xclbin(2, mels);
}

/// Format 2: one full ELF with a kernel called mel.
inline nlohmann::json test_elf_manifest(int mels = 80) {
  nlohmann::json manifest = test_manifest(2, mels);
  manifest["format"] = 2;
  manifest["kernel"] = "mel";
  manifest.erase("instruction-words");
  manifest["sha256"] = {{"elf", sha256_hex(test_elf(mels))}};
  return manifest;
}

/// Leaves NAME.json and NAME.elf in the folder.
inline void write_elf_package(const TemporaryFolder& folder, const std::string& name,
                              const nlohmann::json& manifest) {
  folder.write(name + ".json", manifest.dump());
  folder.write(name + ".elf", test_elf(manifest["mels"]));
}

/// Leaves NAME.json, NAME.xclbin and NAME.insts.bin in the folder.
inline void write_package(const TemporaryFolder& folder, const std::string& name,
                          const nlohmann::json& manifest) {
  folder.write(name + ".json", manifest.dump());
  folder.write(name + ".xclbin",
               test_xclbin(manifest["abi"].get<int>(), manifest["recipe"].get<std::string>(),
                           manifest["frames"].get<int>()));
  folder.write(name + ".insts.bin", test_instructions());
}

}  // namespace npumel::test
