// SPDX-License-Identifier: LGPL-2.1-or-later
// What every buffer of rows says about itself beyond its timestamps: GstNpuMelMeta.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>

namespace npumel {

inline constexpr const char* kMelMetaName = "GstNpuMelMeta";

/// The fields of GstNpuMelMeta: valid-frames (int), frame-offset (uint64), log-max (double),
/// backend (string).
struct RowMeta {
  int valid = 0;             ///< rows of audio, at the start of the buffer; padding follows
  uint64_t offset = 0;       ///< of the first row, since the stream began
  double log_max = 0;        ///< largest mel value before normalisation
  const char* backend = "";  /// what computed; of read_row_meta(): valid as long as the buffer
};

/// Makes the meta's type known. From the initialisation of every class that uses it.
void register_mel_meta();

/// `buffer` is writable. One from a pool keeps the meta for its next use.
void attach_row_meta(GstBuffer* buffer, const RowMeta& meta);

/// What the buffer says. Fields that are missing have the values above, `valid` is then -1. Nothing
/// without the meta.
std::optional<RowMeta> read_row_meta(GstBuffer* buffer);

}  // namespace npumel
