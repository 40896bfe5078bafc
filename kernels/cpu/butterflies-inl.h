// SPDX-License-Identifier: LGPL-2.1-or-later
// Small discrete Fourier transforms in registers: one vector holds the same value of several
// frames. Included once per instruction set.
#if defined(NPUMEL_BUTTERFLIES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_BUTTERFLIES_INL_H_
#undef NPUMEL_BUTTERFLIES_INL_H_
#else
#define NPUMEL_BUTTERFLIES_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The same number in every lane, rounded to the lanes' type.
template <class D>
HWY_INLINE hn::Vec<D> Constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

template <class V>
struct Complex {
  V re, im;
};

template <class V>
HWY_INLINE Complex<V> Add(const Complex<V>& a, const Complex<V>& b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
template <class V>
HWY_INLINE Complex<V> Sub(const Complex<V>& a, const Complex<V>& b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
/// a - i*b and a + i*b.
template <class V>
HWY_INLINE Complex<V> SubI(const Complex<V>& a, const Complex<V>& b) {
  return {hn::Add(a.re, b.im), hn::Sub(a.im, b.re)};
}
template <class V>
HWY_INLINE Complex<V> AddI(const Complex<V>& a, const Complex<V>& b) {
  return {hn::Sub(a.re, b.im), hn::Add(a.im, b.re)};
}
/// a + k*b and a - k*b, k real.
template <class V>
HWY_INLINE Complex<V> MulAdd(V k, const Complex<V>& b, const Complex<V>& a) {
  return {hn::MulAdd(k, b.re, a.re), hn::MulAdd(k, b.im, a.im)};
}
template <class V>
HWY_INLINE Complex<V> NegMulAdd(V k, const Complex<V>& b, const Complex<V>& a) {
  return {hn::NegMulAdd(k, b.re, a.re), hn::NegMulAdd(k, b.im, a.im)};
}
template <class V>
HWY_INLINE Complex<V> Mul(const Complex<V>& a, const Complex<V>& w) {
  return {hn::NegMulAdd(a.im, w.im, hn::Mul(a.re, w.re)),
          hn::MulAdd(a.im, w.re, hn::Mul(a.re, w.im))};
}

template <class V>
HWY_INLINE Complex<V> MulConjugate(const Complex<V>& a, const Complex<V>& w) {
  return {hn::MulAdd(a.im, w.im, hn::Mul(a.re, w.re)),
          hn::NegMulAdd(a.re, w.im, hn::Mul(a.im, w.re))};
}

inline constexpr double kSqrtHalf = 0.707106781186547524;
/// cos(2 pi k / N) and sin(2 pi k / N) of the odd radices.
template <int N>
struct OddCircle;
template <>
struct OddCircle<3> {
  static constexpr double kCos[] = {1, -0.5, -0.5};
  static constexpr double kSin[] = {0, 0.866025403784438647, -0.866025403784438647};
};
template <>
struct OddCircle<5> {
  static constexpr double kCos[] = {1, 0.309016994374947424, -0.809016994374947424,
                                    -0.809016994374947424, 0.309016994374947424};
  static constexpr double kSin[] = {0, 0.951056516295153572, 0.587785252292473129,
                                    -0.587785252292473129, -0.951056516295153572};
};
template <>
struct OddCircle<7> {
  static constexpr double kCos[] = {1,
                                    0.623489801858733531,
                                    -0.222520933956314404,
                                    -0.900968867902419126,
                                    -0.900968867902419126,
                                    -0.222520933956314404,
                                    0.623489801858733531};
  static constexpr double kSin[] = {0,
                                    0.781831482468029809,
                                    0.974927912181823607,
                                    0.433883739117558120,
                                    -0.433883739117558120,
                                    -0.974927912181823607,
                                    -0.781831482468029809};
};

/// emit(k, X_k) is called as soon as each result is known, which limits register pressure.
template <class D, class Emit, class V = hn::Vec<D>>
HWY_INLINE void ComplexDft8(D d, const Complex<V> (&x)[8], Emit emit);

/// In place, results in natural order.
template <int R, class D, class V = hn::Vec<D>>
HWY_INLINE void ComplexDft(D d, Complex<V> (&x)[R]) {
  if constexpr (R == 1) {
    return;
  } else if constexpr (R == 2) {
    const auto sum = Add(x[0], x[1]);
    x[1] = Sub(x[0], x[1]);
    x[0] = sum;
  } else if constexpr (R == 4) {
    const auto s02 = Add(x[0], x[2]);
    const auto d02 = Sub(x[0], x[2]);
    const auto s13 = Add(x[1], x[3]);
    const auto d13 = Sub(x[1], x[3]);
    x[0] = Add(s02, s13);
    x[2] = Sub(s02, s13);
    x[1] = SubI(d02, d13);
    x[3] = AddI(d02, d13);
  } else if constexpr (R == 5) {
    // cos(2pi/5) + cos(4pi/5) = -1/2 and their difference is sqrt(5)/2.
    // The sines are sin(2pi/5) times 1 and (sqrt(5) - 1) / 2.
    const V quarter = Constant(d, 0.25);
    const V root = Constant(d, 0.559016994374947424);
    const V ratio = Constant(d, 0.618033988749894848);
    const V sine = Constant(d, OddCircle<5>::kSin[1]);
    const auto s14 = Add(x[1], x[4]);
    const auto d14 = Sub(x[1], x[4]);
    const auto s23 = Add(x[2], x[3]);
    const auto d23 = Sub(x[2], x[3]);
    const auto sum = Add(s14, s23);
    const auto difference = Sub(s14, s23);
    const auto middle = NegMulAdd(quarter, sum, x[0]);
    const auto a1 = MulAdd(root, difference, middle);
    const auto a2 = NegMulAdd(root, difference, middle);
    const auto b1 = MulAdd(ratio, d23, d14);
    const Complex<V> b2{hn::MulSub(ratio, d14.re, d23.re), hn::MulSub(ratio, d14.im, d23.im)};
    x[0] = Add(x[0], sum);
    x[1] = {hn::MulAdd(sine, b1.im, a1.re), hn::NegMulAdd(sine, b1.re, a1.im)};
    x[4] = {hn::NegMulAdd(sine, b1.im, a1.re), hn::MulAdd(sine, b1.re, a1.im)};
    x[2] = {hn::MulAdd(sine, b2.im, a2.re), hn::NegMulAdd(sine, b2.re, a2.im)};
    x[3] = {hn::NegMulAdd(sine, b2.im, a2.re), hn::MulAdd(sine, b2.re, a2.im)};
  } else if constexpr (R == 8) {
    ComplexDft8(d, x, [&](size_t k, const Complex<V>& result) HWY_ATTR { x[k] = result; });
  } else if constexpr (R == 16) {
    const V c = Constant(d, 0.923879532511286756);  // cos(pi/8)
    const V s = Constant(d, 0.382683432365089772);  // sin(pi/8)
    const V k = Constant(d, kSqrtHalf);
    // Spelled out: loops that copy pairs of vectors become copies of memory, piece by piece.
    Complex<V> y[4][4] = {{x[0], x[4], x[8], x[12]},
                          {x[1], x[5], x[9], x[13]},
                          {x[2], x[6], x[10], x[14]},
                          {x[3], x[7], x[11], x[15]}};
    ComplexDft<4>(d, y[0]);
    ComplexDft<4>(d, y[1]);
    ComplexDft<4>(d, y[2]);
    ComplexDft<4>(d, y[3]);
    // y[i][q] times W16^(i*q).
    const auto eighth = [&](const Complex<V>& a) HWY_ATTR {
      return Complex<V>{hn::Mul(k, hn::Add(a.re, a.im)), hn::Mul(k, hn::Sub(a.im, a.re))};
    };
    const auto minus_i = [&](const Complex<V>& a) HWY_ATTR {
      return Complex<V>{a.im, hn::Neg(a.re)};
    };
    y[1][1] = Mul(y[1][1], Complex<V>{c, hn::Neg(s)});
    y[1][2] = eighth(y[1][2]);
    y[1][3] = Mul(y[1][3], Complex<V>{s, hn::Neg(c)});
    y[2][1] = eighth(y[2][1]);
    y[2][2] = minus_i(y[2][2]);
    y[2][3] = minus_i(eighth(y[2][3]));
    y[3][1] = Mul(y[3][1], Complex<V>{s, hn::Neg(c)});
    y[3][2] = minus_i(eighth(y[3][2]));
    y[3][3] = Mul(y[3][3], Complex<V>{hn::Neg(c), s});
    const auto finish = [&](int q) HWY_ATTR {
      Complex<V> z[4] = {y[0][q], y[1][q], y[2][q], y[3][q]};
      ComplexDft<4>(d, z);
      x[q] = z[0];
      x[q + 4] = z[1];
      x[q + 8] = z[2];
      x[q + 12] = z[3];
    };
    finish(0);
    finish(1);
    finish(2);
    finish(3);
  } else {
    static_assert(R % 2 == 1);
    using Circle = OddCircle<R>;
    constexpr int kHalf = (R - 1) / 2;
    Complex<V> sum[kHalf];
    Complex<V> difference[kHalf];
    auto total = x[0];
    for (int j = 0; j < kHalf; ++j) {
      sum[j] = Add(x[j + 1], x[R - 1 - j]);
      difference[j] = Sub(x[j + 1], x[R - 1 - j]);
      total = Add(total, sum[j]);
    }
    for (int k = 1; k <= kHalf; ++k) {
      auto a = x[0];
      Complex<V> b{hn::Zero(d), hn::Zero(d)};
      for (int j = 0; j < kHalf; ++j) {
        a = MulAdd(Constant(d, Circle::kCos[(j + 1) * k % R]), sum[j], a);
        b = MulAdd(Constant(d, Circle::kSin[(j + 1) * k % R]), difference[j], b);
      }
      x[k] = SubI(a, b);
      x[R - k] = AddI(a, b);
    }
    x[0] = total;
  }
}

/// The sum and the difference of two samples half a transform apart.
template <class V>
struct Folded {
  V sum, difference;
};

template <class D, class Emit, class V>
HWY_INLINE void ComplexDft8(D d, const Complex<V> (&x)[8], Emit emit) {
  Complex<V> even[4] = {x[0], x[2], x[4], x[6]};
  Complex<V> odd[4] = {x[1], x[3], x[5], x[7]};
  ComplexDft<4>(d, even);
  ComplexDft<4>(d, odd);
  emit(0, Add(even[0], odd[0]));
  emit(4, Sub(even[0], odd[0]));
  emit(2, SubI(even[2], odd[2]));
  emit(6, AddI(even[2], odd[2]));
  const V k = Constant(d, kSqrtHalf);
  // W8^1 = (1 - i) k, W8^3 = (-1 - i) k.
  const Complex<V> t1{hn::Add(odd[1].re, odd[1].im), hn::Sub(odd[1].im, odd[1].re)};
  emit(1, MulAdd(k, t1, even[1]));
  emit(5, NegMulAdd(k, t1, even[1]));
  const Complex<V> t3{hn::Sub(odd[3].im, odd[3].re), hn::Add(odd[3].re, odd[3].im)};
  emit(3, Complex<V>{hn::MulAdd(k, t3.re, even[3].re), hn::NegMulAdd(k, t3.im, even[3].im)});
  emit(7, Complex<V>{hn::NegMulAdd(k, t3.re, even[3].re), hn::MulAdd(k, t3.im, even[3].im)});
}

/// The same by emit(k, X_k), each result as soon as it is known where that saves registers.
template <int R, class D, class Emit, class V = hn::Vec<D>>
HWY_INLINE void ComplexDft(D d, Complex<V> (&x)[R], Emit emit) {
  if constexpr (R == 8) {
    ComplexDft8(d, x, emit);
  } else {
    ComplexDft<R>(d, x);
    for (size_t k = 0; k < R; ++k) emit(k, x[k]);
  }
}

/// Real transform of 8 points, of which folded(i) gives samples i and i + 4.
/// out[0] = {X0, X4}, or {X0, -X4} if kNegate; out[1..3] complex.
template <bool kNegate, class D, class Fold, class V = hn::Vec<D>>
HWY_INLINE void FoldedDft8(D d, Fold folded, Complex<V> (&out)[4]) {
  const V k = Constant(d, kSqrtHalf);
  const Folded<V> f0 = folded(0);
  const Folded<V> f2 = folded(2);
  const Folded<V> f1 = folded(1);
  const Folded<V> f3 = folded(3);
  const V even = hn::Add(f0.sum, f2.sum);
  const V odd = hn::Add(f1.sum, f3.sum);
  const V u = hn::Sub(f1.difference, f3.difference);
  const V v = hn::Add(f1.difference, f3.difference);
  out[0] = {hn::Add(even, odd), kNegate ? hn::Sub(odd, even) : hn::Sub(even, odd)};
  out[1] = {hn::MulAdd(k, u, f0.difference), hn::NegMulSub(k, v, f2.difference)};
  out[2] = {hn::Sub(f0.sum, f2.sum), hn::Sub(f3.sum, f1.sum)};
  out[3] = {hn::NegMulAdd(k, u, f0.difference), hn::NegMulAdd(k, v, f2.difference)};
}

/// Real transform of 16 points, of which folded(i) gives samples i and i + 8. emit(k, X_k) is
/// called for k = 0 .. 7 as soon as each is known, which limits register pressure; in place
/// of X_0 comes what RealDft has for it.
template <class D, class Fold, class Emit, class V = hn::Vec<D>>
HWY_INLINE void FoldedDft16(D d, Fold folded, Emit emit) {
  Complex<V> e[4];
  Complex<V> o[4];
  FoldedDft8<false>(
      d, [&](int i) HWY_ATTR { return folded(2 * i); }, e);
  FoldedDft8<true>(
      d, [&](int i) HWY_ATTR { return folded(2 * i + 1); }, o);
  const V tangent = Constant(d, 0.414213562373095049);  // tan(pi/8)
  const V c1 = Constant(d, 0.923879532511286756);       // cos(pi/8)
  const V k = Constant(d, kSqrtHalf);
  emit(0, Complex<V>{e[0].re, o[0].re});
  emit(4, Complex<V>{e[0].im, o[0].im});
  // X_k = E_k + W16^k O_k and X_{8-k} = conj(E_k - W16^k O_k), W16^k = factor * (u + iv) / O_k.
  const auto combine = [&](int i, V factor, V u, V v) HWY_ATTR {
    emit(i, Complex<V>{hn::MulAdd(factor, u, e[i].re), hn::MulAdd(factor, v, e[i].im)});
    emit(8 - i, Complex<V>{hn::NegMulAdd(factor, u, e[i].re), hn::MulSub(factor, v, e[i].im)});
  };
  combine(1, c1, hn::MulAdd(tangent, o[1].im, o[1].re), hn::NegMulAdd(tangent, o[1].re, o[1].im));
  combine(2, k, hn::Add(o[2].re, o[2].im), hn::Sub(o[2].im, o[2].re));
  combine(3, c1, hn::MulAdd(tangent, o[3].re, o[3].im), hn::MulSub(tangent, o[3].im, o[3].re));
}

/// Real transform of R points. out[k] = X_k for k = 1 .. (R-1)/2. out[0] = {X_0, 0} for odd R and
/// {E, O}, the sums of the even and the odd samples, for even R: X_0 = E + O, X_{R/2} = E - O.
template <int R, class D, class V = hn::Vec<D>>
HWY_INLINE void RealDft(D d, const V (&x)[R], Complex<V> (&out)[(R - 1) / 2 + 1]) {
  if constexpr (R == 1) {
    out[0] = {x[0], hn::Zero(d)};
  } else if constexpr (R == 2) {
    out[0] = {x[0], x[1]};
  } else if constexpr (R == 4) {
    out[0] = {hn::Add(x[0], x[2]), hn::Add(x[1], x[3])};
    out[1] = {hn::Sub(x[0], x[2]), hn::Sub(x[3], x[1])};
  } else if constexpr (R == 8) {
    const V s04 = hn::Add(x[0], x[4]);
    const V d04 = hn::Sub(x[0], x[4]);
    const V s26 = hn::Add(x[2], x[6]);
    const V d26 = hn::Sub(x[2], x[6]);
    const V s15 = hn::Add(x[1], x[5]);
    const V d15 = hn::Sub(x[1], x[5]);
    const V s37 = hn::Add(x[3], x[7]);
    const V d37 = hn::Sub(x[3], x[7]);
    const V k = Constant(d, kSqrtHalf);
    const V u = hn::Sub(d15, d37);
    const V v = hn::Add(d15, d37);
    out[0] = {hn::Add(s04, s26), hn::Add(s15, s37)};
    out[1] = {hn::MulAdd(k, u, d04), hn::NegMulSub(k, v, d26)};
    out[2] = {hn::Sub(s04, s26), hn::Sub(s37, s15)};
    out[3] = {hn::NegMulAdd(k, u, d04), hn::NegMulAdd(k, v, d26)};
  } else {
    static_assert(R % 2 == 1);
    using Circle = OddCircle<R>;
    constexpr int kHalf = (R - 1) / 2;
    V sum[kHalf];
    V difference[kHalf];
    V total = x[0];
    for (int j = 0; j < kHalf; ++j) {
      sum[j] = hn::Add(x[j + 1], x[R - 1 - j]);
      difference[j] = hn::Sub(x[j + 1], x[R - 1 - j]);
      total = hn::Add(total, sum[j]);
    }
    out[0] = {total, hn::Zero(d)};
    for (int k = 1; k <= kHalf; ++k) {
      V a = x[0];
      V b = hn::Zero(d);
      for (int j = 0; j < kHalf; ++j) {
        a = hn::MulAdd(Constant(d, Circle::kCos[(j + 1) * k % R]), sum[j], a);
        b = hn::NegMulAdd(Constant(d, Circle::kSin[(j + 1) * k % R]), difference[j], b);
      }
      out[k] = {a, b};
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_BUTTERFLIES_INL_H_
