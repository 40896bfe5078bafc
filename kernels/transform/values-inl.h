// SPDX-License-Identifier: LGPL-2.1-or-later
// Loops in which each value of a row is on its own. Included once per instruction set.
#if defined(NPUMEL_VALUES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_VALUES_INL_H_
#undef NPUMEL_VALUES_INL_H_
#else
#define NPUMEL_VALUES_INL_H_
#endif

#include <hwy/highway.h>

#include <utility>

#include "kernels/transform/row_loops.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// body(tag, i) over all values i; the last vector overlaps the one before, so that `body` must not
/// change what it reads.
template <class D, class Body>
HWY_INLINE void ForValues(D d, size_t values, Body body) {
  const size_t lanes = hn::Lanes(d);
  if (values < lanes) {
    for (size_t i = 0; i < values; ++i) body(hn::CappedTag<hn::TFromD<D>, 1>(), i);
    return;
  }
  size_t i = 0;
  for (; i + lanes <= values; i += lanes) body(d, i);
  if (i < values) body(d, values - lanes);
}

using FloatTag = hn::CappedTag<float, 8>;
using DoubleTag = hn::CappedTag<double, 8>;

/// Values of a row as doubles, and back.
template <class D>
HWY_INLINE hn::Vec<D> LoadWide(D d, const float* values) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), values));
}
template <class D>
HWY_INLINE void StoreNarrow(D d, hn::Vec<D> values, float* out) {
  const hn::Rebind<float, D> narrow;
  hn::StoreU(hn::DemoteTo(narrow, values), narrow, out);
}

/// kPairs = 0: any number of them.
template <size_t kPairs, bool kOdd, class D>
HWY_INLINE hn::Vec<D> FilterValues(D d, const float* weights, size_t pairs, float center,
                                   const float* row, ptrdiff_t dims) {
  auto sum = kOdd ? hn::Zero(d) : hn::Mul(hn::Set(d, center), hn::LoadU(d, row));
  const float* after = row;
  const float* before = row;
  for (size_t i = 0; i < (kPairs == 0 ? pairs : kPairs); ++i) {
    after += dims;
    before -= dims;
    const auto one = hn::LoadU(d, after);
    const auto other = hn::LoadU(d, before);
    const auto pair = kOdd ? hn::Sub(one, other) : hn::Add(one, other);
    sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[i]), pair));
  }
  return sum;
}

/// One derivative of `count` rows; those of `out` lie `pitch` values apart.
template <size_t kPairs, bool kOdd>
HWY_INLINE void FilterRows(const DeltaTerms& terms, const float* middle, ptrdiff_t dims,
                           int64_t count, float* HWY_RESTRICT out, ptrdiff_t pitch) {
  // Local memory, that the rows which are written cannot be: the weights stay in registers.
  float few[HWY_MAX(kPairs, 1)] = {};
  const float* weights = kPairs == 0 ? terms.pairs.data() : few;
  for (size_t i = 0; i < kPairs; ++i) few[i] = terms.pairs[i];
  const size_t pairs = terms.pairs.size();
  const float center = terms.center;
  for (; count > 0; --count, middle += dims, out += pitch)
    ForValues(FloatTag(), static_cast<size_t>(dims), [&](auto d, size_t i) HWY_ATTR {
      const auto sum = FilterValues<kPairs, kOdd>(d, weights, pairs, center, middle + i, dims);
      hn::StoreU(sum, d, out + i);
    });
}

/// Numbers of pairs that the usual windows have (Kaldi 2 and 4, librosa 4) are known to the
/// compiler.
HWY_INLINE void FilterRowsBy(const DeltaTerms& terms, const float* middle, ptrdiff_t dims,
                             int64_t count, float* out, ptrdiff_t pitch) {
  const size_t pairs = terms.pairs.size();
  if (terms.odd && pairs == 2)
    FilterRows<2, true>(terms, middle, dims, count, out, pitch);
  else if (terms.odd && pairs == 4)
    FilterRows<4, true>(terms, middle, dims, count, out, pitch);
  else if (!terms.odd && pairs == 4)
    FilterRows<4, false>(terms, middle, dims, count, out, pitch);
  else if (terms.odd)
    FilterRows<0, true>(terms, middle, dims, count, out, pitch);
  else
    FilterRows<0, false>(terms, middle, dims, count, out, pitch);
}

void DeltaRows(const DeltaJob& job, const float* own, const float* middle, int64_t count,
               float* out) {
  const ptrdiff_t dims = job.dims;
  const auto parts = static_cast<ptrdiff_t>(job.filters.size()) + (job.with_static ? 1 : 0);
  const ptrdiff_t pitch = parts * dims;
  if (job.with_static) {
    for (int64_t t = 0; t < count; ++t)
      ForValues(FloatTag(), static_cast<size_t>(dims), [&](auto d, size_t i) HWY_ATTR {
        hn::StoreU(hn::LoadU(d, own + t * dims + static_cast<ptrdiff_t>(i)), d,
                   out + t * pitch + static_cast<ptrdiff_t>(i));
      });
    out += dims;
  }
  for (const DeltaTerms& terms : job.filters) {
    FilterRowsBy(terms, middle, dims, count, out, pitch);
    out += dims;
  }
}

void NormalizeRows(const float* rows, size_t dims, int64_t count, const double* means,
                   const double* scales, float* out) {
  for (; count > 0; --count, rows += dims, out += dims)
    ForValues(DoubleTag(), dims, [&](auto d, size_t i) HWY_ATTR {
      const auto centered = hn::Sub(LoadWide(d, rows + i), hn::LoadU(d, means + i));
      StoreNarrow(d, hn::Mul(centered, hn::LoadU(d, scales + i)), out + i);
    });
}

/// Sums of one block of columns, which stay in registers from row to row.
template <bool kSquares, class D>
struct RunningSums {
  hn::Vec<D> sum, squares;

  HWY_INLINE RunningSums(D d, const double* sums, size_t dims)
      : sum(hn::LoadU(d, sums)), squares(hn::LoadU(d, sums + (kSquares ? dims : 0))) {}
  HWY_INLINE void Take(D d, const float* row) {
    const auto value = LoadWide(d, row);
    sum = hn::Add(sum, value);
    if constexpr (kSquares) squares = hn::Add(squares, hn::Mul(value, value));
  }
  HWY_INLINE void Store(D d, double* out, size_t dims) const {
    hn::StoreU(sum, d, out);
    if constexpr (kSquares) hn::StoreU(squares, d, out + dims);
  }
};

/// kEach: the sums after each row, `pitch` values apart, and not after the last row alone.
template <bool kSquares, bool kEach>
HWY_INLINE void AddUpRows(const SumJob& job, const double* sums, double* HWY_RESTRICT out,
                          ptrdiff_t pitch) {
  const size_t dims = job.dims;
  const ptrdiff_t step = job.pitch;
  ForValues(DoubleTag(), dims, [&](auto d, size_t i) HWY_ATTR {
    RunningSums<kSquares, decltype(d)> running(d, sums + i, dims);
    const float* row = job.rows + i;
    double* to = out + i;
    const auto take = [&](const float* from, double* after) HWY_ATTR {
      running.Take(d, from);
      if constexpr (kEach) running.Store(d, after, dims);
    };
    int64_t left = job.count;
    for (; left >= 4; left -= 4, row += 4 * step, to += 4 * pitch)
      for (ptrdiff_t t = 0; t < 4; ++t) take(row + t * step, to + t * pitch);
    for (; left > 0; --left, row += step, to += pitch) take(row, to);
    if constexpr (!kEach) running.Store(d, out + i, dims);
  });
}

void AddUp(const SumJob& job, const double* sums, double* out) {
  if (job.squares)
    AddUpRows<true, false>(job, sums, out, 0);
  else
    AddUpRows<false, false>(job, sums, out, 0);
}
void AddUpEach(const SumJob& job, const double* sums, double* out, ptrdiff_t pitch) {
  if (job.squares)
    AddUpRows<true, true>(job, sums, out, pitch);
  else
    AddUpRows<false, true>(job, sums, out, pitch);
}

void AddDeviations(const SumJob& job, const double* means, const double* sums, double* out) {
  ForValues(DoubleTag(), job.dims, [&](auto d, size_t i) HWY_ATTR {
    const auto mean = hn::LoadU(d, means + i);
    auto sum = hn::LoadU(d, sums + i);
    const float* row = job.rows + i;
    for (int64_t t = 0; t < job.count; ++t, row += job.pitch) {
      const auto deviation = hn::Sub(LoadWide(d, row), mean);
      sum = hn::Add(sum, hn::Mul(deviation, deviation));
    }
    hn::StoreU(sum, d, out + i);
  });
}

/// Sum over the window, the file's rows included, where there is one.
template <class D>
HWY_INLINE hn::Vec<D> WindowSum(D d, const WindowRow& row, const double* file, hn::Vec<D> behind,
                                size_t i) {
  const auto sum = hn::Add(behind, hn::LoadU(d, row.before + i));
  if (file == nullptr) return sum;
  return hn::Add(sum, hn::Mul(hn::Set(d, row.file_rows), hn::LoadU(d, file + i)));
}

/// rows * x - sum: exactly 0 where all values are equal, so that no deviation of 0, which they
/// have as well, can make a rounding error large.
template <class D>
HWY_INLINE hn::Vec<D> Excess(D d, const WindowRow& row, hn::Vec<D> own, hn::Vec<D> sum) {
  return hn::Sub(hn::Mul(hn::Set(d, row.rows), own), sum);
}

/// One row, with the sums `behind` it, to which it adds its own and which go to `next`. kOwn: the
/// row itself is added, and read once. `row` by value: what is written cannot change it.
template <bool kSquares, bool kOwn>
HWY_INLINE void NormalizeByWindow(const WindowJob& job, const WindowRow row,
                                  const double* HWY_RESTRICT behind, double* HWY_RESTRICT next,
                                  float* HWY_RESTRICT out) {
  const size_t dims = job.dims;
  const double floor = job.floor;
  const double epsilon = job.epsilon;
  const double deviation_epsilon = job.deviation_epsilon;
  const double* file = row.file_rows == 0 ? nullptr : job.file;
  ForValues(DoubleTag(), dims, [&](auto d, size_t i) HWY_ATTR {
    const auto added = LoadWide(d, row.added + i);
    const auto own = kOwn ? added : LoadWide(d, row.own + i);
    const auto sum = hn::Add(hn::LoadU(d, behind + i), added);
    hn::StoreU(sum, d, next + i);
    const auto all = WindowSum(d, row, file, sum, i);
    const auto share = hn::Set(d, row.share);
    const auto centered = hn::Mul(Excess(d, row, own, all), share);
    if constexpr (kSquares) {
      const size_t place = i + dims;
      const auto squares = hn::Add(hn::LoadU(d, behind + place), hn::Mul(added, added));
      hn::StoreU(squares, d, next + place);
      const auto mean = hn::Mul(all, share);
      const auto mean_square = hn::Mul(WindowSum(d, row, file, squares, place), share);
      const auto variance = hn::Sub(mean_square, hn::Mul(mean, mean));
      const auto floored = hn::Max(variance, hn::Set(d, floor));
      const auto root = hn::Sqrt(hn::Add(floored, hn::Set(d, epsilon)));
      const auto deviation = hn::Add(root, hn::Set(d, deviation_epsilon));
      StoreNarrow(d, hn::Div(centered, deviation), out + i);
    } else {
      StoreNarrow(d, centered, out + i);
    }
  });
}

template <bool kSquares>
HWY_INLINE bool NormalizeRowsByWindows(const WindowJob& job, double* behind, double* next,
                                       float* out) {
  bool swapped = false;
  for (const WindowRow& row : job.rows) {
    if (row.own == row.added)
      NormalizeByWindow<kSquares, true>(job, row, behind, next, out);
    else
      NormalizeByWindow<kSquares, false>(job, row, behind, next, out);
    std::swap(behind, next);
    swapped = !swapped;
    out += job.dims;
  }
  return swapped;
}

bool SubtractMeans(const WindowJob& job, double* behind, double* next, float* out) {
  return NormalizeRowsByWindows<false>(job, behind, next, out);
}
bool Standardize(const WindowJob& job, double* behind, double* next, float* out) {
  return NormalizeRowsByWindows<true>(job, behind, next, out);
}

/// Infinities and what is no number have the largest exponent.
bool AllFinite(const float* values, size_t count) {
  using D = hn::CappedTag<int32_t, 8>;
  constexpr int32_t kInfinity = 0x7F800000;
  const auto* bits = reinterpret_cast<const int32_t*>(values);
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto magnitude = hn::Set(d, 0x7FFFFFFF);
  auto most = hn::Zero(d);
  auto most2 = hn::Zero(d);
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    most = hn::Max(most, hn::And(hn::LoadU(d, bits + i), magnitude));
    most2 = hn::Max(most2, hn::And(hn::LoadU(d, bits + i + lanes), magnitude));
  }
  if (!hn::AllTrue(d, hn::Lt(hn::Max(most, most2), hn::Set(d, kInfinity)))) return false;
  for (; i < count; ++i)
    if ((bits[i] & 0x7FFFFFFF) >= kInfinity) return false;
  return true;
}

void CopyValues(const float* HWY_RESTRICT from, size_t values, float* HWY_RESTRICT out) {
  const FloatTag d;
  const size_t lanes = hn::Lanes(d);
  for (; values >= 4 * lanes; values -= 4 * lanes, from += 4 * lanes, out += 4 * lanes) {
    const auto v0 = hn::LoadU(d, from);
    const auto v1 = hn::LoadU(d, from + lanes);
    const auto v2 = hn::LoadU(d, from + 2 * lanes);
    const auto v3 = hn::LoadU(d, from + 3 * lanes);
    hn::StoreU(v0, d, out);
    hn::StoreU(v1, d, out + lanes);
    hn::StoreU(v2, d, out + 2 * lanes);
    hn::StoreU(v3, d, out + 3 * lanes);
  }
  ForValues(d, values, [&](auto tag, size_t i) HWY_ATTR {
    hn::StoreU(hn::LoadU(tag, from + i), tag, out + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_VALUES_INL_H_
