// SPDX-License-Identifier: LGPL-2.1-or-later
// The command packet that XRT writes into a command buffer (the "ERT" format of XRT's public header
// xrt/detail/ert.h), as far as the NPU uses it.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace npumel::emu {

enum class State : uint32_t {
  fresh = 1,
  queued,
  running,
  completed,
  error,
  abort,
  submitted,
  timeout
};

inline constexpr uint32_t kOpcodeStart = 0;   ///< start one kernel
inline constexpr uint32_t kOpcodeChain = 19;  ///< a list of command buffers, run in order

/// A view of a packet in memory that the host sees too.
class Packet {
 public:
  explicit Packet(std::span<uint8_t> bytes) : bytes_(bytes) {}

  uint32_t opcode() const { return word(0) >> 23 & 0x1f; }
  uint32_t payload_words() const { return word(0) >> 12 & 0x7ff; }
  /// Written last, with release: the host polls this word without a lock.
  void set_state(State state) {
    auto* header = reinterpret_cast<uint32_t*>(bytes_.data());
    const uint32_t old = __atomic_load_n(header, __ATOMIC_RELAXED);
    __atomic_store_n(header, (old & ~0xfU) | static_cast<uint32_t>(state), __ATOMIC_RELEASE);
  }

  /// Kernel arguments start after the mask of compute units.
  template <typename T>
  T argument(size_t offset) const {
    return read<T>(8 + offset);
  }
  bool has_argument(size_t offset, size_t size) const { return 8 + offset + size <= bytes_.size(); }

  uint32_t chain_length() const { return word(1); }
  uint32_t chain_handle(uint32_t index) const {
    return static_cast<uint32_t>(read<uint64_t>(28 + size_t{8} * index));
  }
  bool chain_fits() const { return 28 + size_t{8} * chain_length() <= bytes_.size(); }
  void set_chain_error(uint32_t index) { std::memcpy(bytes_.data() + 12, &index, sizeof index); }

 private:
  uint32_t word(size_t index) const { return read<uint32_t>(4 * index); }
  template <typename T>
  T read(size_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  std::span<uint8_t> bytes_;
};

}  // namespace npumel::emu
