// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples of a group of frames, transposed; mean removal and pre-emphasis within each frame.
// Included once per instruction set.
#if defined(NPUMEL_LOAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_LOAD_INL_H_
#undef NPUMEL_LOAD_INL_H_
#else
#define NPUMEL_LOAD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

#include "kernels/cpu/tables.h"
#include "kernels/cpu/transpose-inl.h"
#include "kernels/cpu/unroll.h"
#include "kernels/cpu/workspace.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> LoadSamples(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadSamples(D d, const int16_t* from) {
  const hn::Rebind<int16_t, D> d16;
  const hn::Rebind<int32_t, D> d32;
  return hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d16, from)));
}

#if HWY_TARGET != HWY_SCALAR
/// Lanes(d) samples of as many hops (of the first `hops`, the last one repeated) to rows of `out`.
template <bool kFull, class D, typename Sample>
HWY_INLINE void TransposeTile(D d, const Sample* source, size_t hop_length, size_t hops,
                              size_t pitch, float* out) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  hn::Vec<D> v[kLanes];
  NPUMEL_UNROLL
  for (size_t h = 0; h < kLanes; ++h)
    v[h] = LoadSamples(d, source + (kFull ? h : HWY_MIN(h, hops - 1)) * hop_length);
  Transpose(d, v);
  NPUMEL_UNROLL
  for (size_t i = 0; i < kLanes; ++i) hn::StoreU(v[i], d, out + i * pitch);
}

/// The same for twice as many samples, which are converted after the transpose of pairs.
template <bool kFull, class D>
HWY_INLINE void TransposePairs(D d, const int16_t* source, size_t hop_length, size_t hops,
                               size_t pitch, float* out) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  const hn::Repartition<int16_t, D> d16;
  const hn::Repartition<int32_t, D> d32;
  hn::Vec<D> v[kLanes];
  NPUMEL_UNROLL
  for (size_t h = 0; h < kLanes; ++h)
    v[h] = hn::BitCast(d, hn::LoadU(d16, source + (kFull ? h : HWY_MIN(h, hops - 1)) * hop_length));
  Transpose(d, v);
  NPUMEL_UNROLL
  for (size_t i = 0; i < kLanes; ++i) {
    const auto pair = hn::BitCast(d32, v[i]);
    const auto first = hn::ShiftRight<16>(hn::ShiftLeft<16>(pair));
    hn::StoreU(hn::ConvertTo(d, first), d, out + 2 * i * pitch);
    hn::StoreU(hn::ConvertTo(d, hn::ShiftRight<16>(pair)), d, out + (2 * i + 1) * pitch);
  }
}

/// Two frames' values a pair to rows of `out`; two more lanes get some finite value.
template <class D>
HWY_INLINE void StorePairs(D d, hn::Vec<D> pairs, size_t pitch, float* out) {
  if constexpr (hn::MaxLanes(D()) == 8) {
    const hn::Half<D> half;
    StorePairs(half, hn::LowerHalf(half, pairs), pitch, out);
    StorePairs(half, hn::UpperHalf(half, pairs), pitch, out + 2 * pitch);
  } else {
    hn::StoreU(pairs, d, out);
    hn::StoreU(hn::Shuffle1032(pairs), d, out + pitch);
  }
}

/// Lanes(d) (4 or 8) samples of one or two hops to rows of `out`.
template <class D>
HWY_INLINE void TransposeTwo(D d, const float* first, const float* second, size_t pitch,
                             float* out) {
  static_assert(hn::MaxLanes(D()) == 4);
  const auto a = hn::LoadU(d, first);
  const auto b = hn::LoadU(d, second);
  StorePairs(d, hn::InterleaveLower(d, a, b), pitch, out);
  StorePairs(d, hn::InterleaveUpper(d, a, b), pitch, out + 2 * pitch);
}
template <class D>
HWY_INLINE void TransposeTwo(D d, const int16_t* first, const int16_t* second, size_t pitch,
                             float* out) {
  const hn::Rebind<int16_t, D> d16;
  const hn::Rebind<int32_t, D> d32;
  const auto a = hn::LoadU(d16, first);
  const auto b = hn::LoadU(d16, second);
  const auto low = hn::PromoteTo(d32, hn::InterleaveLower(d16, a, b));
  const auto high = hn::PromoteTo(d32, hn::InterleaveUpper(d16, a, b));
  StorePairs(d, hn::ConvertTo(d, low), pitch, out);
  StorePairs(d, hn::ConvertTo(d, high), pitch, out + hn::Lanes(d) / 2 * pitch);
}
#endif

/// T[p * pitch + h] for p in [from, to) and `hops` (1 .. lanes of D, kFull: all of them) hops from
/// `hop` on. Lanes beyond `hops` are written too, with finite values that are not read.
template <bool kFull, class D, typename Sample>
HWY_INLINE void TransposeHops(D d, const Sample* samples, size_t hop_length, size_t hop,
                              size_t hops, size_t from, size_t to, size_t pitch, float* out) {
  const Sample* source = samples + hop * hop_length;
  out += hop;
#if HWY_TARGET != HWY_SCALAR
  constexpr size_t kLanes = hn::MaxLanes(D());
  // The last tile overlaps the one before.
  if constexpr (!kFull && kLanes == 4) {
    const hn::CappedTag<float, sizeof(Sample) == sizeof(int16_t) ? 8 : 4> two;
    const size_t step = hn::Lanes(two);
    if (hops <= 2 && to - from >= step) {
      const Sample* second = source + (hops - 1) * hop_length;
      for (size_t p = from; p < to; p += step) {
        p = HWY_MIN(p, to - step);
        TransposeTwo(two, source + p, second + p, pitch, out + p * pitch);
      }
      return;
    }
  }
  if constexpr (sizeof(Sample) == sizeof(int16_t) && kLanes >= 4) {
    if (to - from >= 2 * kLanes) {
      for (size_t p = from; p < to; p += 2 * kLanes) {
        p = HWY_MIN(p, to - 2 * kLanes);
        TransposePairs<kFull>(d, source + p, hop_length, hops, pitch, out + p * pitch);
      }
      return;
    }
  }
  if constexpr (kLanes >= 4) {
    if (to - from >= kLanes) {
      for (size_t p = from; p < to; p += kLanes) {
        p = HWY_MIN(p, to - kLanes);
        TransposeTile<kFull>(d, source + p, hop_length, hops, pitch, out + p * pitch);
      }
      return;
    }
  }
#endif
  for (size_t p = from; p < to; ++p)
    for (size_t h = 0; h < hops; ++h)
      out[p * pitch + h] = static_cast<float>(source[h * hop_length + p]);
}

/// Zeros where the hops of a whole group would lie behind the `hops` of fewer frames: the transform
/// of the lanes without a frame must not stumble over what else the memory holds (denormal numbers
/// are slow). The first lanes of it are left to the transposes, which write by four.
template <class D>
HWY_INLINE void ClearHops(D d, const LoadTables& load, size_t hops, float* out) {
  const auto pitch = static_cast<size_t>(load.pitch);
  const auto rows = static_cast<size_t>(load.rows);
  const size_t lanes = hn::Lanes(d);
  const size_t behind = (hops + lanes - 1) / lanes * lanes;
  for (size_t p = 0; p < rows; ++p)
    for (size_t h = behind; h < pitch; h += lanes) hn::StoreU(hn::Zero(d), d, out + p * pitch + h);
  // A hop that begins four lanes and is cut off by the end of the last frame.
  if (behind - hops + 1 == lanes)
    for (auto p = static_cast<size_t>(load.last_rows); p < rows; ++p)
      hn::StoreU(hn::Zero(d), d, out + p * pitch + hops - 1);
}

/// Fills T from (frames - 1) * hop + win samples and reads no other; frames <= lanes.
template <class D, typename Sample>
HWY_NOINLINE void LoadGroup(D d, const KernelTables& tables, const Sample* samples, size_t frames,
                            float* out) {
  const hn::CappedTag<float, HWY_MIN(4, hn::MaxLanes(D()))> d4;
  const LoadTables& load = tables.load;
  const auto hop_length = static_cast<size_t>(tables.recipe.hop_length);
  const auto rows = static_cast<size_t>(load.rows);
  const auto last_rows = static_cast<size_t>(load.last_rows);
  const auto pitch = static_cast<size_t>(load.pitch);
  const size_t lanes = hn::Lanes(d);
  const size_t hops = frames + static_cast<size_t>(load.extra_hops);

  if (frames < lanes) ClearHops(d4, load, hops, out);
  if (rows < 4) {  // hops of 1 to 3 samples: rows are long and read with a small stride
    for (size_t p = 0; p < rows; ++p)
      for (size_t h = 0; h < hops - (p < last_rows ? 0 : 1); ++h)
        out[p * pitch + h] = static_cast<float>(samples[h * hop_length + p]);
    return;
  }
  size_t hop = 0;
  for (; hop + lanes < hops || (hop + lanes == hops && last_rows == rows); hop += lanes)
    TransposeHops<true>(d, samples, hop_length, hop, lanes, 0, rows, pitch, out);
  const size_t lanes4 = hn::Lanes(d4);
  for (; hop < hops; hop += lanes4) {
    const size_t count = HWY_MIN(lanes4, hops - hop);
    const bool last = hop + count == hops;
    TransposeHops<false>(d4, samples, hop_length, hop, count, 0, last ? last_rows : rows, pitch,
                         out);
    if (last && last_rows < rows && count > 1)
      TransposeHops<false>(d4, samples, hop_length, hop, count - 1, last_rows, rows, pitch, out);
  }
}

/// Loads the unprocessed samples to ws.again, unless T still holds them.
template <class D, typename Sample>
HWY_INLINE void LoadAgain(D d, const KernelTables& tables, const Sample* samples, size_t frames,
                          const MelWorkspace& ws) {
  if (ws.again != ws.samples || tables.load.prepares)
    LoadGroup(d, tables, samples, frames, ws.again);
}

/// One vector's width of hops, over all rows of T: their sums, and pre-emphasis in place.
/// `before` is what precedes row 0. `part` gets the sums of the rows that a frame has of its last
/// hop.
template <bool kSum, bool kEmphasize, class D>
HWY_INLINE void SumAndEmphasize(D d, const LoadTables& load, float coefficient, const float* before,
                                float* column, float* all, float* part) {
  const auto pitch = static_cast<size_t>(load.pitch);
  const auto c = hn::Set(d, coefficient);
  auto previous = hn::LoadU(d, before);
  // Two accumulators hide the addition's latency.
  auto even = hn::Zero(d);
  auto odd = even;
  const auto take_row = [&](hn::Vec<D>& sum) HWY_ATTR {
    const auto sample = hn::LoadU(d, column);
    if constexpr (kSum) sum = hn::Add(sum, sample);
    if constexpr (kEmphasize) {
      hn::StoreU(hn::NegMulAdd(c, previous, sample), d, column);
      previous = sample;
    }
    column += pitch;
  };
  const auto take_rows = [&](int count) HWY_ATTR {
    NPUMEL_UNROLL_TWICE
    for (; count >= 2; count -= 2) {
      take_row(even);
      take_row(odd);
    }
    if (count != 0) take_row(even);
  };
  take_rows(load.last_rows);
  if constexpr (kSum) hn::StoreU(hn::Add(even, odd), d, part);
  take_rows(load.rows - load.last_rows);
  if constexpr (kSum) hn::StoreU(hn::Add(even, odd), d, all);
}

/// Pre-emphasis of the first sample of each frame, into a row of T behind the others.
HWY_INLINE void EmphasizeFirstSamples(const KernelTables& tables, size_t lanes, const float* t,
                                      float* first) {
  const auto c = static_cast<float>(tables.recipe.preemphasis);
  const auto pitch = static_cast<size_t>(tables.load.pitch);
  // From a frame's sample 0 to the one that stands for sample -1.
  size_t other = 0;
  if (tables.recipe.preemphasis_mode == PreemphasisMode::frame_next)
    other = tables.load.rows > 1 ? pitch : 1;
  for (size_t h = 0; h < lanes; ++h) first[h] = t[h] - c * t[h + other];
}

/// Mean of each frame's win_length samples (as pre-emphasis changes it) into ws.mean, and
/// y[n] = x[n] - c x[n-1] on all of T, as the recipe asks.
template <bool kSum, bool kEmphasize, class D>
HWY_NOINLINE void PrepareFrames(D d, const KernelTables& tables, const MelWorkspace& ws) {
  const hn::CappedTag<float, HWY_MIN(4, hn::MaxLanes(D()))> d4;
  const LoadTables& load = tables.load;
  const auto pitch = static_cast<size_t>(load.pitch);
  const auto rows = static_cast<size_t>(load.rows);
  const size_t lanes = hn::Lanes(d);
  const float c = kEmphasize ? static_cast<float>(tables.recipe.preemphasis) : 0;
  float* t = ws.samples;
  float* before = t + (rows + 1) * pitch;
  if constexpr (kEmphasize) {
    // T holds values of earlier calls behind the last frame's end: pre-emphasis must not amplify
    // them from call to call.
    const size_t last_hop = lanes + static_cast<size_t>(load.extra_hops) - 1;
    for (auto p = static_cast<size_t>(load.last_rows); p < rows; ++p) t[p * pitch + last_hop] = 0;
    EmphasizeFirstSamples(tables, lanes, t, t + rows * pitch);
    // Before a hop's first sample comes the last one of the hop before. Nothing is known before the
    // group's sample 0, which is read from the row of first samples only.
    before[0] = 0;
    std::memcpy(before + 1, t + (rows - 1) * pitch, (pitch - 1) * sizeof(float));
  }
  float* all = ws.sums;
  float* part = all + pitch;
  size_t hop = 0;
  for (; hop + lanes <= pitch; hop += lanes)
    SumAndEmphasize<kSum, kEmphasize>(d, load, c, before + hop, t + hop, all + hop, part + hop);
  for (; hop < pitch; hop += hn::Lanes(d4))
    SumAndEmphasize<kSum, kEmphasize>(d4, load, c, before + hop, t + hop, all + hop, part + hop);
  if constexpr (kSum) {
    auto sum = hn::LoadU(d, part + load.extra_hops);
    for (int h = 0; h < load.extra_hops; ++h) sum = hn::Add(sum, hn::LoadU(d, all + h));
    const float factor = (1 - c) / static_cast<float>(tables.recipe.win_length);
    hn::Store(hn::Mul(sum, hn::Set(d, factor)), d, ws.mean);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_LOAD_INL_H_
