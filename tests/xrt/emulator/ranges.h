// SPDX-License-Identifier: LGPL-2.1-or-later
// Hands out ranges of an address space and takes them back, so that hours of work need no more room
// than the work that is in flight.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace npumel::emu {

class Ranges {
 public:
  /// Ranges of [0, size); every start is a multiple of `alignment`.
  Ranges(uint64_t size, uint64_t alignment) : alignment_(alignment) { free_[0] = size; }

  std::optional<uint64_t> take(uint64_t size) {
    const uint64_t wanted = round_up(size);
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      const auto [start, length] = *it;
      if (length < wanted) continue;
      free_.erase(it);
      if (length > wanted) free_[start + wanted] = length - wanted;
      return start;
    }
    return std::nullopt;
  }

  void give_back(uint64_t start, uint64_t size) {
    auto it = free_.emplace(start, round_up(size)).first;
    if (const auto next = std::next(it);
        next != free_.end() && it->first + it->second == next->first) {
      it->second += next->second;
      free_.erase(next);
    }
    if (it == free_.begin()) return;
    const auto previous = std::prev(it);
    if (previous->first + previous->second == it->first) {
      previous->second += it->second;
      free_.erase(it);
    }
  }

 private:
  uint64_t round_up(uint64_t size) const {
    return (size + alignment_ - 1) / alignment_ * alignment_;
  }

  uint64_t alignment_;
  std::map<uint64_t, uint64_t> free_;  ///< start -> length, never adjacent
};

}  // namespace npumel::emu
