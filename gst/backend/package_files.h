// SPDX-License-Identifier: LGPL-2.1-or-later
// Files of a folder that must not be trusted.
#pragma once

#include <string>
#include <vector>

namespace npumel {

/// An open folder that only root or the user can write to.
class PackageDirectory {
 public:
  /// Throws std::runtime_error with the reason (missing, not a folder, writable by others).
  explicit PackageDirectory(const std::string& folder);
  ~PackageDirectory();
  PackageDirectory(const PackageDirectory&) = delete;
  PackageDirectory& operator=(const PackageDirectory&) = delete;

  /// Names that end in `suffix`, sorted.
  std::vector<std::string> names_with(const std::string& suffix) const;
  /// The whole of a regular file directly in the folder; links are not followed. Throws
  /// std::runtime_error, also when it is larger than `limit`.
  std::string read(const std::string& name, std::size_t limit) const;

 private:
  std::string folder_;
  int descriptor_ = -1;
};

/// True for a file name that stays in its folder: no separator, not "." or "..", no leading dot.
bool is_plain_basename(const std::string& name);

}  // namespace npumel
