#include "kernels/aie2/host_twin.h"

#include <algorithm>

#include "kernels/aie2/mel_stages.h"

namespace npumel::aie2 {
namespace {

// Frames in groups of four as on the NPU; places of a last group without a frame repeat one.
template <typename Tables, typename Emit>
void run(const int16_t* samples, int stride, int count, const Emit& emit) {
  Scratch scratch;
  for (int first = 0; first < count; first += kGroup) {
    const int present = std::min(kGroup, count - first);
    const auto frame = [&](int i) { return samples + (first + std::min(i, present - 1)) * stride; };
    pack(scratch, frame(0), frame(1), frame(2), frame(3));
    compute<Tables>(scratch);
    for (int i = 0; i < present; ++i) emit(scratch, first + i, i);
  }
}

template <typename Tables>
void rows_v2(const int16_t* samples, int count, int16_t* rows) {
  run<Tables>(samples, kHop, count, [rows](const Scratch& scratch, int row, int frame) {
    emit_v2<Tables>(scratch, frame, rows + row * Tables::mels);
  });
}

}  // namespace

bool twin_rows_v2(const int16_t* samples, int first_frame, int count, int mels, int16_t* rows) {
  if (first_frame < 0 || count < 0 || count > kFrames - first_frame) return false;
  const int16_t* first = samples + first_frame * kHop;
  if (mels == MelTables80::mels) {
    rows_v2<MelTables80>(first, count, rows);
  } else if (mels == MelTables128::mels) {
    rows_v2<MelTables128>(first, count, rows);
  } else {
    return false;
  }
  return true;
}

bool twin_v2(const int16_t* samples, int mels, int16_t* rows) {
  return twin_rows_v2(samples, 0, kFrames, mels, rows);
}

bool twin_v1(const int16_t* frames, int8_t* rows) {
  run<MelTables80>(frames, kWin, kFrames, [rows](const Scratch& scratch, int row, int frame) {
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
