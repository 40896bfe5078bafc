// SPDX-License-Identifier: LGPL-2.1-or-later
// A kernel package: a manifest, an xclbin and its instructions, side by side in a folder.
// Everything in it is untrusted until it has been checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gst/backend/types.h"

namespace npumel {

/// How rows come out of the device: log10 = (q - zero_point) * scale.
struct RowCoding {
  int bytes = 2;  ///< of one value q: 1 or 2, signed; 4, float32
  double scale = 1.0 / 2048;
  int zero_point = 0;
  double step = 1.0 / 2048;  ///< what the device rounds to, log10

  bool operator==(const RowCoding&) const = default;
};

/// What a manifest says, checked.
struct KernelManifest {
  /// 1: xclbin and instructions; 2: one full ELF.
  int format = 1;
  std::string name;    ///< file name without ".json"
  std::string folder;  ///< where it was found
  std::string target;  ///< "npu1", "npu4" ...
  int abi = 2;
  int frames = kBatchFrames;  ///< of a run: 100, or 1000 for backlogs
  Recipe recipe;              ///< raw rows of this recipe
  RowCoding coding;
  double tolerance = 0.1;  ///< against software, log10; used when there is no host twin
  std::string host_twin;   ///< "" = none named
  std::size_t instruction_words = 0;
  std::string xclbin_sha256;
  std::string instructions_sha256;
  std::string elf_sha256;  ///< of format 2
  std::string elf_kernel;  ///< the kernel's name in the ELF

  std::size_t input_bytes() const;
  std::size_t output_bytes() const;
};

struct KernelPackage {
  KernelManifest manifest;
  std::string xclbin;
  std::string instructions;
  std::string elf;
};

inline constexpr std::size_t kMaxManifestBytes = 64 * 1024;
inline constexpr std::size_t kMaxXclbinBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kMaxInstructionBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxElfBytes = 64 * 1024 * 1024;

/// Reads manifest text. Throws BackendError(bad_package) with one line that names the file and what
/// is wrong with it.
KernelManifest parse_manifest(const std::string& folder, const std::string& name,
                              std::string_view text);

/// Reads and checks the binary files. Throws BackendError(bad_package).
KernelPackage load_package(const KernelManifest& manifest);

struct PackageFolder {
  std::vector<KernelManifest> manifests;  ///< by name
  std::vector<std::string> refused;       ///< one line each
};

/// All manifests of a folder. A folder that does not exist is empty; one that others may write to
/// is refused as a whole. Throws std::bad_alloc only.
PackageFolder read_package_folder(const std::string& folder);

/// An open folder that only root or the user can write to.
class PackageDirectory {
 public:
  /// Throws std::runtime_error with the reason: missing, not a folder, a link, owned or writable by
  /// others, below a folder that everybody can write to.
  explicit PackageDirectory(const std::string& folder);
  ~PackageDirectory();
  PackageDirectory(const PackageDirectory&) = delete;
  PackageDirectory& operator=(const PackageDirectory&) = delete;

  /// Names that end in `suffix`, sorted.
  std::vector<std::string> names_with(const std::string& suffix) const;
  /// The whole of a regular file directly in the folder; links are not followed. Throws
  /// std::runtime_error, also when others own it or can write to it, and when it is larger than
  /// `limit`.
  std::string read(const std::string& name, std::size_t limit) const;

 private:
  std::string folder_;
  int descriptor_ = -1;
};

/// True for a file name that stays in its folder: no separator, not "." or "..", no leading dot.
bool is_plain_basename(const std::string& name);

}  // namespace npumel
