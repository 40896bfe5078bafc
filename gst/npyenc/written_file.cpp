// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens, checks and completes the file that downstream writes, with POSIX calls.
#include "gst/npyenc/written_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace npumel {
namespace {

/// The path that downstream writes to, or null. The caller frees it.
gchar* downstream_path(GstPad* srcpad) {
  GstQuery* query = gst_query_new_uri();
  gchar* uri = nullptr;
  if (gst_pad_peer_query(srcpad, query)) gst_query_parse_uri(query, &uri);
  gst_query_unref(query);
  gchar* path = uri != nullptr ? g_filename_from_uri(uri, nullptr, nullptr) : nullptr;
  g_free(uri);
  return path;
}

}  // namespace

void WrittenFile::open(GstPad* srcpad) noexcept {
  close();
  gchar* path = downstream_path(srcpad);
  if (path == nullptr) return;
  // O_NONBLOCK: the open of a FIFO must not wait for a peer.
  descriptor_ = ::open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  g_free(path);
  struct stat status = {};
  if (is_open() && (fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode))) close();
}

void WrittenFile::close() noexcept {
  struct stat status = {};
  if (is_open() && fstat(descriptor_, &status) == 0) {
    known_ = true;
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  if (is_open()) ::close(descriptor_);
  descriptor_ = -1;
}

bool WrittenFile::empty_own() noexcept {
  struct stat status = {};
  return known_ && fstat(descriptor_, &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_ && ftruncate(descriptor_, 0) == 0;
}

uint64_t WrittenFile::size() const noexcept {
  struct stat status = {};
  return is_open() && fstat(descriptor_, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

bool WrittenFile::begins_with(const NpyHeader& header) const noexcept {
  NpyHeader start;
  return is_open() &&
         pread(descriptor_, start.data(), start.size(), 0) == static_cast<ssize_t>(start.size()) &&
         start == header;
}

bool WrittenFile::complete(const NpyHeader& header, uint64_t data_size) noexcept {
  return ftruncate(descriptor_, static_cast<off_t>(header.size() + data_size)) == 0 &&
         pwrite(descriptor_, header.data(), header.size(), 0) ==
             static_cast<ssize_t>(header.size());
}

}  // namespace npumel
