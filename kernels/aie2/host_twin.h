// SPDX-License-Identifier: LGPL-2.1-or-later
// The host twin: the NPU kernel's own source compiled for the CPU. Its integer stages give the
// NPU's bits; after the bfloat16 stages a value may differ from the NPU's by 1 LSB, because the
// order in which the NPU adds the eight products of a mel block is not documented.
// All functions are pure and may be called from any thread. No row depends on another row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace npumel::aie2 {

// `recipe` is the nick of a preset with a kernel: whisper80, whisper128, nemo80, nemo128, kaldi80.
// Samples are the raw ones also where a recipe has DC removal or pre-emphasis: the
// kernel does that. Rows are log10 of the mel energies in Q11 (2048 = 1.0), not below the recipe's
// floor (where the recipe adds its floor, log10(x + floor)).

/// ABI v2: 16240 samples (frame f reads samples [160*f, 160*f + 400)), 100 rows of `mels` values.
/// False, and nothing written, for a recipe without a kernel.
bool twin_v2(const int16_t* samples, std::string_view recipe, int16_t* rows);

/// Rows first_frame .. first_frame + count - 1 of the same batch, the same bits as twin_v2 writes.
/// `samples` is the start of the batch and only those frames' samples are read. False for another
/// recipe or frames outside [0, 1000): the longest batch of a kernel.
bool twin_rows_v2(const int16_t* samples, int first_frame, int count, std::string_view recipe,
                  int16_t* rows);

/// The rows of these frames of the batch, in this order, the same bits again. Four frames cost as
/// much as one. False for another recipe or a frame outside [0, 1000).
bool twin_frames_v2(const int16_t* samples, std::span<const int> frames, std::string_view recipe,
                    int16_t* rows);

/// ABI v3: the same rows as float32 in the recipe's own logarithm (Whisper log10, NeMo and Kaldi
/// the natural one): the value of v2 / 2048, or that times ln(10), rounded half to even at 2^-17.
bool twin_rows_v3(const int16_t* samples, int first_frame, int count, std::string_view recipe,
                  float* rows);
bool twin_frames_v3(const int16_t* samples, std::span<const int> frames, std::string_view recipe,
                    float* rows);

/// ABI v2 of whisper80 (mels = 80) and whisper128 (128), frames in [0, 100).
bool twin_v2(const int16_t* samples, int mels, int16_t* rows);
bool twin_rows_v2(const int16_t* samples, int first_frame, int count, int mels, int16_t* rows);
bool twin_frames_v2(const int16_t* samples, std::span<const int> frames, int mels, int16_t* rows);

/// ABI v1: 100 frames of 400 samples one after another, 100 rows of 80 values of whisper80,
/// round(20 * (log10 + 3.7)), saturated to 8 bits: log10 = value / 20 - 3.7.
bool twin_v1(const int16_t* frames, int8_t* rows);

/// The twin's name in a kernel package's manifest, or nullptr when there is none: ABI 2 and 3 with
/// each recipe, ABI 1 with whisper80. Both generations of the NPU have the same integers and one
/// twin.
const char* twin_name(int abi, std::string_view recipe);
/// The same for whisper80 and whisper128.
const char* twin_name(int abi, int mels);

}  // namespace npumel::aie2
