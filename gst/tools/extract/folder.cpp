// SPDX-License-Identifier: LGPL-2.1-or-later
// The output folder, by openat(2) and O_NOFOLLOW from its own descriptor on.
#include "gst/tools/extract/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace fs = std::filesystem;

namespace npumel::extract {
namespace {

constexpr mode_t kFileMode = 0666, kFolderMode = 0777;  // less the umask

[[noreturn]] void fail(const std::string& what) {
  const std::string text = what + ": " + std::strerror(errno);
  switch (errno) {
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
      throw OutputRefused(text);
    default:
      throw OutputError(text);
  }
}

/// The folder that holds `name`, opened below `root`; `make` makes what is missing.
Descriptor open_parent(int root, const fs::path& name, bool make) {
  Descriptor folder(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const fs::path& part : name.parent_path()) {
    if (make && mkdirat(folder.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST)
      return Descriptor();
    Descriptor next(
        openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return next;
    folder = std::move(next);
  }
  return folder;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

void write_all(int fd, std::span<const std::byte> bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(what);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

Folder::Folder(const std::string& path, std::string writer, Missing missing)
    : writer_(std::move(writer)) {
  std::error_code error;
  if (missing == Missing::make) fs::create_directories(path, error);
  if (!error) path_ = fs::weakly_canonical(path, error).string();
  if (error) {
    errno = error.value();
    fail(path);
  }
  root_ = Descriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_ && !(missing == Missing::leave && errno == ENOENT)) fail(path);
  had_mark_ = root_ && size_of(kLockFile);
}

void Folder::replace(const std::string& name,
                     std::span<const std::span<const std::byte>> parts) const {
  const std::string whole = path_ + "/" + name;
  const Descriptor parent = open_parent(root_.get(), name, true);
  if (!parent) {
    if (errno == ENOTDIR || errno == ELOOP)
      throw std::invalid_argument("its output would lie below a file or a link: " + whole);
    fail(whole);
  }
  // Its own name for each thread, for one array at a time.
  const std::string temporary = temporary_prefix() + std::to_string(gettid()) + ".part";
  const std::string file = fs::path(name).filename().string();
  try {
    const Descriptor part(openat(root_.get(), temporary.c_str(),
                                 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!part) fail(whole);
    for (const auto& bytes : parts) write_all(part.get(), bytes, whole);
    if (fdatasync(part.get()) != 0) fail(whole);
    if (renameat(root_.get(), temporary.c_str(), parent.get(), file.c_str()) != 0) {
      if (errno == EISDIR)
        throw std::invalid_argument("a folder stands where its output should be: " + whole);
      fail(whole);
    }
  } catch (...) {
    unlinkat(root_.get(), temporary.c_str(), 0);
    throw;
  }
}

void Folder::replace(const std::string& name, const std::string& text) const {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  replace(name, std::span(&bytes, 1));
}

std::string Folder::temporary_prefix() const { return ".npumel-extract" + writer_ + "-"; }

void Folder::remove_leftovers() const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    const std::string start = writer_.empty() ? ".npumel-extract" : temporary_prefix();
    if (name.starts_with(start) && name.ends_with(".part")) unlinkat(root_.get(), name.c_str(), 0);
  }
}

Descriptor Folder::append_to(const std::string& name) const {
  Descriptor file(openat(root_.get(), name.c_str(),
                         O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file) fail(path_ + "/" + name);
  return file;
}

void Folder::remove(const std::string& name) const {
  if (unlinkat(root_.get(), name.c_str(), 0) != 0) fail(path_ + "/" + name);
}

void Folder::rename(const std::string& from, const std::string& to) const {
  if (renameat(root_.get(), from.c_str(), root_.get(), to.c_str()) != 0) fail(path_ + "/" + to);
}

std::optional<uint64_t> Folder::size_of(const std::string& name) const {
  const Descriptor parent = open_parent(root_.get(), name, false);
  struct stat status = {};
  if (!parent ||
      fstatat(parent.get(), fs::path(name).filename().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(status.st_mode))
    return std::nullopt;
  return static_cast<uint64_t>(status.st_size);
}

std::optional<std::string> Folder::read(const std::string& name) const {
  if (!exists()) return std::nullopt;
  const Descriptor file(openat(root_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) fail(path_ + "/" + name);
  std::string text;
  char block[1 << 16];
  ssize_t got = 0;
  while ((got = ::read(file.get(), block, sizeof block)) > 0)
    text.append(block, static_cast<size_t>(got));
  if (got < 0) fail(path_ + "/" + name);
  return text;
}

Descriptor Folder::lock(const std::string& name, bool shared) const {
  Descriptor file = append_to(name);
  if (flock(file.get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) fail(path_ + "/" + name);
  return Descriptor();
}

}  // namespace npumel::extract
