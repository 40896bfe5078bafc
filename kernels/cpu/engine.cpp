// SPDX-License-Identifier: LGPL-2.1-or-later
// One engine per instruction set, and the choice among them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/engine.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/cpu/group-inl.h"
#include "kernels/simd/targets.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {

const Engine* TargetEngine() {
  constexpr int kRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64 ? 32 : 16;
  static constexpr Engine kEngine{
      {static_cast<int>(hn::MaxLanes(GroupTag())), kRegisters, kHalfLanes}, &Compute, &Spectrum};
  return &kEngine;
}

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npumel {
namespace {

constexpr decltype(&HWY_STATIC_DISPATCH(TargetEngine)) kEngines[] =
    NPUMEL_TARGET_TABLE(TargetEngine);
constexpr decltype(&HWY_STATIC_DISPATCH(TargetName)) kTargetNames[] =
    NPUMEL_TARGET_TABLE(TargetName);

}  // namespace

const Engine& best_engine() { return *best_of(kEngines)(); }

const char* best_target() { return best_of(kTargetNames)(); }

}  // namespace npumel
#endif  // HWY_ONCE
