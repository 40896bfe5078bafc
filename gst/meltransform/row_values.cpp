// SPDX-License-Identifier: LGPL-2.1-or-later
// Conversion of rows, one value at a time where they are not float32 in frames already.
#include "gst/meltransform/row_values.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/mel/half.h"
#include "kernels/transform/transform.h"

namespace npumel {
namespace {

constexpr uint32_t kExponent = 0x7F800000U;

bool is_finite(float value) { return (std::bit_cast<uint32_t>(value) & kExponent) != kExponent; }

float value_at(const RowBytes& bytes, size_t index) {
  if (bytes.type == ElementType::f16) {
    uint16_t half = 0;
    std::memcpy(&half, static_cast<const char*>(bytes.data) + index * sizeof half, sizeof half);
    return from_half(half);
  }
  float value = 0;
  std::memcpy(&value, static_cast<const char*>(bytes.data) + index * sizeof value, sizeof value);
  return value;
}

}  // namespace

std::span<const float> read_rows(const RowBytes& bytes, int64_t rows, std::vector<float>& scratch,
                                 uint64_t& nonfinite) {
  const auto width = static_cast<size_t>(bytes.width);
  const auto count = static_cast<size_t>(rows) * width;
  const bool frame_major = bytes.layout == Layout::frame_major;
  const bool aligned = reinterpret_cast<uintptr_t>(bytes.data) % alignof(float) == 0;
  if (frame_major && bytes.type == ElementType::f32 && aligned) {
    const std::span<const float> values(static_cast<const float*>(bytes.data), count);
    if (all_finite(values)) return values;
  }
  scratch.resize(count);
  const size_t row_step = frame_major ? width : 1;
  const size_t value_step = frame_major ? 1 : static_cast<size_t>(bytes.rows);
  for (size_t t = 0; t < static_cast<size_t>(rows); ++t)
    for (size_t m = 0; m < width; ++m)
      scratch[t * width + m] = value_at(bytes, t * row_step + m * value_step);
  for (float& value : scratch) {
    if (is_finite(value)) continue;
    value = 0;
    ++nonfinite;
  }
  return scratch;
}

void write_rows(std::span<const float> rows, int width, ElementType type, Layout layout,
                void* target) {
  const auto columns = static_cast<size_t>(width);
  const size_t count = rows.size() / columns;
  const bool frame_major = layout == Layout::frame_major;
  const size_t row_step = frame_major ? columns : 1;
  const size_t value_step = frame_major ? 1 : count;
  auto* const halves = static_cast<uint16_t*>(target);
  auto* const floats = static_cast<float*>(target);
  for (size_t t = 0; t < count; ++t) {
    for (size_t m = 0; m < columns; ++m) {
      const float value = rows[t * columns + m];
      const size_t at = t * row_step + m * value_step;
      if (type == ElementType::f16)
        halves[at] = half_bits(value);
      else
        floats[at] = value;
    }
  }
}

}  // namespace npumel
