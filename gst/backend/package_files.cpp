// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/package_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace npumel {
namespace {

std::string errno_text() { return std::generic_category().message(errno); }

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

}  // namespace

bool is_plain_basename(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() < 256 &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

PackageDirectory::PackageDirectory(const std::string& folder) : folder_(folder) {
  Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0) throw std::runtime_error(folder + ": " + errno_text());
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) throw std::runtime_error(folder + ": " + errno_text());
  if (status.st_uid != 0 && status.st_uid != geteuid())
    throw std::runtime_error(folder + ": belongs to another user, not used");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw std::runtime_error(folder + ": others can write to it, not used (chmod go-w)");
  descriptor_ = opened.release();
}

PackageDirectory::~PackageDirectory() { ::close(descriptor_); }

std::vector<std::string> PackageDirectory::names_with(const std::string& suffix) const {
  std::vector<std::string> names;
  Descriptor copy(openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* opened = copy.get() < 0 ? nullptr : fdopendir(copy.get());
  if (opened == nullptr) return names;
  copy.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opened, closedir);
  while (const dirent* entry = readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = entry->d_name;
    if (name.size() > suffix.size() && name.ends_with(suffix) && is_plain_basename(name))
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string PackageDirectory::read(const std::string& name, std::size_t limit) const {
  const std::string label = folder_ + "/" + name;
  if (!is_plain_basename(name)) throw std::runtime_error(label + ": not a plain file name");
  // NONBLOCK: a FIFO must not hold us up before we see that it is one.
  const Descriptor file(
      openat(descriptor_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0)
    throw std::runtime_error(label + ": " +
                             (errno == ELOOP ? "is a link, not followed" : errno_text()));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw std::runtime_error(label + ": " + errno_text());
  if (!S_ISREG(status.st_mode)) throw std::runtime_error(label + ": is not a regular file");
  if (static_cast<std::size_t>(status.st_size) > limit)
    throw std::runtime_error(label + ": " + std::to_string(status.st_size) + " bytes, at most " +
                             std::to_string(limit));
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error(label + ": cannot be read in full");
    done += static_cast<std::size_t>(got);
  }
  return content;
}

}  // namespace npumel
