// SPDX-License-Identifier: LGPL-2.1-or-later
// The host twin: the NPU kernel's own source compiled for the CPU. Its integer stages give the
// NPU's bits; after the bfloat16 stages a value may differ from the NPU's by 1 LSB, because the
// order in which the NPU adds the eight products of a mel block is not documented.
// All functions are pure and may be called from any thread. No row depends on another row.
#pragma once

#include <cstdint>
#include <span>

namespace npumel::aie2 {

/// ABI v2: 16240 samples (frame f reads samples [160*f, 160*f + 400)), 100 rows of `mels` values,
/// log10 of the mel energies in Q11 (2048 = 1.0), floored at -10. mels: 80 (raw whisper80) or 128
/// (raw whisper128). False, and nothing written, for another `mels`.
bool twin_v2(const int16_t* samples, int mels, int16_t* rows);

/// Rows first_frame .. first_frame + count - 1 of the same batch, the same bits as twin_v2 writes.
/// `samples` is the start of the batch and only those frames' samples are read. False for another
/// `mels` or frames outside [0, 100).
bool twin_rows_v2(const int16_t* samples, int first_frame, int count, int mels, int16_t* rows);

/// The rows of these frames of the batch, in this order, the same bits again. Four frames cost as
/// much as one. False for another `mels` or a frame outside [0, 100).
bool twin_frames_v2(const int16_t* samples, std::span<const int> frames, int mels, int16_t* rows);

/// ABI v1: 100 frames of 400 samples one after another, 100 rows of 80 values
/// round(20 * (log10 + 3.7)), saturated to 8 bits: log10 = value / 20 - 3.7.
bool twin_v1(const int16_t* frames, int8_t* rows);

/// The twin's name in a kernel package's manifest, or nullptr when there is none for this pair:
/// (1, 80), (2, 80), (2, 128).
const char* twin_name(int abi, int mels);

}  // namespace npumel::aie2
