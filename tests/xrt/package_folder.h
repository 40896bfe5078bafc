// SPDX-License-Identifier: LGPL-2.1-or-later
// Folders of kernel packages that a test puts together.
#pragma once

#include <filesystem>
#include <string>

#include "kernels/mel/sha256.h"
#include "tests/unit/support/npy.h"
#include "tests/xrt/npu_stream.h"

namespace npumel::xrt_test {

/// A folder that is gone at the end.
class PackageFolder {
 public:
  PackageFolder() {
    path_ = std::filesystem::temp_directory_path() / "npumelspec-packages-XXXXXX";
    fail_unless(mkdtemp(path_.data()) != nullptr);
  }
  ~PackageFolder() { std::filesystem::remove_all(path_); }
  PackageFolder(const PackageFolder&) = delete;
  PackageFolder& operator=(const PackageFolder&) = delete;

  const std::string& path() const { return path_; }

  /// A copy of a test package under this name.
  void add(const std::string& package, const std::string& name) const {
    for (const char* kind : {".json", ".xclbin", ".insts.bin"})
      write(name + kind,
            text_of(std::string(TEST_PACKAGES) + "/" + package + "/" + package + kind));
  }
  /// Puts other bytes in place of the package's xclbin; the manifest is made to agree.
  void replace_xclbin(const std::string& name, const std::string& bytes) const {
    const std::string old = text_of(path_ + "/" + name + ".xclbin");
    std::string manifest = text_of(path_ + "/" + name + ".json");
    const std::string sum = sha256_hex(old);
    const size_t at = manifest.find(sum);
    fail_unless(at != std::string::npos);
    manifest.replace(at, sum.size(), sha256_hex(bytes));
    write(name + ".json", manifest);
    write(name + ".xclbin", bytes);
  }

 private:
  static std::string text_of(const std::filesystem::path& path) {
    const auto bytes = test::read_bytes(path);
    return {bytes.begin(), bytes.end()};
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
  }

  std::string path_;
};

}  // namespace npumel::xrt_test
