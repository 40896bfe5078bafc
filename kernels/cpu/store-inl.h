// SPDX-License-Identifier: LGPL-2.1-or-later
// Energies to rows at their destination: logarithm, then transposed for frame-major or straight for
// mel-major, float or half.
// Included once per instruction set.
#if defined(NPUMEL_STORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_STORE_INL_H_
#undef NPUMEL_STORE_INL_H_
#else
#define NPUMEL_STORE_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>

#include "kernels/cpu/log-inl.h"
#include "kernels/cpu/tables.h"
#include "kernels/cpu/transpose-inl.h"
#include "kernels/cpu/unroll.h"
#include "kernels/mel/half.h"
#include "kernels/mel/rows.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE void StoreOne(float value, float* to) { *to = value; }
HWY_INLINE void StoreOne(float value, uint16_t* to) { *to = half_bits(value); }

template <class D>
HWY_INLINE void StoreVector(D d, hn::Vec<D> v, float* to) {
  hn::StoreU(v, d, to);
}
template <class D>
HWY_INLINE void StoreVector(D d, hn::Vec<D> v, uint16_t* to) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_SSE4
  HWY_ALIGN float lanes[hn::MaxLanes(D())];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) to[i] = half_bits(lanes[i]);
#else
  const hn::Rebind<hwy::float16_t, D> d16;
  const auto most = hn::Set(d, kHalfMax);
  const auto clamped = hn::Max(hn::Min(v, most), hn::Neg(most));
  hn::StoreU(hn::DemoteTo(d16, clamped), d16, reinterpret_cast<hwy::float16_t*>(to));
#endif
}

/// One vector of energies as it becomes values of rows.
template <class Scale, class D, class V = hn::Vec<D>>
HWY_INLINE V LoadScaled(D d, const LogTables& log, const float* energy) {
  V one[] = {hn::Load(d, energy)};
  Scale::Of(d, log, one);
  return one[0];
}

/// mel-major: energy holds [mel][lanes].
template <class Scale, class D, typename Element, class V = hn::Vec<D>>
HWY_NOINLINE V StoreMelMajor(D d, const KernelTables& tables, const float* energy, size_t frames,
                             ptrdiff_t mel_stride, Element* to) {
  const size_t lanes = hn::Lanes(d);
  const size_t size = static_cast<size_t>(tables.width) * lanes;
  V highest = hn::Set(d, -HUGE_VALF);
  for (size_t i = 0; i < size; i += lanes, to += mel_stride) {
    const V v = LoadScaled<Scale>(d, tables.log, energy + i);
    highest = hn::Max(highest, v);
    if (frames == lanes) {
      StoreVector(d, v, to);
    } else {
      HWY_ALIGN float values[hn::MaxLanes(D())];
      hn::Store(v, d, values);
      for (size_t frame = 0; frame < frames; ++frame) StoreOne(values[frame], to + frame);
    }
  }
  return highest;
}

/// Any strides: the scalar target's way, and that of rows shorter than a vector.
template <class Scale, class D, typename Element, class V = hn::Vec<D>>
HWY_NOINLINE V StoreScattered(D d, const KernelTables& tables, const float* energy, size_t frames,
                              const RowSink& out, Element* to) {
  const size_t lanes = hn::Lanes(d);
  const size_t size = static_cast<size_t>(tables.width) * lanes;
  V highest = hn::Set(d, -HUGE_VALF);
  for (size_t i = 0; i < size; i += lanes, to += out.mel_stride) {
    const V v = LoadScaled<Scale>(d, tables.log, energy + i);
    highest = hn::Max(highest, v);
    HWY_ALIGN float values[hn::MaxLanes(D())];
    hn::Store(v, d, values);
    for (size_t frame = 0; frame < frames; ++frame)
      StoreOne(values[frame], to + static_cast<ptrdiff_t>(frame) * out.frame_stride);
  }
  return highest;
}

#if HWY_TARGET != HWY_SCALAR
/// frame-major, rows of at least as many values as lanes.
template <class Scale, class D, typename Element, class V = hn::Vec<D>>
HWY_NOINLINE V StoreFrameMajor(D d, const KernelTables& tables, const float* energy, size_t frames,
                               ptrdiff_t frame_stride, Element* to) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  const auto width = static_cast<size_t>(tables.width);
  V highest = hn::Set(d, -HUGE_VALF);
  for (size_t mel = 0; mel < width; mel += kLanes) {
    mel = HWY_MIN(mel, width - kLanes);  // the last block overlaps the one before
    V v[kLanes];
    NPUMEL_UNROLL
    for (size_t first = 0; first < kLanes; first += 4) {
      V four[4];
      NPUMEL_UNROLL
      for (size_t i = 0; i < 4; ++i) four[i] = hn::Load(d, energy + (mel + first + i) * kLanes);
      Scale::Of(d, tables.log, four);
      NPUMEL_UNROLL
      for (size_t i = 0; i < 4; ++i) {
        highest = hn::Max(highest, four[i]);
        v[first + i] = four[i];
      }
    }
    Transpose(d, v);
    for (size_t frame = 0; frame < kLanes; ++frame)
      if (frame < frames)
        StoreVector(d, v[frame], to + static_cast<ptrdiff_t>(frame) * frame_stride + mel);
  }
  return highest;
}

/// The same for few frames: transposed first, so that only their values become logarithms.
template <class Scale, class D, typename Element, class V = hn::Vec<D>>
HWY_NOINLINE V StoreFewFrames(D d, const KernelTables& tables, const float* energy, size_t frames,
                              ptrdiff_t frame_stride, Element* to) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  const auto width = static_cast<size_t>(tables.width);
  V highest = hn::Set(d, -HUGE_VALF);
  HWY_ALIGN float block[kLanes * kLanes];
  for (size_t mel = 0; mel < width; mel += kLanes) {
    mel = HWY_MIN(mel, width - kLanes);  // the last block overlaps the one before
    V v[kLanes];
    NPUMEL_UNROLL
    for (size_t i = 0; i < kLanes; ++i) v[i] = hn::Load(d, energy + (mel + i) * kLanes);
    Transpose(d, v);
    NPUMEL_UNROLL
    for (size_t i = 0; i < kLanes; ++i) hn::Store(v[i], d, block + i * kLanes);
    for (size_t frame = 0; frame < frames; ++frame) {
      const V row = LoadScaled<Scale>(d, tables.log, block + frame * kLanes);
      highest = hn::Max(highest, row);
      StoreVector(d, row, to + static_cast<ptrdiff_t>(frame) * frame_stride + mel);
    }
  }
  return hn::MaxOfLanes(d, highest);
}
#endif

template <class Scale, typename Element, class D>
HWY_INLINE hn::Vec<D> StoreAs(D d, const KernelTables& tables, const float* energy, size_t frames,
                              const RowSink& out) {
  auto* to = static_cast<Element*>(out.data);
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(D()) >= 4) {
    if (out.mel_stride == 1 && static_cast<size_t>(tables.width) >= hn::Lanes(d)) {
      if (2 * frames <= hn::Lanes(d))
        return StoreFewFrames<Scale>(d, tables, energy, frames, out.frame_stride, to);
      return StoreFrameMajor<Scale>(d, tables, energy, frames, out.frame_stride, to);
    }
  }
#endif
  if (out.frame_stride == 1)
    return StoreMelMajor<Scale>(d, tables, energy, frames, out.mel_stride, to);
  return StoreScattered<Scale>(d, tables, energy, frames, out, to);
}

/// The first `frames` frames, logarithm applied, go to their rows of `out`, which starts with frame
/// 0's. Returns each frame's largest value.
template <class D>
HWY_INLINE hn::Vec<D> StoreGroup(D d, const KernelTables& tables, const float* energy,
                                 size_t frames, const RowSink& out) {
  const bool half = out.type == ElementType::f16;
  const LogTables& log = tables.log;
  if (!log.apply)
    return half ? StoreAs<AsEnergy, uint16_t>(d, tables, energy, frames, out)
                : StoreAs<AsEnergy, float>(d, tables, energy, frames, out);
  if (log.add_floor)
    return half ? StoreAs<AsLogOfSum, uint16_t>(d, tables, energy, frames, out)
                : StoreAs<AsLogOfSum, float>(d, tables, energy, frames, out);
  return half ? StoreAs<AsLogOfMax, uint16_t>(d, tables, energy, frames, out)
              : StoreAs<AsLogOfMax, float>(d, tables, energy, frames, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_STORE_INL_H_
