// SPDX-License-Identifier: LGPL-2.1-or-later
// What all processes share of the device: its hardware contexts and the partitions of its array.
// Each is a byte of the device node under a lock, which ends with the process that holds it, as the
// kernel cleans up after a process that dies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace npumel::emu {

/// Path of the node that the emulated driver serves (NPUMEL_EMU_NODE, or /dev/accel/accel0).
const std::string& device_node();

/// Something that is held until this object ends.
class Claim {
 public:
  explicit Claim(int fd) : fd_(fd) {}
  ~Claim();
  Claim(Claim&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Claim& operator=(Claim&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  int fd_;
};

/// One of `limit` hardware contexts, or nothing when all are in use.
std::optional<Claim> claim_context(uint64_t limit);
/// One of `limit` partitions.
std::optional<Claim> claim_partition(uint64_t limit);
/// Says to those who hold partitions that somebody wants one.
Claim wait_for_partition();
/// True while anybody does.
bool partition_is_wanted();

}  // namespace npumel::emu
