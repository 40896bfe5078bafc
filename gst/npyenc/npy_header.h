// SPDX-License-Identifier: LGPL-2.1-or-later
// The header of a NumPy .npy file (format version 1.0, numpy.lib.format).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace npumel {

/// Room that every header takes, whatever the shape: a header can be replaced in place once the
/// shape is known. A multiple of 64, as the format asks; three 64-bit dimensions fit.
inline constexpr size_t kNpyHeaderSize = 128;

using NpyHeader = std::array<char, kNpyHeaderSize>;

/// Header of a C-ordered array. `descr` is the NumPy type string ("<f4", "<f2"); `shape` has two or
/// three dimensions, the slowest first.
NpyHeader npy_header(const char* descr, std::span<const uint64_t> shape) noexcept;

/// A dimension that is known at the end of the stream only; the first one or none.
inline constexpr uint64_t kOpenDimension = UINT64_MAX;

/// Header of a file that is still being written, in the same room. It is a dictionary without the
/// keys that the format demands, so NumPy refuses it and shows the key that it has instead, which
/// says what to do. Its value is [descr, [dimensions, -1 for kOpenDimension]]: what
/// examples/npy_recover.py needs to complete the file. Lists and not tuples, because some readers
/// take the first parentheses for the shape.
NpyHeader unfinished_npy_header(const char* descr, std::span<const uint64_t> shape) noexcept;

}  // namespace npumel
