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

/// T[p * pitch + h] for p in [from, to) and `hops` (1 .. lanes of D) hops from `hop` on. Lanes
/// beyond `hops` are written too, with finite values that nobody reads.
template <class D, typename Sample>
HWY_INLINE void TransposeHops(D d, const Sample* samples, size_t hop_length, size_t hop,
                              size_t hops, size_t from, size_t to, size_t pitch, float* out) {
  const Sample* source = samples + hop * hop_length;
  out += hop;
#if HWY_TARGET != HWY_SCALAR
  constexpr size_t kLanes = hn::MaxLanes(D());
  if (to - from >= kLanes) {
    for (size_t p = from; p < to; p += kLanes) {
      p = HWY_MIN(p, to - kLanes);  // the last block overlaps the one before
      hn::Vec<D> v[kLanes];
      for (size_t h = 0; h < kLanes; ++h)
        v[h] = LoadSamples(d, source + HWY_MIN(h, hops - 1) * hop_length + p);
      Transpose(d, v);
      for (size_t i = 0; i < kLanes; ++i) hn::StoreU(v[i], d, out + (p + i) * pitch);
    }
    return;
  }
#endif
  for (size_t p = from; p < to; ++p)
    for (size_t h = 0; h < hops; ++h)
      out[p * pitch + h] = static_cast<float>(source[h * hop_length + p]);
}

/// Fills T from (lanes - 1) * hop + win samples and reads no other.
template <class D, typename Sample>
HWY_NOINLINE void LoadGroup(D d, const KernelTables& tables, const Sample* samples, float* out) {
  const hn::CappedTag<float, 4> d4;
  const LoadTables& load = tables.load;
  const auto hop_length = static_cast<size_t>(tables.recipe.hop_length);
  const auto rows = static_cast<size_t>(load.rows);
  const auto last_rows = static_cast<size_t>(load.last_rows);
  const auto pitch = static_cast<size_t>(load.pitch);
  const size_t lanes = hn::Lanes(d);
  const size_t hops = lanes + static_cast<size_t>(load.extra_hops);

  if (rows < 4) {  // hops of 1 to 3 samples: rows are long and read with a small stride
    for (size_t p = 0; p < rows; ++p)
      for (size_t h = 0; h < hops - (p < last_rows ? 0 : 1); ++h)
        out[p * pitch + h] = static_cast<float>(samples[h * hop_length + p]);
    return;
  }
  size_t hop = 0;
  for (; hop + lanes < hops || (hop + lanes == hops && last_rows == rows); hop += lanes)
    TransposeHops(d, samples, hop_length, hop, lanes, 0, rows, pitch, out);
  const size_t lanes4 = hn::Lanes(d4);
  for (; hop < hops; hop += lanes4) {
    const size_t count = HWY_MIN(lanes4, hops - hop);
    const bool last = hop + count == hops;
    TransposeHops(d4, samples, hop_length, hop, count, 0, last ? last_rows : rows, pitch, out);
    if (last && last_rows < rows && count > 1)
      TransposeHops(d4, samples, hop_length, hop, count - 1, last_rows, rows, pitch, out);
  }
}

/// Mean of each frame's win_length samples, times `scale`.
template <class D>
HWY_NOINLINE void FrameMeans(D d, const KernelTables& tables, const float* t, float scale,
                             float* sums, float* mean) {
  const LoadTables& load = tables.load;
  const auto pitch = static_cast<size_t>(load.pitch);
  const auto last_rows = static_cast<size_t>(load.last_rows);
  float* all = sums;           // per hop: over all rows
  float* part = sums + pitch;  // over the rows that a frame has of its last hop
  for (size_t h = 0; h < pitch; ++h) all[h] = 0;
  for (size_t p = 0; p < static_cast<size_t>(load.rows); ++p) {
    const float* row = t + p * pitch;
    for (size_t h = 0; h < pitch; ++h) all[h] += row[h];
    if (p + 1 == last_rows) std::memcpy(part, all, pitch * sizeof(float));
  }
  auto sum = hn::LoadU(d, part + load.extra_hops);
  for (int h = 0; h < load.extra_hops; ++h) sum = hn::Add(sum, hn::LoadU(d, all + h));
  const float factor = scale / static_cast<float>(tables.recipe.win_length);
  hn::Store(hn::Mul(sum, hn::Set(d, factor)), d, mean);
}

/// y[n] = x[n] - c x[n-1] on all of T; what a frame's first sample becomes goes to its own row.
template <class D>
HWY_NOINLINE void PreEmphasize(D d, const KernelTables& tables, float* t) {
  const LoadTables& load = tables.load;
  const auto pitch = static_cast<size_t>(load.pitch);
  const auto rows = static_cast<size_t>(load.rows);
  const size_t hops = hn::Lanes(d) + static_cast<size_t>(load.extra_hops);
  const auto c = static_cast<float>(tables.recipe.preemphasis);
  // Beyond the last frame's end T holds leftovers, which must not grow from call to call.
  for (auto p = static_cast<size_t>(load.last_rows); p < rows; ++p) t[p * pitch + hops - 1] = 0;

  float* first = t + rows * pitch;
  if (tables.recipe.preemphasis_mode == PreemphasisMode::frame_next) {
    const size_t next = rows > 1 ? pitch : 1;  // from sample 0 of a frame to its sample 1
    for (size_t h = 0; h < hops - (rows > 1 ? 0 : 1); ++h) first[h] = t[h] - c * t[h + next];
  } else {
    for (size_t h = 0; h < pitch; ++h) first[h] = (1 - c) * t[h];
  }
  float* row0 = first + pitch;
  const float* last = t + (rows - 1) * pitch;
  row0[0] = 0;  // nothing is known before sample 0 of the group, which is read from `first` only
  for (size_t h = 1; h < pitch; ++h) row0[h] = t[h] - c * last[h - 1];
  for (size_t p = rows - 1; p > 0; --p) {
    float* row = t + p * pitch;
    const float* before = row - pitch;
    for (size_t h = 0; h < pitch; ++h) row[h] -= c * before[h];
  }
  std::memcpy(t, row0, pitch * sizeof(float));
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_LOAD_INL_H_
