// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in double, from T to spectrum values. Included once per instruction set.
#if defined(NPUMEL_WIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_WIDE_INL_H_
#undef NPUMEL_WIDE_INL_H_
#else
#define NPUMEL_WIDE_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/fft-inl.h"
#include "kernels/cpu/noise-inl.h"
#include "kernels/cpu/tables.h"
#include "kernels/cpu/workspace.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Frames of a group, of a half group where there are any (see groups.h), and of either those that
/// are transformed at once in double.
using GroupTag = hn::CappedTag<float, 16>;
constexpr int kHalfLanes = hn::MaxLanes(GroupTag()) > 4 ? hn::MaxLanes(GroupTag()) / 2 : 0;
using HalfGroupTag = hn::CappedTag<float, kHalfLanes != 0 ? kHalfLanes : 16>;
using WideTag = hn::CappedTag<double, HWY_MAX(1, hn::MaxLanes(GroupTag()) / 2)>;

template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundToFloat(D d, V value) {
  return hn::PromoteTo(d, hn::DemoteTo(hn::Rebind<float, D>(), value));
}

/// Dft::float_frames: pre-emphasis and window function in place, every step rounded to float32.
/// Products of two floats are exact in double, so that each is rounded once.
HWY_INLINE void WindowInFloat(WideTag d, const KernelTables& tables, size_t before_first,
                              double* frames) {
  const size_t lanes = hn::Lanes(d);
  const auto coefficient = static_cast<float>(tables.recipe.preemphasis);
  const auto c = hn::Set(d, tables.load.own_first_row ? static_cast<double>(coefficient) : 0.0);
  auto previous = hn::Load(d, frames + before_first);
  for (const double weight : tables.load.float_window) {
    const auto sample = hn::Load(d, frames);
    const auto emphasized = RoundToFloat(d, hn::Sub(sample, RoundToFloat(d, hn::Mul(c, previous))));
    hn::Store(RoundToFloat(d, hn::Mul(emphasized, hn::Set(d, weight))), d, frames);
    previous = sample;
    frames += lanes;
  }
}

/// Frames `first` and following without their means and with pre-emphasis, from samples of T as
/// they came (they are whole numbers or the caller's own floats) to ws.prepared.
HWY_NOINLINE void PrepareWide(WideTag d, const KernelTables& tables, size_t first,
                              const MelWorkspace& ws) {
  const Recipe& recipe = tables.recipe;
  const auto win = static_cast<size_t>(recipe.win_length);
  const auto hop = static_cast<size_t>(recipe.hop_length);
  const auto pitch = static_cast<size_t>(tables.load.pitch);
  const size_t lanes = hn::Lanes(d);
  auto* out = static_cast<double*>(ws.prepared);
  auto sum = hn::Zero(d);
  for (size_t n = 0, row = 0, column = first; n < win; ++n, ++row) {
    if (row == hop) {
      row = 0;
      ++column;
    }
    const auto sample = LoadValues(d, ws.again + row * pitch + column);
    hn::Store(sample, d, out + n * lanes);
    sum = hn::Add(sum, sample);
  }
  const auto mean =
      recipe.remove_dc ? hn::Mul(sum, hn::Set(d, 1.0 / recipe.win_length)) : hn::Zero(d);
  const auto c = hn::Set(d, tables.load.own_first_row ? recipe.preemphasis : 0.0);
  const size_t other = recipe.preemphasis_mode == PreemphasisMode::frame_next ? lanes : 0;
  if (recipe.dft == Dft::float_frames) {
    WindowInFloat(d, tables, other, out);
    return;
  }
  auto previous = hn::Sub(hn::Load(d, out + other), mean);
  for (size_t n = 0; n < win; ++n, out += lanes) {
    const auto sample = hn::Sub(hn::Load(d, out), mean);
    hn::Store(hn::NegMulAdd(c, previous, sample), d, out);
    previous = sample;
  }
}

/// Frames `first` and following of the group to `power`. ws.again holds samples as they came.
template <bool kMagnitude>
HWY_INLINE void WideSpectra(const KernelTables& tables, const Factors& windows, size_t first,
                            float* power, const MelWorkspace& ws) {
  const WideTag d;
  const LoadTables& load = tables.load;
  if (load.prepares) {
    PrepareWide(d, tables, first, ws);
    const auto* prepared = static_cast<const double*>(ws.prepared);
    const bool from_s16 = &windows == &load.window_s16;
    const Factors& factors = load.float_window.empty() ? windows
                             : from_s16                ? load.scale_s16
                                                       : load.scale_f32;
    Spectra<kMagnitude>(d, tables, factors,
                        FrameSamples<double>{prepared, load.prepared_offsets.data(), nullptr},
                        hn::Lanes(d), power + first, ws);
  } else {
    Spectra<kMagnitude>(d, tables, windows,
                        FrameSamples<float>{ws.again + first, load.offsets.data(), nullptr},
                        hn::Lanes(d), power + first, ws);
  }
}

/// Computes the frames that are `wanted` once more, in place in ws.power.
template <bool kMagnitude, class D>
HWY_INLINE void ReplaceSpectra(D d, const KernelTables& tables, const Factors& windows,
                               hn::Mask<D> wanted, const MelWorkspace& ws) {
  const size_t lanes = hn::Lanes(d);
  const size_t half = hn::Lanes(WideTag());
  HWY_ALIGN float marks[hn::MaxLanes(D())];
  hn::Store(hn::IfThenElseZero(wanted, hn::Set(d, 1.0F)), d, marks);
  for (size_t first = 0; first < lanes; first += half) {
    bool any = false;
    for (size_t lane = first; lane < first + half; ++lane) any = any || marks[lane] != 0;
    if (any) WideSpectra<kMagnitude>(tables, windows, first, ws.exact, ws);
  }
  const size_t end = static_cast<size_t>(tables.fft.bins()) * lanes;
  for (size_t at = 0; at < end; at += lanes)
    hn::Store(hn::IfThenElse(wanted, hn::Load(d, ws.exact + at), hn::Load(d, ws.power + at)), d,
              ws.power + at);
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_WIDE_INL_H_
