// SPDX-License-Identifier: LGPL-2.1-or-later
// Dft::convolution: the bins of the filters once more, as the original sums them up, for frames in
// which its rounding noise shows. Included once per instruction set.
#if defined(NPUMEL_CONVOLUTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_CONVOLUTION_INL_H_
#undef NPUMEL_CONVOLUTION_INL_H_
#else
#define NPUMEL_CONVOLUTION_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>

#include "kernels/cpu/load-inl.h"
#include "kernels/cpu/noise-inl.h"
#include "kernels/cpu/tables.h"
#include "kernels/cpu/unroll.h"
#include "kernels/cpu/workspace.h"
#include "kernels/mel/convolution.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// a * b + c, rounded once: the noise is only the same on every instruction set if this is.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FusedMulAdd(D d, V a, V b, V c) {
#if HWY_NATIVE_FMA
  (void)d;
  return hn::MulAdd(a, b, c);
#else
  HWY_ALIGN float x[hn::MaxLanes(D())];
  HWY_ALIGN float y[hn::MaxLanes(D())];
  HWY_ALIGN float sum[hn::MaxLanes(D())];
  hn::Store(a, d, x);
  hn::Store(b, d, y);
  hn::Store(c, d, sum);
  for (size_t i = 0; i < hn::Lanes(d); ++i) sum[i] = std::fma(x[i], y[i], sum[i]);
  return hn::Load(d, sum);
#endif
}

/// kBins bins of all frames: real parts, then imaginary parts. T holds the samples as they came.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void ConvolveBins(D d, const ConvolutionTables& tables, const float* weights,
                             const float* t, V (&total)[2 * ConvolutionTables::kBins]) {
  constexpr int kSums = 2 * ConvolutionTables::kBins;
  const int samples = static_cast<int>(tables.offsets.size());
  NPUMEL_UNROLL
  for (int k = 0; k < kSums; ++k) total[k] = hn::Zero(d);
  for (int i = 0; i < samples;) {
    const int end = HWY_MIN(samples, i + tables.part - (tables.place + i) % tables.part);
    V sum[kSums];
    NPUMEL_UNROLL
    for (int k = 0; k < kSums; ++k) sum[k] = hn::Zero(d);
    for (; i < end; ++i, weights += kSums) {
      const V sample = hn::LoadU(d, t + tables.offsets[static_cast<size_t>(i)]);
      NPUMEL_UNROLL
      for (int k = 0; k < kSums; ++k)
        sum[k] = FusedMulAdd(d, sample, hn::Set(d, weights[k]), sum[k]);
    }
    NPUMEL_UNROLL
    for (int k = 0; k < kSums; ++k) total[k] = hn::Add(total[k], sum[k]);
  }
}

/// Recomputes spectrum values in ws.power from `samples` where the original's rounding noise shows,
/// and returns whether there were any. The sums are computed for all frames of a group and stored
/// for those that need them, so that a frame does not depend on its neighbours. `scale` converts
/// T's samples to the recipe's scale; it is a power of two and can be applied after the sums.
template <class D, typename Sample>
HWY_NOINLINE bool ConvolveBelowNoiseFloor(D d, const KernelTables& tables, const Sample* samples,
                                          float scale, size_t frames, const MelWorkspace& ws) {
  using V = hn::Vec<D>;
  constexpr int kBins = ConvolutionTables::kBins;
  const ConvolutionTables& convolution = tables.convolution;
  const size_t lanes = hn::Lanes(d);
  const auto wanted = BelowNoiseFloor(d, tables, kConvolutionDepth, frames, ws);
  if (hn::AllFalse(d, wanted)) return false;
  LoadAgain(d, tables, samples, frames, ws);
  const bool magnitude = tables.recipe.spectrum == Spectrum::magnitude;
  const V factor = hn::Set(d, scale);
  const V epsilon = hn::Set(d, static_cast<float>(tables.recipe.magnitude_epsilon));
  const float* weights = convolution.weights->data();
  float* at = ws.power + lanes * static_cast<size_t>(convolution.first_bin);
  for (int block = 0; block < convolution.bins; block += kBins) {
    V part[2 * kBins];
    ConvolveBins(d, convolution, weights, ws.again, part);
    weights += 2 * kBins * convolution.offsets.size();
    for (int k = 0; k < HWY_MIN(kBins, convolution.bins - block); ++k, at += lanes) {
      const V re = hn::Mul(part[k], factor);
      const V im = hn::Mul(part[kBins + k], factor);
      const V power = hn::Add(hn::Mul(re, re), hn::Mul(im, im));
      const V value = magnitude ? hn::Sqrt(hn::Add(power, epsilon)) : power;
      hn::Store(hn::IfThenElse(wanted, value, hn::Load(d, at)), d, at);
    }
  }
  return true;
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_CONVOLUTION_INL_H_
