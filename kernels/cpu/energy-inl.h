// SPDX-License-Identifier: LGPL-2.1-or-later
// The energy in front of a row (Energy), in double. Included once per
// instruction set.
#if defined(NPUMEL_ENERGY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_ENERGY_INL_H_
#undef NPUMEL_ENERGY_INL_H_
#else
#define NPUMEL_ENERGY_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/fft-inl.h"
#include "kernels/cpu/tables.h"
#include "kernels/cpu/wide-inl.h"
#include "kernels/cpu/workspace.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// body(n, x) for sample n of the frames `first` and following, from T as the
/// samples came.
template <class Body>
HWY_INLINE void ForEachSample(WideTag d, const KernelTables& tables, size_t first,
                              const MelWorkspace& ws, Body body) {
  const auto win = static_cast<size_t>(tables.recipe.win_length);
  const auto hop = static_cast<size_t>(tables.recipe.hop_length);
  const auto pitch = static_cast<size_t>(tables.load.pitch);
  for (size_t n = 0, row = 0, column = first; n < win; ++n, ++row) {
    if (row == hop) {
      row = 0;
      ++column;
    }
    body(n, LoadValues(d, ws.again + row * pitch + column));
  }
}

/// Row 0 of ws.energy from T in ws.again, of a group of tables.lanes frames. `scale` turns T's
/// samples into the recipe's.
HWY_NOINLINE void FrameEnergies(const KernelTables& tables, float scale, const MelWorkspace& ws) {
  using V = hn::Vec<WideTag>;
  const WideTag d;
  const Recipe& recipe = tables.recipe;
  const double* weights = tables.energy_weights.data();
  // Pre-emphasis inside frames comes before the window, but after the raw
  // energy.
  const bool emphasized = recipe.energy == Energy::windowed && tables.load.own_first_row;
  const V c = hn::Set(d, emphasized ? recipe.preemphasis : 0.0);
  const size_t before_first = recipe.preemphasis_mode == PreemphasisMode::frame_next ? 1 : 0;
  const V square_of_scale = hn::Set(d, static_cast<double>(scale) * static_cast<double>(scale));
  for (size_t first = 0; first < static_cast<size_t>(tables.lanes); first += hn::Lanes(d)) {
    V mean = hn::Zero(d);
    V previous = mean;
    ForEachSample(d, tables, first, ws, [&](size_t n, V x) HWY_ATTR {
      mean = hn::Add(mean, x);
      if (n == before_first) previous = x;
    });
    mean = recipe.remove_dc ? hn::Mul(mean, hn::Set(d, 1.0 / recipe.win_length)) : hn::Zero(d);
    previous = hn::Sub(previous, mean);
    V sum = hn::Zero(d);
    ForEachSample(d, tables, first, ws, [&](size_t n, V x) HWY_ATTR {
      const V sample = hn::Sub(x, mean);
      const V value = hn::Mul(hn::NegMulAdd(c, previous, sample), hn::Set(d, weights[n]));
      previous = sample;
      sum = hn::MulAdd(value, value, sum);
    });
    StoreSpectrumValue(d, hn::Mul(sum, square_of_scale), ws.energy + first);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_ENERGY_INL_H_
