// Logarithm with a floor, one vector at a time. Included once per instruction set.
#if defined(NPUMEL_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_LOG_INL_H_
#undef NPUMEL_LOG_INL_H_
#else
#define NPUMEL_LOG_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/tables.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// x = 2^e * (1 + t) with 1 + t in [sqrt(1/2), sqrt(2)); ln(1 + t) = t - t^2/2 + t^3 q(t), q fitted
/// for the least maximal error over that range (6.4e-8). For normal positive x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Log(D d, const LogTables& log, V x) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  // The exponent stays where it is: e * 2^23.
  const auto exponent = hn::And(hn::Sub(bits, hn::Set(di, 0x3F3504F3)),
                                hn::Set(di, static_cast<int32_t>(0xFF800000)));
  const V t = hn::Sub(hn::BitCast(d, hn::Sub(bits, exponent)), hn::Set(d, 1.0F));
  const V e = hn::ConvertTo(d, exponent);
  V q = hn::Set(d, -0.10224203020334244F);
  q = hn::MulAdd(q, t, hn::Set(d, 0.16141176223754883F));
  q = hn::MulAdd(q, t, hn::Set(d, -0.17166906595230103F));
  q = hn::MulAdd(q, t, hn::Set(d, 0.19910238683223724F));
  q = hn::MulAdd(q, t, hn::Set(d, -0.2498057335615158F));
  q = hn::MulAdd(q, t, hn::Set(d, 0.3333469033241272F));
  q = hn::MulAdd(q, t, hn::Set(d, -0.5F));
  const V fraction = hn::MulAdd(q, hn::Mul(t, t), t);
  const V low = hn::MulAdd(e, hn::Set(d, log.octave_low), hn::Mul(fraction, hn::Set(d, log.scale)));
  return hn::MulAdd(e, hn::Set(d, log.octave_high), low);
}

/// What becomes of an energy: nothing.
struct AsEnergy {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Of(D /*d*/, const LogTables& /*log*/, V energy) {
    return energy;
  }
};

/// log(max(x, floor)). Log() starts from a floor a little too low; what it gives between that and
/// the true one is raised to `lowest`. So silence gives the floor's own logarithm, not an
/// approximation of it.
struct AsLogOfMax {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Of(D d, const LogTables& log, V energy) {
    const V raised = hn::Max(energy, hn::Set(d, log.floor));
    return hn::Max(Log(d, log, raised), hn::Set(d, log.lowest));
  }
};

/// log(x + floor), with the same promise for silence.
struct AsLogOfSum {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Of(D d, const LogTables& log, V energy) {
    const V floor = hn::Set(d, log.floor);
    const V lowest = hn::Set(d, log.lowest);
    const V raised = hn::Add(energy, floor);
    const V y = hn::Max(Log(d, log, raised), lowest);
    return hn::IfThenElse(hn::Le(raised, floor), lowest, y);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_LOG_INL_H_
