// Rows to their destination: transposed for frame-major, straight for mel-major; float or half.
// Included once per instruction set.
#if defined(NPUMEL_STORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_STORE_INL_H_
#undef NPUMEL_STORE_INL_H_
#else
#define NPUMEL_STORE_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/half.h"
#include "kernels/cpu/transpose-inl.h"
#include "kernels/mel/rows.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE void StoreOne(float value, float* to) { *to = value; }
HWY_INLINE void StoreOne(float value, uint16_t* to) { *to = half_bits(value); }

template <class D>
HWY_INLINE void StoreVector(D d, hn::Vec<D> v, float* to) {
  hn::StoreU(v, d, to);
}
template <class D>
HWY_INLINE void StoreVector(D d, hn::Vec<D> v, uint16_t* to) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_SSE4
  HWY_ALIGN float lanes[hn::MaxLanes(D())];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) to[i] = half_bits(lanes[i]);
#else
  const hn::Rebind<hwy::float16_t, D> d16;
  const auto most = hn::Set(d, kHalfMax);
  const auto clamped = hn::Max(hn::Min(v, most), hn::Neg(most));
  hn::StoreU(hn::DemoteTo(d16, clamped), d16, reinterpret_cast<hwy::float16_t*>(to));
#endif
}

/// mel-major: `energy` holds [mel][lanes], of which `frames` are wanted.
template <class D, typename Element>
HWY_NOINLINE void StoreMelMajor(D d, const float* energy, size_t mels, size_t frames,
                                ptrdiff_t mel_stride, Element* to) {
  const size_t lanes = hn::Lanes(d);
  for (size_t mel = 0; mel < mels; ++mel, energy += lanes, to += mel_stride) {
    if (frames == lanes) {
      StoreVector(d, hn::Load(d, energy), to);
    } else {
      for (size_t frame = 0; frame < frames; ++frame) StoreOne(energy[frame], to + frame);
    }
  }
}

/// frame-major (mel_stride 1).
template <class D, typename Element>
HWY_NOINLINE void StoreFrameMajor(D d, const float* energy, size_t mels, size_t frames,
                                  ptrdiff_t frame_stride, Element* to) {
  const size_t lanes = hn::Lanes(d);
#if HWY_TARGET != HWY_SCALAR
  constexpr size_t kLanes = hn::MaxLanes(D());
  if (mels >= kLanes) {
    for (size_t mel = 0; mel < mels; mel += kLanes) {
      mel = HWY_MIN(mel, mels - kLanes);  // the last block overlaps the one before
      hn::Vec<D> v[kLanes];
      for (size_t i = 0; i < kLanes; ++i) v[i] = hn::Load(d, energy + (mel + i) * lanes);
      Transpose(d, v);
      for (size_t frame = 0; frame < kLanes; ++frame)
        if (frame < frames)
          StoreVector(d, v[frame], to + static_cast<ptrdiff_t>(frame) * frame_stride + mel);
    }
    return;
  }
#endif
  for (size_t frame = 0; frame < frames; ++frame)
    for (size_t mel = 0; mel < mels; ++mel)
      StoreOne(energy[mel * lanes + frame],
               to + static_cast<ptrdiff_t>(frame) * frame_stride + mel);
}

/// The first `frames` of a group go to rows `row`, row + 1 ... of `out`.
template <typename Element, class D>
HWY_INLINE void StoreGroup(D d, const float* energy, size_t mels, size_t frames, const RowSink& out,
                           size_t row) {
  auto* to = static_cast<Element*>(out.data) + static_cast<ptrdiff_t>(row) * out.frame_stride;
  if (out.mel_stride == 1)
    StoreFrameMajor(d, energy, mels, frames, out.frame_stride, to);
  else if (out.frame_stride == 1)
    StoreMelMajor(d, energy, mels, frames, out.mel_stride, to);
  else
    for (size_t frame = 0; frame < frames; ++frame)
      for (size_t mel = 0; mel < mels; ++mel)
        StoreOne(energy[mel * hn::Lanes(d) + frame],
                 to + static_cast<ptrdiff_t>(frame) * out.frame_stride +
                     static_cast<ptrdiff_t>(mel) * out.mel_stride);
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_STORE_INL_H_
