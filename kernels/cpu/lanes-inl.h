// SPDX-License-Identifier: LGPL-2.1-or-later
// Which frames of a group are wanted. Included once per instruction set.
#if defined(NPUMEL_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_LANES_INL_H_
#undef NPUMEL_LANES_INL_H_
#else
#define NPUMEL_LANES_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The last group of a call overlaps the one before, and a call may be shorter than a group: only
/// these frames are stored and get what costs extra.
struct LaneRange {
  size_t first, end;
};

template <class D>
HWY_INLINE hn::Mask<D> InRange(D d, LaneRange range) {
  return hn::AndNot(hn::FirstN(d, range.first), hn::FirstN(d, range.end));
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_LANES_INL_H_
