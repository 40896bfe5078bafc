// SPDX-License-Identifier: LGPL-2.1-or-later
// Where rows (frames of mel values) are written, and what samples are read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace npumel {

enum class SampleType : uint8_t { s16, f32 };
enum class ElementType : uint8_t { f32, f16 };
enum class Layout : uint8_t { frame_major, mel_major };

constexpr size_t size_of(SampleType type) { return type == SampleType::s16 ? 2 : 4; }
constexpr size_t size_of(ElementType type) { return type == ElementType::f16 ? 2 : 4; }

/// A (frames x mels) block in memory. Strides are in elements. `data` points at row 0.
/// frame-major: frame_stride = mels, mel_stride = 1. mel-major: frame_stride = 1, mel_stride =
/// frames of the whole buffer.
struct RowSink {
  void* data = nullptr;
  ElementType type = ElementType::f32;
  ptrdiff_t frame_stride = 0;
  ptrdiff_t mel_stride = 1;

  /// The same block, starting at another row.
  RowSink at(ptrdiff_t row) const {
    RowSink moved = *this;
    moved.data =
        static_cast<char*>(data) + row * frame_stride * static_cast<ptrdiff_t>(size_of(type));
    return moved;
  }
};

}  // namespace npumel
