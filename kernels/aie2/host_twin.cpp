// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernels/aie2/host_twin.h"

#include <algorithm>

#include "kernels/aie2/mel_stages.h"

namespace npumel::aie2 {
namespace {

// Frames in groups of four as on the NPU; places of a last group without a frame repeat one.
template <typename Tables, typename FrameAt, typename Emit>
void run(int count, const FrameAt& frame_at, const Emit& emit) {
  Scratch scratch;
  for (int first = 0; first < count; first += kGroup) {
    const int present = std::min(kGroup, count - first);
    const auto frame = [&](int i) { return frame_at(first + std::min(i, present - 1)); };
    pack(scratch, frame(0), frame(1), frame(2), frame(3));
    compute<Tables>(scratch);
    for (int i = 0; i < present; ++i) emit(scratch, first + i, i);
  }
}

template <typename FrameAt>
bool rows_v2(int count, const FrameAt& frame_at, int mels, int16_t* rows) {
  const auto run_for = [&]<typename Tables>(Tables) {
    run<Tables>(count, frame_at, [rows](const Scratch& scratch, int row, int frame) {
      emit_v2<Tables>(scratch, frame, rows + row * Tables::mels);
    });
    return true;
  };
  if (mels == MelTables80::mels) return run_for(MelTables80());
  if (mels == MelTables128::mels) return run_for(MelTables128());
  return false;
}

}  // namespace

bool twin_rows_v2(const int16_t* samples, int first_frame, int count, int mels, int16_t* rows) {
  if (first_frame < 0 || count < 0 || count > kFrames - first_frame) return false;
  const auto frame_at = [=](int i) { return samples + (first_frame + i) * kHop; };
  return rows_v2(count, frame_at, mels, rows);
}

bool twin_frames_v2(const int16_t* samples, std::span<const int> frames, int mels, int16_t* rows) {
  if (std::any_of(frames.begin(), frames.end(), [](int f) { return f < 0 || f >= kFrames; }))
    return false;
  const auto frame_at = [=](int i) { return samples + frames[static_cast<size_t>(i)] * kHop; };
  return rows_v2(static_cast<int>(frames.size()), frame_at, mels, rows);
}

bool twin_v2(const int16_t* samples, int mels, int16_t* rows) {
  return twin_rows_v2(samples, 0, kFrames, mels, rows);
}

bool twin_v1(const int16_t* frames, int8_t* rows) {
  const auto frame_at = [=](int i) { return frames + i * kWin; };
  run<MelTables80>(kFrames, frame_at, [rows](const Scratch& scratch, int row, int frame) {
    emit_v1<MelTables80>(scratch, frame, rows + row * MelTables80::mels);
  });
  return true;
}

const char* twin_name(int abi, int mels) {
  if (abi == 1 && mels == 80) return "npumel-aie2-v1-80";
  if (abi == 2 && mels == 80) return "npumel-aie2-v2-80";
  if (abi == 2 && mels == 128) return "npumel-aie2-v2-128";
  return nullptr;
}

}  // namespace npumel::aie2
