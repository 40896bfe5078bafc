// SPDX-License-Identifier: LGPL-2.1-or-later
// Loops in which each value of a row is on its own. Included once per instruction set.
#if defined(NPUMEL_VALUES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_VALUES_INL_H_
#undef NPUMEL_VALUES_INL_H_
#else
#define NPUMEL_VALUES_INL_H_
#endif

#include <hwy/highway.h>

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
using DoubleTag = hn::CappedTag<double, 4>;

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

template <class D>
HWY_INLINE hn::Vec<D> FilterValues(D d, const DeltaTerms& terms, const float* row, ptrdiff_t dims) {
  using V = hn::Vec<D>;
  const float* after = row;
  const float* before = row;
  if (terms.odd) {
    V sum = hn::Zero(d);
    for (const float weight : terms.pairs) {
      after += dims;
      before -= dims;
      const V pair = hn::Sub(hn::LoadU(d, after), hn::LoadU(d, before));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weight), pair));
    }
    return sum;
  }
  V sum = hn::Mul(hn::Set(d, terms.center), hn::LoadU(d, row));
  for (const float weight : terms.pairs) {
    after += dims;
    before -= dims;
    const V pair = hn::Add(hn::LoadU(d, after), hn::LoadU(d, before));
    sum = hn::Add(sum, hn::Mul(hn::Set(d, weight), pair));
  }
  return sum;
}

void DeltaRows(const DeltaJob& job, const float* own, const float* middle, int64_t count,
               float* out) {
  const ptrdiff_t dims = job.dims;
  const auto values = static_cast<size_t>(dims);
  for (; count > 0; --count, own += dims, middle += dims) {
    if (job.with_static) {
      ForValues(FloatTag(), values,
                [&](auto d, size_t i) HWY_ATTR { hn::StoreU(hn::LoadU(d, own + i), d, out + i); });
      out += dims;
    }
    for (const DeltaTerms& terms : job.filters) {
      ForValues(FloatTag(), values, [&](auto d, size_t i) HWY_ATTR {
        hn::StoreU(FilterValues(d, terms, middle + i, dims), d, out + i);
      });
      out += dims;
    }
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

void AddRow(const float* row, size_t dims, const double* sums, double* out) {
  ForValues(DoubleTag(), dims, [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), LoadWide(d, row + i)), d, out + i);
  });
}

void AddRowAndSquares(const float* row, size_t dims, const double* sums, double* out) {
  ForValues(DoubleTag(), dims, [&](auto d, size_t i) HWY_ATTR {
    const auto value = LoadWide(d, row + i);
    const auto squares = hn::LoadU(d, sums + dims + i);
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), value), d, out + i);
    hn::StoreU(hn::Add(squares, hn::Mul(value, value)), d, out + dims + i);
  });
}

void AddDeviations(const float* row, size_t dims, const double* means, const double* sums,
                   double* out) {
  ForValues(DoubleTag(), dims, [&](auto d, size_t i) HWY_ATTR {
    const auto deviation = hn::Sub(LoadWide(d, row + i), hn::LoadU(d, means + i));
    const auto sum = hn::Add(hn::LoadU(d, sums + i), hn::Mul(deviation, deviation));
    hn::StoreU(sum, d, out + i);
  });
}

/// Sum of value i over the window, the file's rows included.
template <class D>
HWY_INLINE hn::Vec<D> WindowSum(D d, const WindowJob& job, size_t i) {
  const auto sum = hn::Add(hn::LoadU(d, job.behind + i), hn::LoadU(d, job.before + i));
  if (job.file == nullptr) return sum;
  return hn::Add(sum, hn::Mul(hn::Set(d, job.file_rows), hn::LoadU(d, job.file + i)));
}

/// rows * x - sum: exactly 0 where all values are equal, so that no deviation of 0, which they
/// have as well, can make a rounding error large.
template <class D>
HWY_INLINE hn::Vec<D> Excess(D d, const WindowJob& job, const float* row, size_t i,
                             hn::Vec<D> sum) {
  return hn::Sub(hn::Mul(hn::Set(d, job.rows), LoadWide(d, row + i)), sum);
}

void SubtractMean(const WindowJob& job, const float* row, float* out) {
  const double share = 1 / job.rows;
  ForValues(DoubleTag(), job.dims, [&](auto d, size_t i) HWY_ATTR {
    const auto excess = Excess(d, job, row, i, WindowSum(d, job, i));
    StoreNarrow(d, hn::Mul(excess, hn::Set(d, share)), out + i);
  });
}

void Standardize(const WindowJob& job, const float* row, float* out) {
  const double share = 1 / job.rows;
  ForValues(DoubleTag(), job.dims, [&](auto d, size_t i) HWY_ATTR {
    const auto sum = WindowSum(d, job, i);
    const auto mean = hn::Mul(sum, hn::Set(d, share));
    const auto squares = hn::Mul(WindowSum(d, job, i + job.dims), hn::Set(d, share));
    const auto variance = hn::Sub(squares, hn::Mul(mean, mean));
    const auto floored = hn::Max(variance, hn::Set(d, job.floor));
    const auto deviation = hn::Sqrt(hn::Add(floored, hn::Set(d, job.epsilon)));
    const auto centered = hn::Mul(Excess(d, job, row, i, sum), hn::Set(d, share));
    StoreNarrow(d, hn::Div(centered, deviation), out + i);
  });
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
