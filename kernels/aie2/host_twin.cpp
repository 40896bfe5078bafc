// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU kernel compiled for the host: its tile program run over a batch of audio.
#include "kernels/aie2/host_twin.h"

#include <algorithm>

#include "kernels/aie2/kernels.h"

namespace npumel::aie2 {
namespace {

// Frames in groups of four as on the NPU; places of a last group without a frame repeat one.
template <typename Kernel, typename FrameAt, typename Emit>
void run(int count, const FrameAt& frame_at, const Emit& emit) {
  typename Kernel::Scratch scratch;
  for (int first = 0; first < count; first += kGroup) {
    const int present = std::min(kGroup, count - first);
    const auto frame = [&](int i) { return frame_at(first + std::min(i, present - 1)); };
    Kernel::pack(scratch, frame(0), frame(1), frame(2), frame(3));
    compute<Kernel>(scratch);
    for (int i = 0; i < present; ++i) emit(scratch, first + i, i);
  }
}

template <typename Tables, typename Scratch>
void emit(const Scratch& scratch, int frame, int16_t* row) {
  emit_v2<Tables>(scratch, frame, row);
}
template <typename Tables, typename Scratch>
void emit(const Scratch& scratch, int frame, float* row) {
  emit_v3<Tables>(scratch, frame, row);
}

/// Rows of int16 are ABI v2's, of float v3's.
template <typename FrameAt, typename Row>
bool rows_of(int count, const FrameAt& frame_at, std::string_view recipe, Row* rows) {
  return any_kernel([&]<typename Kernel>(Kernel) {
    using Tables = typename Kernel::Tables;
    if (recipe != Tables::recipe) return false;
    run<Kernel>(count, frame_at, [rows](const auto& scratch, int row, int frame) {
      emit<Tables>(scratch, frame, rows + row * Tables::mels);
    });
    return true;
  });
}

const char* whisper(int mels) { return mels == 80 ? "whisper80" : mels == 128 ? "whisper128" : ""; }

template <typename Row>
bool rows_within(const int16_t* samples, int first, int count, int frames, std::string_view recipe,
                 Row* rows) {
  if (first < 0 || count < 0 || count > frames - first) return false;
  return rows_of(
      count, [=](int i) { return samples + (first + i) * kHop; }, recipe, rows);
}

template <typename Row>
bool frames_within(const int16_t* samples, std::span<const int> wanted, int frames,
                   std::string_view recipe, Row* rows) {
  if (std::any_of(wanted.begin(), wanted.end(), [=](int f) { return f < 0 || f >= frames; }))
    return false;
  const auto frame_at = [=](int i) { return samples + wanted[static_cast<size_t>(i)] * kHop; };
  return rows_of(static_cast<int>(wanted.size()), frame_at, recipe, rows);
}

struct Names {
  const char* recipe;
  const char* v2;
  const char* v3;
};
constexpr Names kNames[] = {{"whisper80", "npumel-aie2-v2-80", "npumel-aie2-v3-80"},
                            {"whisper128", "npumel-aie2-v2-128", "npumel-aie2-v3-128"},
                            {"nemo80", "npumel-aie2-v2-nemo80", "npumel-aie2-v3-nemo80"},
                            {"nemo128", "npumel-aie2-v2-nemo128", "npumel-aie2-v3-nemo128"},
                            {"kaldi80", "npumel-aie2-v2-kaldi80", "npumel-aie2-v3-kaldi80"}};

}  // namespace

bool twin_v2(const int16_t* samples, std::string_view recipe, int16_t* rows) {
  return rows_within(samples, 0, kFrames, kFrames, recipe, rows);
}
bool twin_rows_v2(const int16_t* samples, int first_frame, int count, std::string_view recipe,
                  int16_t* rows) {
  return rows_within(samples, first_frame, count, kLongestBatch, recipe, rows);
}
bool twin_frames_v2(const int16_t* samples, std::span<const int> frames, std::string_view recipe,
                    int16_t* rows) {
  return frames_within(samples, frames, kLongestBatch, recipe, rows);
}

bool twin_rows_v3(const int16_t* samples, int first_frame, int count, std::string_view recipe,
                  float* rows) {
  return rows_within(samples, first_frame, count, kLongestBatch, recipe, rows);
}
bool twin_frames_v3(const int16_t* samples, std::span<const int> frames, std::string_view recipe,
                    float* rows) {
  return frames_within(samples, frames, kLongestBatch, recipe, rows);
}

bool twin_v2(const int16_t* samples, int mels, int16_t* rows) {
  return twin_v2(samples, whisper(mels), rows);
}
bool twin_rows_v2(const int16_t* samples, int first_frame, int count, int mels, int16_t* rows) {
  return rows_within(samples, first_frame, count, kFrames, whisper(mels), rows);
}
bool twin_frames_v2(const int16_t* samples, std::span<const int> frames, int mels, int16_t* rows) {
  return frames_within(samples, frames, kFrames, whisper(mels), rows);
}

bool twin_v1(const int16_t* frames, int8_t* rows) {
  using Tables = kernel::whisper80::Tables;
  const auto frame_at = [=](int i) { return frames + i * kWin; };
  run<kernel::whisper80>(kFrames, frame_at, [rows](const auto& scratch, int row, int frame) {
    emit_v1<Tables>(scratch, frame, rows + row * Tables::mels);
  });
  return true;
}

const char* twin_name(int abi, std::string_view recipe) {
  if (abi == 1) return recipe == "whisper80" ? "npumel-aie2-v1-80" : nullptr;
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const Names& names) { return recipe == names.recipe; });
  if (found == std::end(kNames)) return nullptr;
  return abi == 2 ? found->v2 : abi == 3 ? found->v3 : nullptr;
}
const char* twin_name(int abi, int mels) { return twin_name(abi, whisper(mels)); }

}  // namespace npumel::aie2
