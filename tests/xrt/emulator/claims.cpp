// SPDX-License-Identifier: LGPL-2.1-or-later
// What processes share of the emulated device, as locks on bytes of its node.
#include "tests/xrt/emulator/claims.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace npumel::emu {
namespace {

// Which bytes stand for what; the node is empty, locks may lie beyond its end.
constexpr off_t kContexts = 0;
constexpr off_t kPartitions = 4096;
constexpr off_t kWaiting = 8192;

/// A description of its own: locks between two of one process exclude each other, too.
int open_node() {
  // Not open(), which is ours.
  const long fd = syscall(SYS_openat, AT_FDCWD, device_node().c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "emulated device node");
  return static_cast<int>(fd);
}

struct flock lock_of(short type, off_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

std::optional<Claim> claim_one(off_t first, uint64_t limit) {
  const int fd = open_node();
  Claim mine(fd);
  for (uint64_t i = 0; i < limit; ++i) {
    struct flock lock = lock_of(F_WRLCK, first + static_cast<off_t>(i));
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return mine;
  }
  return std::nullopt;
}

}  // namespace

const std::string& device_node() {
  static const std::string kNode = [] {
    const char* named = std::getenv("NPUMEL_EMU_NODE");
    return std::string(named ? named : "/dev/accel/accel0");
  }();
  return kNode;
}

Claim::~Claim() {
  if (fd_ >= 0) close(fd_);
}

std::optional<Claim> claim_context(uint64_t limit) { return claim_one(kContexts, limit); }
std::optional<Claim> claim_partition(uint64_t limit) { return claim_one(kPartitions, limit); }

Claim wait_for_partition() {
  const int fd = open_node();
  struct flock lock = lock_of(F_RDLCK, kWaiting);
  fcntl(fd, F_OFD_SETLK, &lock);
  return Claim(fd);
}

bool partition_is_wanted() {
  const int fd = open_node();
  const Claim closes(fd);
  struct flock lock = lock_of(F_WRLCK, kWaiting);
  return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace npumel::emu
