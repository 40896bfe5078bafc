// SPDX-License-Identifier: LGPL-2.1-or-later
// The output folder: files are made below it whatever links are there, whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace npumel::extract {

/// The output folder cannot be written any more (full, read-only, gone): the run has to end.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What stands at the place of an output cannot be one: the same command would fail again.
class OutputRefused : public OutputError {
 public:
  using OutputError::OutputError;
};

/// The lock file of a run, which marks an output folder as ours from its first run on.
inline constexpr const char* kLockStem = ".npumel-extract";
inline constexpr const char* kLockFile = ".npumel-extract.lock";

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Methods throw OutputError, which names the file and the system's reason. Any thread.
class Folder {
 public:
  enum class Missing { make, leave };
  /// Makes the folder if it is not there, or leaves it: nothing is to be read in it then, and it is
  /// not to be written. `writer` is this process's part of the names of temporary files, which lie
  /// in the folder itself.
  explicit Folder(const std::string& path, std::string writer = "",
                  Missing missing = Missing::make);

  bool exists() const { return static_cast<bool>(root_); }
  /// Whether npumel-extract had written here before this object was made.
  bool had_mark() const { return had_mark_; }

  const std::string& path() const { return path_; }

  /// Writes `parts` one after the other to a temporary file, syncs it and renames it to `name`
  /// (relative). Folders on the way are made. No link below the folder is followed.
  /// Throws std::invalid_argument when a file stands where a folder has to be, or the reverse.
  void replace(const std::string& name, std::span<const std::span<const std::byte>> parts) const;
  void replace(const std::string& name, const std::string& text) const;

  /// Opens `name`, a plain file name, to append to it; made if need be.
  Descriptor append_to(const std::string& name) const;
  void remove(const std::string& name) const;
  /// Renames a plain file name.
  void rename(const std::string& from, const std::string& to) const;
  /// The size of a regular file below the folder.
  std::optional<uint64_t> size_of(const std::string& name) const;
  /// What is in a file, none when there is no such file. No link is followed.
  std::optional<std::string> read(const std::string& name) const;

  /// Removes temporary files that a killed process with the same `writer` left. With an empty one:
  /// of every writer.
  void remove_leftovers() const;

  /// Holds a lock file as long as the descriptor lives; none when another process has it.
  Descriptor lock(const std::string& name, bool shared) const;

 private:
  std::string temporary_prefix() const;

  std::string path_, writer_;
  Descriptor root_;
  bool had_mark_ = false;
};

/// Writes everything; throws OutputError, naming `what`.
void write_all(int fd, std::span<const std::byte> bytes, const std::string& what);

}  // namespace npumel::extract
