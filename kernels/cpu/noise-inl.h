// SPDX-License-Identifier: LGPL-2.1-or-later
// Which frames of a group have a filter output below the noise floor of their float transform.
// Included once per instruction set.
#if defined(NPUMEL_NOISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_NOISE_INL_H_
#undef NPUMEL_NOISE_INL_H_
#else
#define NPUMEL_NOISE_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>

#include "kernels/cpu/tables.h"
#include "kernels/cpu/workspace.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The strongest of all bins, each frame for itself. Four maxima hide the latency.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Strongest(D d, size_t bins, const float* power) {
  const size_t lanes = hn::Lanes(d);
  V a = hn::Zero(d), b = a, c = a, e = a;
  size_t bin = 0;
  for (; bin + 4 <= bins; bin += 4, power += 4 * lanes) {
    a = hn::Max(a, hn::Load(d, power));
    b = hn::Max(b, hn::Load(d, power + lanes));
    c = hn::Max(c, hn::Load(d, power + 2 * lanes));
    e = hn::Max(e, hn::Load(d, power + 3 * lanes));
  }
  for (; bin < bins; ++bin, power += lanes) a = hn::Max(a, hn::Load(d, power));
  return hn::Max(hn::Max(a, b), hn::Max(c, e));
}

/// Which of the first `frames` frames it is in which the mean spectrum value of some filter's bins,
/// ws.energy, is more than `depth` times (in power) below the strongest bin of ws.power. Values
/// that the logarithm's floor raises do not count.
template <class D>
HWY_NOINLINE hn::Mask<D> BelowNoiseFloor(D d, const KernelTables& tables, float depth,
                                         size_t frames, const MelWorkspace& ws) {
  const size_t lanes = hn::Lanes(d);
  const auto strongest = Strongest(d, static_cast<size_t>(tables.fft.bins()), ws.power);
  const auto floor = hn::Set(d, tables.log.floor);
  const bool add_floor = tables.log.add_floor;
  const auto floored_mean = [&](const MeanOfFilter& mean) HWY_ATTR {
    const auto energy = hn::Load(d, ws.energy + mean.mel * lanes);
    const auto raised = add_floor ? hn::Add(energy, floor) : hn::Max(energy, floor);
    return hn::Mul(raised, hn::Set(d, mean.per_weight));
  };
  const auto& means = tables.mel.means;
  auto even = strongest;
  auto odd = strongest;
  size_t i = 0;
  for (; i + 2 <= means.size(); i += 2) {
    even = hn::Min(even, floored_mean(means[i]));
    odd = hn::Min(odd, floored_mean(means[i + 1]));
  }
  if (i < means.size()) even = hn::Min(even, floored_mean(means[i]));
  const auto weakest = hn::Min(even, odd);
  const bool magnitude = tables.recipe.spectrum == Spectrum::magnitude;
  const auto below = hn::Mul(weakest, hn::Set(d, magnitude ? std::sqrt(depth) : depth));
  return hn::And(hn::Gt(strongest, below), hn::FirstN(d, frames));
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_NOISE_INL_H_
