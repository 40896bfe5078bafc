// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows between the layouts and number formats of buffers and the frame-major float32 of the
// transform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/mel/rows.h"

namespace npumel {

/// Rows as a buffer holds them; `data` may have any alignment.
struct RowBytes {
  const void* data = nullptr;
  ElementType type = ElementType::f32;
  Layout layout = Layout::frame_major;
  int width = 0;     ///< values of a row
  int64_t rows = 0;  ///< of the buffer
};

/// The first `rows` rows as frame-major float32: the buffer's own memory where that is what it
/// holds, else a copy in `scratch`. Values that are NaN or infinite read as 0, and `nonfinite`
/// counts them.
std::span<const float> read_rows(const RowBytes& bytes, int64_t rows, std::vector<float>& scratch,
                                 uint64_t& nonfinite);

/// Writes frame-major float32 rows as a buffer of so many rows holds them. float16 saturates.
void write_rows(std::span<const float> rows, int width, ElementType type, Layout layout,
                void* target);

}  // namespace npumel
