// SPDX-License-Identifier: LGPL-2.1-or-later
// The passes of FftPlan over a group of frames, one vector lane per frame. Included once per
// instruction set.
#if defined(NPUMEL_FFT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_FFT_INL_H_
#undef NPUMEL_FFT_INL_H_
#else
#define NPUMEL_FFT_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/butterflies-inl.h"
#include "kernels/cpu/tables.h"
#include "kernels/cpu/workspace.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Lane = hn::TFromD<D>;

/// The complex columns of a transform whose first radix is 16, as many as fit into a vector of the
/// frames' kinds.
constexpr size_t kColumns = MelWorkspace::kLaneColumns;
using ColumnTag = hn::CappedTag<float, kColumns>;

/// The input of a transform.
template <typename T>
struct FrameSamples {
  const T* values;
  const uint32_t* offsets;  ///< in the order in which the first pass reads
  const T* mean;            ///< of each frame, to be subtracted; null: nothing is
};

/// A value of each frame as the transform takes it.
template <class D>
HWY_INLINE hn::Vec<D> LoadValues(D d, const double* from) {
  return hn::Load(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadValues(D d, const float* from) {
  if constexpr (sizeof(Lane<D>) == sizeof(double))
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
  else
    return hn::LoadU(d, from);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE Complex<V> LoadComplex(D d, const Lane<D>* from) {
  return {hn::Load(d, from), hn::Load(d, from + hn::Lanes(d))};
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE void StoreComplex(D d, const Complex<V>& value, Lane<D>* to) {
  hn::Store(value.re, d, to);
  hn::Store(value.im, d, to + hn::Lanes(d));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE Complex<V> SetComplex(D d, const Lane<D>* pair) {
  return {hn::Set(d, pair[0]), hn::Set(d, pair[1])};
}

#if HWY_TARGET <= HWY_AVX3
/// The 14-bit approximation of AVX-512, whatever the width: Highway's own for 256 bits has 12.
HWY_INLINE hn::Vec512<float> InverseRoot(hn::Vec512<float> square) {
  return hn::Vec512<float>{_mm512_rsqrt14_ps(square.raw)};
}
HWY_INLINE hn::Vec256<float> InverseRoot(hn::Vec256<float> square) {
  return hn::Vec256<float>{_mm256_rsqrt14_ps(square.raw)};
}
#endif

/// Square roots of non-negative numbers, with an error of at most one unit in the last place. A
/// 512-bit square root occupies the divider for the time of 40 additions; a 14-bit approximation
/// and one Newton step take 9.
template <class V>
HWY_INLINE V Root(V square) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(Lane<hn::DFromV<V>>) == sizeof(float)) {
    const hn::DFromV<V> d;
    const V inverse = InverseRoot(square);
    const V root = hn::Mul(square, inverse);
    const V rest = hn::NegMulAdd(root, root, square);
    const V better = hn::MulAdd(hn::Mul(inverse, hn::Set(d, 0.5F)), rest, root);
    // 0 times infinity: 0 and infinity are their own roots.
    return hn::IfThenElse(hn::IsNaN(better), square, better);
  }
#endif
  return hn::Sqrt(square);
}

/// What is stored for a complex result: its power, or its magnitude, with
/// `epsilon` under the root. An epsilon of 0 changes no bit of it and, with
/// fused multiply-adds, costs nothing.
template <bool kMagnitude, class V>
HWY_INLINE V SpectrumValue(const Complex<V>& z, V epsilon) {
  if constexpr (kMagnitude)
    return Root(hn::MulAdd(z.re, z.re, hn::MulAdd(z.im, z.im, epsilon)));
  else
    return hn::MulAdd(z.re, z.re, hn::Mul(z.im, z.im));
}

/// Spectrum values are float whatever precision the transform uses: only sums of non-negative
/// numbers follow.
template <class D>
HWY_INLINE void StoreSpectrumValue(D d, hn::Vec<D> value, float* to) {
  if constexpr (sizeof(Lane<D>) == sizeof(double)) {
    const hn::Rebind<float, D> narrow;
    hn::Store(hn::DemoteTo(narrow, value), narrow, to);
  } else {
    hn::Store(value, d, to);
  }
}

/// Real transforms of R points over all columns: window function, first butterflies, and the
/// twiddle factors that Cooley-Tukey order needs. Of R samples the first kTaken can be non-zero.
template <int R, int kTaken, bool kCoprime, bool kCenter, class D, typename T>
HWY_NOINLINE void FirstPass(D d, const KernelTables& tables, const Lane<D>* window,
                            const FrameSamples<T>& samples, Lane<D>* work) {
  using V = hn::Vec<D>;
  constexpr int kParallel = (R - 1) / 2 + 1;
  // Vector stores may alias anything: load what the loop needs of the tables into locals once.
  const FftPlan& plan = tables.fft;
  const T* const values = samples.values;
  const uint32_t* offsets = samples.offsets;
  const Lane<D>* twiddles = plan.twiddles.template data<Lane<D>>();
  const int columns = plan.columns;
  const size_t slot = 2 * hn::Lanes(d);
  const size_t pitch = column_pitch(plan, hn::Lanes(d));
  const V center = kCenter ? LoadValues(d, samples.mean) : hn::Zero(d);
  // packed_halves: samples `column` and `column` + columns of the sequence that is transformed.
  Lane<D>* even = work;
  const size_t half = static_cast<size_t>(columns / 2) * slot;
  for (int column = 0; column < columns; ++column) {
    const auto sample = [&](int i) HWY_ATTR {
      const V value = LoadValues(d, values + offsets[i]);
      return kCenter ? hn::Sub(value, center) : value;
    };
    const auto emit = [&](size_t k, const Complex<V>& result) HWY_ATTR {
      if (k != 0 && !kCoprime) {
        StoreComplex(d, Mul(result, SetComplex(d, twiddles + 2 * (k - 1))), work + k * pitch);
      } else if (k != 0 || R % 2 != 0) {
        StoreComplex(d, result, work + k * pitch);
      } else if (kCoprime) {
        StoreComplex(d, {hn::Add(result.re, result.im), hn::Sub(result.re, result.im)}, work);
      } else {
        hn::Store(result.re, d, even);
        hn::Store(result.im, d, even + half);
      }
    };
    if constexpr (R == 16) {
      const auto folded = [&](int i) HWY_ATTR {
        const V first = hn::Mul(sample(i), hn::Set(d, window[i]));
        if (i + 8 >= kTaken) return Folded<V>{first, first};
        const V factor = hn::Set(d, window[i + 8]);
#if HWY_TARGET <= HWY_AVX3
        const V other = sample(i + 8);
        return Folded<V>{hn::MulAdd(other, factor, first), hn::NegMulAdd(other, factor, first)};
#else
        // A multiplication reads memory where two FMAs need a load and a copy. With AVX-512 it is
        // the number of operations that counts.
        const V second = hn::Mul(sample(i + 8), factor);
        return Folded<V>{hn::Add(first, second), hn::Sub(first, second)};
#endif
      };
      FoldedDft16(d, folded, emit);
    } else {
      V x[R];
      for (int i = 0; i < R; ++i) x[i] = hn::Mul(sample(i), hn::Set(d, window[i]));
      Complex<V> out[kParallel];
      RealDft<R>(d, x, out);
      for (size_t k = 0; k < kParallel; ++k) emit(k, out[k]);
    }
    offsets += R;
    window += R;
    work += slot;
    even += hn::Lanes(d);
    if constexpr (!kCoprime) twiddles += 2 * (kParallel - 1);
  }
}

/// `count` butterflies in place, `stride` numbers from one to the next. Their values lie `step`
/// numbers apart; results but the first are multiplied by the twiddle factors, unless those are 1.
template <int R, bool kTwiddles, class D>
HWY_INLINE void Butterflies(D d, size_t count, size_t stride, size_t step, const Lane<D>* twiddles,
                            Lane<D>* at) {
  for (; count != 0; --count, at += stride) {
    Complex<hn::Vec<D>> x[R];
    for (size_t j = 0; j < R; ++j) x[j] = LoadComplex(d, at + j * step);
    ComplexDft<R>(d, x);
    StoreComplex(d, x[0], at);
    for (size_t q = 1; q <= R / 2; ++q) {
      if constexpr (kTwiddles) {
        const auto w = SetComplex(d, twiddles + 2 * (q - 1));
        x[q] = Mul(x[q], w);
        if (q != R - q) x[R - q] = MulConjugate(x[R - q], w);
      }
      StoreComplex(d, x[q], at + q * step);
      if (q != R - q) StoreComplex(d, x[R - q], at + (R - q) * step);
    }
  }
}

/// One pass that is not the last, over `columns` columns.
template <int R, class D>
HWY_NOINLINE void MiddlePass(D d, const FftPlan& fft, const FftPass& pass, size_t columns,
                             Lane<D>* work) {
  const size_t slot = 2 * hn::Lanes(d);
  const size_t pitch = column_pitch(fft, hn::Lanes(d));
  const size_t step = static_cast<size_t>(pass.step) * slot;
  const auto blocks = static_cast<size_t>(fft.complex.length / pass.block);
  const Lane<D>* twiddles = fft.complex.twiddles.template data<Lane<D>>() + pass.twiddle;
  // The innermost loop goes over columns where a column has one block, and over its blocks
  // otherwise.
  const size_t outer = blocks == 1 ? 1 : columns;
  const size_t inner = blocks == 1 ? columns : blocks;
  const size_t stride = blocks == 1 ? pitch : static_cast<size_t>(pass.block) * slot;
  for (size_t i = 0; i < outer; ++i)
    Butterflies<R, false>(d, inner, stride, step, twiddles, work + i * pitch);
  for (size_t n = slot; n < step; n += slot) {
    twiddles += 2 * (R / 2);
    for (size_t i = 0; i < outer; ++i)
      Butterflies<R, true>(d, inner, stride, step, twiddles, work + n + i * pitch);
  }
}

/// The last pass of one column, whose results stay complex, in place.
template <int R, class D>
HWY_NOINLINE void LastPassInPlace(D d, const FftPlan& plan, Lane<D>* work) {
  const size_t slot = 2 * hn::Lanes(d);
  for (int first = 0; first < plan.columns; first += R, work += R * slot) {
    Complex<hn::Vec<D>> x[R];
    for (size_t j = 0; j < R; ++j) x[j] = LoadComplex(d, work + j * slot);
    ComplexDft<R>(d, x);
    for (size_t j = 0; j < R; ++j) StoreComplex(d, x[j], work + j * slot);
  }
}

/// The last pass of `columns` columns from `work` on, whose results become powers; `output` says
/// where.
template <int R, bool kMagnitude, class D>
HWY_NOINLINE void LastPass(D d, const FftPlan& plan, const uint32_t* output, size_t columns,
                           Lane<D> epsilon, const Lane<D>* work, float* power) {
  const auto under_root = hn::Set(d, epsilon);
  const size_t slot = 2 * hn::Lanes(d);
  const size_t padding =
      column_pitch(plan, hn::Lanes(d)) - slot * static_cast<size_t>(plan.columns);
  for (; columns != 0; --columns, work += padding) {
    for (int first = 0; first < plan.columns; first += R, work += R * slot, output += R) {
      Complex<hn::Vec<D>> x[R];
      for (size_t j = 0; j < R; ++j) x[j] = LoadComplex(d, work + j * slot);
      ComplexDft<R>(d, x, [&](size_t k, const Complex<hn::Vec<D>>& result) HWY_ATTR {
        StoreSpectrumValue(d, SpectrumValue<kMagnitude>(result, under_root), power + output[k]);
      });
    }
  }
}

/// Powers from the packed first column; see FirstColumn.
template <bool kMagnitude, class D>
HWY_NOINLINE void UnpackFirstColumn(D d, const FftPlan& plan, Lane<D> epsilon, const Lane<D>* work,
                                    float* power) {
  using V = hn::Vec<D>;
  const size_t slot = 2 * hn::Lanes(d);
  const V share = Constant(d, kMagnitude ? 0.5 : 0.25);
  const V under_root = hn::Set(d, 4 * epsilon);  // of the doubled magnitudes below
  const bool halves = plan.first_column == FirstColumn::packed_halves;
  for (const PackedPair& pair : plan.pairs) {
    const auto a = LoadComplex(d, work + pair.slot_a * slot);
    const auto b = LoadComplex(d, work + pair.slot_b * slot);
    // Twice the transforms of the real and of the imaginary parts, from a and conj(b).
    Complex<V> f{hn::Add(a.re, b.re), hn::Sub(a.im, b.im)};
    Complex<V> g{hn::Add(a.im, b.im), hn::Sub(b.re, a.re)};
    if (halves) {
      const auto turned = Mul(g, Complex<V>{Constant(d, pair.re), Constant(d, pair.im)});
      g = Sub(f, turned);
      f = Add(f, turned);
    }
    StoreSpectrumValue(d, hn::Mul(share, SpectrumValue<kMagnitude>(f, under_root)),
                       power + pair.power_0);
    StoreSpectrumValue(d, hn::Mul(share, SpectrumValue<kMagnitude>(g, under_root)),
                       power + pair.power_1);
  }
}

// The functions that choose a pass are not inlined: they run a few times a group, and each of their
// copies is as much code as the passes of several radices.

/// body.operator()<R>() with the run-time radix of a pass.
template <class Body>
HWY_INLINE void WithRadix(int radix, Body body) {
  switch (radix) {
    case 1:
      return body.template operator()<1>();
    case 2:
      return body.template operator()<2>();
    case 3:
      return body.template operator()<3>();
    case 4:
      return body.template operator()<4>();
    case 5:
      return body.template operator()<5>();
    case 7:
      return body.template operator()<7>();
    default:
      return body.template operator()<8>();
  }
}

template <class D>
HWY_NOINLINE void MiddlePasses(D d, const FftPlan& plan, size_t columns, Lane<D>* work) {
  for (const FftPass& pass : plan.complex.passes) {
    if (pass.step == 1) break;
    if (pass.radix == 16)
      MiddlePass<16>(d, plan, pass, columns, work);
    else
      WithRadix(pass.radix, [&]<int R>() HWY_ATTR { MiddlePass<R>(d, plan, pass, columns, work); });
  }
}

template <class D>
HWY_NOINLINE void RunLastPassInPlace(D d, const FftPlan& plan, Lane<D>* work) {
  WithRadix(plan.complex.passes.back().radix,
            [&]<int R>() HWY_ATTR { LastPassInPlace<R>(d, plan, work); });
}

template <bool kMagnitude, class D>
HWY_NOINLINE void RunLastPass(D d, const FftPlan& plan, size_t first_column, size_t columns,
                              Lane<D> epsilon, const Lane<D>* work, float* power) {
  const uint32_t* output = plan.output.data() + first_column * static_cast<size_t>(plan.columns);
  WithRadix(plan.complex.passes.back().radix, [&]<int R>() HWY_ATTR {
    LastPass<R, kMagnitude>(d, plan, output, columns, epsilon, work, power);
  });
}

template <bool kCenter, class D, typename T>
HWY_NOINLINE void RunFirstPass(D d, const KernelTables& tables, const Lane<D>* window,
                               const FrameSamples<T>& samples, Lane<D>* work) {
  const auto run = [&]<int R, int kTaken>() HWY_ATTR {
    if (kTaken == R && tables.fft.coprime)
      FirstPass<R, R, true, kCenter>(d, tables, window, samples, work);
    else
      FirstPass<R, kTaken, false, kCenter>(d, tables, window, samples, work);
  };
  switch (tables.fft.radix) {
    case 1:
      run.template operator()<1, 1>();
      break;
    case 2:
      run.template operator()<2, 2>();
      break;
    case 3:
      run.template operator()<3, 3>();
      break;
    case 4:
      run.template operator()<4, 4>();
      break;
    case 5:
      run.template operator()<5, 5>();
      break;
    case 7:
      run.template operator()<7, 7>();
      break;
    case 8:
      run.template operator()<8, 8>();
      break;
    default:  // zero-padded frames are common: 400 of 512, 320 of 512, 512 of 1024
      if (tables.load.taken <= 8)
        run.template operator()<16, 8>();
      else if (tables.load.taken <= 10)
        run.template operator()<16, 10>();
      else if (tables.load.taken <= 13)
        run.template operator()<16, 13>();
      else
        run.template operator()<16, 16>();
  }
}

/// Bluestein's convolution up to the last pass of its second transform, which starts in work2.
template <class D, typename T>
HWY_NOINLINE void Chirp(D d, const KernelTables& tables, const Lane<D>* window,
                        const FrameSamples<T>& samples, const MelWorkspace& ws) {
  using V = hn::Vec<D>;
  const FftPlan& plan = tables.fft;
  auto* work = static_cast<Lane<D>*>(ws.work);
  auto* work2 = static_cast<Lane<D>*>(ws.work2);
  const auto* chirp_in = plan.chirp_in.template data<Lane<D>>();
  const auto* chirp_filter = plan.chirp_filter.template data<Lane<D>>();
  const size_t slot = 2 * hn::Lanes(d);
  const V center = samples.mean ? LoadValues(d, samples.mean) : hn::Zero(d);
  const size_t inputs = tables.load.offsets.size();
  for (size_t n = 0; n < inputs; ++n) {
    const V sample = hn::Sub(LoadValues(d, samples.values + samples.offsets[n]), center);
    const V x = hn::Mul(sample, hn::Set(d, window[n]));
    const auto c = SetComplex(d, chirp_in + 2 * n);
    StoreComplex(d, {hn::Mul(x, c.re), hn::Mul(x, c.im)}, work + n * slot);
  }
  const auto length = static_cast<size_t>(plan.columns);
  for (size_t n = inputs; n < length; ++n)
    StoreComplex(d, {hn::Zero(d), hn::Zero(d)}, work + n * slot);
  MiddlePasses(d, plan, 1, work);
  RunLastPassInPlace(d, plan, work);
  // The transform of the conjugate is the conjugate of the inverse transform: same power.
  for (size_t k = 0; k < length; ++k) {
    const auto product = Mul(LoadComplex(d, work + plan.complex.slot_of[k] * slot),
                             SetComplex(d, chirp_filter + 2 * k));
    StoreComplex(d, {product.re, hn::Neg(product.im)}, work2 + k * slot);
  }
  MiddlePasses(d, plan, 1, work2);
}

#if HWY_TARGET != HWY_SCALAR
/// The passes after the first for frame 0 alone: the complex columns take the place of frames in
/// the lanes, and all of them go through the passes at once. Each number is the result of the same
/// operations as elsewhere. The spectrum values go to all lanes.
template <bool kMagnitude, class D>
HWY_NOINLINE void SpectraOfOne(D d, const FftPlan& plan, float epsilon, float* work, float* power,
                               float* columns) {
  const ColumnTag dc;
  const hn::CappedTag<float, 4> d4;
  const size_t lanes = hn::Lanes(dc);
  const size_t slot = 2 * hn::Lanes(d);
  const size_t pitch = column_pitch(plan, hn::Lanes(d));
  const auto length = static_cast<size_t>(plan.columns);
  const auto under_root = hn::Set(dc, epsilon);
  const auto frame_of_four = [&](const float* from) HWY_ATTR {
    const auto low = hn::InterleaveLower(d4, hn::Load(d4, from), hn::Load(d4, from + pitch));
    const auto high =
        hn::InterleaveLower(d4, hn::Load(d4, from + 2 * pitch), hn::Load(d4, from + 3 * pitch));
    return hn::ConcatLowerLower(d4, high, low);
  };
  HWY_ALIGN float values[hn::MaxLanes(ColumnTag())];
  for (size_t first = 0; first < kColumns; first += lanes) {
    const float* from = work + first * pitch;
    for (size_t n = 0; n < length; ++n, from += slot) {
      float* to = columns + 2 * lanes * n;
      for (size_t k = 0; k < lanes; k += 4) {
        hn::Store(frame_of_four(from + k * pitch), d4, to + k);
        hn::Store(frame_of_four(from + k * pitch + hn::Lanes(d)), d4, to + lanes + k);
      }
    }
    MiddlePasses(dc, plan, 1, columns);
    RunLastPassInPlace(dc, plan, columns);
    const uint32_t* output = plan.output.data() + first * length;
    for (size_t n = 0; n < length; ++n) {
      const auto z = LoadComplex(dc, columns + 2 * lanes * n);
      hn::Store(SpectrumValue<kMagnitude>(z, under_root), dc, values);
      for (size_t k = first == 0 ? 1 : 0; k < lanes; ++k)
        hn::Store(hn::Set(d, values[k]), d, power + output[k * length + n]);
      if (first != 0) continue;
      hn::Store(hn::Set(d, columns[2 * lanes * n]), d, work + n * slot);
      hn::Store(hn::Set(d, columns[2 * lanes * n + lanes]), d, work + n * slot + hn::Lanes(d));
    }
  }
  UnpackFirstColumn<kMagnitude>(d, plan, epsilon, work, power);
}
#endif

/// From samples to the spectrum values (powers or magnitudes) of all bins, a group's lanes from bin
/// to bin. Only the first `frames` are wanted.
template <bool kMagnitude, class D, typename T>
HWY_NOINLINE void Spectra(D d, const KernelTables& tables, const Factors& window_table,
                          const FrameSamples<T>& samples, size_t frames, float* power,
                          const MelWorkspace& ws) {
  const FftPlan& plan = tables.fft;
  const auto* window = window_table.template data<Lane<D>>();
  auto* work = static_cast<Lane<D>*>(ws.work);
  const auto epsilon = static_cast<Lane<D>>(tables.recipe.magnitude_epsilon);
  if (plan.chirp) {
    Chirp(d, tables, window, samples, ws);
    RunLastPass<kMagnitude>(d, plan, 0, 1, epsilon, static_cast<Lane<D>*>(ws.work2), power);
    return;
  }
  bool centered = false;
  if constexpr (sizeof(Lane<D>) == sizeof(float)) {  // prepared frames are centered already
    centered = samples.mean != nullptr;
    if (centered) RunFirstPass<true>(d, tables, window, samples, work);
  }
  if (!centered) RunFirstPass<false>(d, tables, window, samples, work);

#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(Lane<D>) == sizeof(float)) {
    if (frames == 1 && has_lane_columns(plan)) {
      SpectraOfOne<kMagnitude>(d, plan, epsilon, work, power, ws.columns);
      return;
    }
  }
#endif

  // As many columns at a time as fit the L1 cache beside the tables.
  constexpr size_t kL1Bytes = 32768;
  const size_t pitch = column_pitch(plan, hn::Lanes(d));
  const size_t chunk = HWY_MAX(1, kL1Bytes / (pitch * sizeof(Lane<D>)));
  const auto parallel = static_cast<size_t>(plan.parallel);
  size_t column = 0;
  if (plan.first_column != FirstColumn::plain) {
    MiddlePasses(d, plan, 1, work);
    RunLastPassInPlace(d, plan, work);
    UnpackFirstColumn<kMagnitude>(d, plan, epsilon, work, power);
    column = 1;
  }
  while (column < parallel) {
    const size_t count = HWY_MIN(chunk, parallel - column);
    Lane<D>* at = work + column * pitch;
    MiddlePasses(d, plan, count, at);
    RunLastPass<kMagnitude>(d, plan, column, count, epsilon, at, power);
    column += count;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_FFT_INL_H_
