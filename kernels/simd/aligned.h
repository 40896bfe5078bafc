// SPDX-License-Identifier: LGPL-2.1-or-later
// Arrays that begin where vectors of any width may be loaded.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

namespace npumel {

/// Two cache lines: the widest vector, and what processors fetch together.
inline constexpr std::size_t kArrayAlignment = 128;

struct AlignedDeleter {
  void operator()(void* memory) const noexcept {
    ::operator delete (memory, std::align_val_t{kArrayAlignment});
  }
};

/// Owns an array; null when empty.
template <typename T>
using AlignedArray = std::unique_ptr<T[], AlignedDeleter>;

/// An array whose values are not set. Throws std::bad_alloc.
template <typename T>
AlignedArray<T> make_aligned(std::size_t length) {
  static_assert(std::is_trivially_default_constructible_v<T> &&
                std::is_trivially_destructible_v<T>);
  if (length > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
  return AlignedArray<T>(
      static_cast<T*>(::operator new (length * sizeof(T), std::align_val_t{kArrayAlignment})));
}

}  // namespace npumel
