// SPDX-License-Identifier: LGPL-2.1-or-later
// Logarithm with a floor, one vector at a time. Included once per instruction set.
#if defined(NPUMEL_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_LOG_INL_H_
#undef NPUMEL_LOG_INL_H_
#else
#define NPUMEL_LOG_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/tables.h"
#include "kernels/cpu/unroll.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// x = 2^e * (1 + t) with 1 + t in [sqrt(1/2), sqrt(2)); ln(1 + t) = t - t^2/2 + t^3 q(t), q fitted
/// for the least maximal error over that range (6.4e-8). For normal positive x, in place.
///
/// A logarithm is one dependency chain, longer than the reorder buffer: N of them are interleaved.
template <size_t N, class D, class V = hn::Vec<D>>
HWY_INLINE void Log(D d, const LogTables& log, V (&x)[N]) {
  const hn::RebindToSigned<D> di;
  V t[N];
  V e[N];
  NPUMEL_UNROLL
  for (size_t i = 0; i < N; ++i) {
    const auto bits = hn::BitCast(di, x[i]);
    // The exponent stays where it is: e * 2^23.
    const auto exponent = hn::And(hn::Sub(bits, hn::Set(di, 0x3F3504F3)),
                                  hn::Set(di, static_cast<int32_t>(0xFF800000)));
    t[i] = hn::Sub(hn::BitCast(d, hn::Sub(bits, exponent)), hn::Set(d, 1.0F));
    e[i] = hn::ConvertTo(d, exponent);
  }
  constexpr float kPolynomial[] = {0.16141176223754883F, -0.17166906595230103F,
                                   0.19910238683223724F, -0.2498057335615158F,
                                   0.3333469033241272F,  -0.5F};
  V q[N];
  NPUMEL_UNROLL
  for (size_t i = 0; i < N; ++i) q[i] = hn::Set(d, -0.10224203020334244F);
  NPUMEL_UNROLL
  for (const float coefficient : kPolynomial) {
    NPUMEL_UNROLL
    for (size_t i = 0; i < N; ++i) q[i] = hn::MulAdd(q[i], t[i], hn::Set(d, coefficient));
  }
  NPUMEL_UNROLL
  for (size_t i = 0; i < N; ++i) {
    const V fraction = hn::MulAdd(q[i], hn::Mul(t[i], t[i]), t[i]);
    const V low =
        hn::MulAdd(e[i], hn::Set(d, log.octave_low), hn::Mul(fraction, hn::Set(d, log.scale)));
    x[i] = hn::MulAdd(e[i], hn::Set(d, log.octave_high), low);
  }
}

/// No logarithm.
struct AsEnergy {
  template <size_t N, class D, class V = hn::Vec<D>>
  static HWY_INLINE void Of(D /*d*/, const LogTables& /*log*/, V (&/*x*/)[N]) {}
};

/// log(max(x, floor)). `log.floor` is slightly below the recipe's, and results are raised to
/// `lowest`, the correctly rounded logarithm of the recipe's floor: silence gives exactly that.
struct AsLogOfMax {
  template <size_t N, class D, class V = hn::Vec<D>>
  static HWY_INLINE void Of(D d, const LogTables& log, V (&x)[N]) {
    NPUMEL_UNROLL
    for (size_t i = 0; i < N; ++i) x[i] = hn::Max(x[i], hn::Set(d, log.floor));
    Log(d, log, x);
    NPUMEL_UNROLL
    for (size_t i = 0; i < N; ++i) x[i] = hn::Max(x[i], hn::Set(d, log.lowest));
  }
};

/// log(x + floor); silence gives exactly `lowest`, too.
struct AsLogOfSum {
  template <size_t N, class D, class V = hn::Vec<D>>
  static HWY_INLINE void Of(D d, const LogTables& log, V (&x)[N]) {
    const V floor = hn::Set(d, log.floor);
    const V lowest = hn::Set(d, log.lowest);
    V raised[N];
    NPUMEL_UNROLL
    for (size_t i = 0; i < N; ++i) raised[i] = x[i] = hn::Add(x[i], floor);
    Log(d, log, x);
    NPUMEL_UNROLL
    for (size_t i = 0; i < N; ++i)
      x[i] = hn::IfThenElse(hn::Le(raised[i], floor), lowest, hn::Max(x[i], lowest));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_LOG_INL_H_
