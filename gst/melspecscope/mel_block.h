// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads a buffer of mel frames in any layout and number format, in the units that are drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernels/mel/rows.h"

namespace npumel {

/// What is drawn for a value: itself, or decibels where the features are no logarithm.
enum class Drawn { as_is, power_in_db, magnitude_in_db };

/// 10 or 20 log10(value); minus infinity for 0, NaN below.
float to_drawn(Drawn drawn, float value);

/// The sound under a block, as its GstAudioLevelMeta says.
struct SoundLevel {
  int dbov = -127;  ///< dB to full scale: 0 is the loudest, -127 silence
  bool voice = false;
  bool operator==(const SoundLevel&) const = default;
};

/// A block of little-endian numbers, not owned: frames of `skipped` values that are not read, and
/// `mels` that are.
struct MelBlock {
  const void* data = nullptr;
  ElementType type = ElementType::f32;
  Layout layout = Layout::frame_major;
  int mels = 0;
  int64_t frames = 0;
  Drawn drawn = Drawn::as_is;
  int skipped = 0;
  std::optional<SoundLevel> level = std::nullopt;  ///< of all its frames

  /// Copies frame t (0 <= t < frames) to `out`, which holds `mels` values.
  void read_frame(int64_t t, std::span<float> out) const;
  /// For every mel the largest number in frames [first, last); `scratch` and `out` hold `mels`
  /// values.
  void read_largest(int64_t first, int64_t last, std::span<float> scratch,
                    std::span<float> out) const;
};

}  // namespace npumel
