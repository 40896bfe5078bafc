// SPDX-License-Identifier: LGPL-2.1-or-later
// Entry points of the NPU kernel, called by the cores in the order that design.py gives: pack,
// compute, then emit once for each frame of the group. One object per tile; KERNEL is a name of
// kernels.h.
#include "kernels/aie2/budget.h"

#ifndef KERNEL
#define KERNEL whisper80
#endif

namespace {

using namespace npumel::aie2;
using Kernel = kernel::KERNEL;

static_assert(fits_tile<Kernel>() && fits_tile<Kernel, float>());

Kernel::Scratch scratch;  // the tile's own memory: a tile runs one kernel and one group at a time

}  // namespace

extern "C" {

/// Four frames of 400 samples. Their fifo objects are free as soon as this returns.
void mel_pack(const int16_t* a, const int16_t* b, const int16_t* c, const int16_t* d) {
  Kernel::pack(scratch, a, b, c, d);
}

void mel_compute() {
  vec::set_modes();
  compute<Kernel>(scratch);
}

/// Row of frame 0..3 of the group, log10 in Q11.
void mel_emit_v2(int16_t* row, int32_t frame) {
  vec::set_modes();
  emit_v2<Kernel::Tables>(scratch, frame, row);
}

/// Row of frame 0..3 of the group, in the recipe's own logarithm.
void mel_emit_v3(float* row, int32_t frame) {
  vec::set_modes();
  emit_v3<Kernel::Tables>(scratch, frame, row);
}

/// Row of frame 0..3 of the group, round(20 * (log10 + 3.7)).
void mel_emit_v1(int8_t* row, int32_t frame) {
  vec::set_modes();
  emit_v1<Kernel::Tables>(scratch, frame, row);
}

}  // extern "C"
