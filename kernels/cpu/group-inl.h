// SPDX-License-Identifier: LGPL-2.1-or-later
// Splits a call into groups of frames and computes each group from samples to rows. Included once
// per instruction set.
#if defined(NPUMEL_GROUP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_GROUP_INL_H_
#undef NPUMEL_GROUP_INL_H_
#else
#define NPUMEL_GROUP_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstring>

#include "kernels/cpu/convolution-inl.h"
#include "kernels/cpu/energy-inl.h"
#include "kernels/cpu/engine.h"
#include "kernels/cpu/fft-inl.h"
#include "kernels/cpu/lanes-inl.h"
#include "kernels/cpu/load-inl.h"
#include "kernels/cpu/mel-inl.h"
#include "kernels/cpu/store-inl.h"
#include "kernels/cpu/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, typename Sample>
HWY_INLINE void LoadFrames(D d, const KernelTables& tables, const Sample* samples,
                           const MelWorkspace& ws) {
  LoadGroup(d, tables, samples, ws.samples);
  if (tables.wide == WideFrames::all) return;
  if (tables.recipe.remove_dc && tables.load.own_first_row)
    PrepareFrames<true, true>(d, tables, ws);
  else if (tables.recipe.remove_dc)
    PrepareFrames<true, false>(d, tables, ws);
  else if (tables.load.own_first_row)
    PrepareFrames<false, true>(d, tables, ws);
}

/// Whether every sample is zero. Exits early on the first non-zero sample.
template <typename Sample>
HWY_INLINE bool IsSilence(const Sample* samples, size_t count) {
  return samples[0] == 0 && std::memcmp(samples, samples + 1, (count - 1) * sizeof(Sample)) == 0;
}

/// Lanes(d) frames from T to spectrum values in ws.power; frames outside `range` may be skipped.
template <bool kMagnitude>
HWY_INLINE void GroupSpectra(GroupTag d, const KernelTables& tables, const Factors& windows,
                             LaneRange range, const MelWorkspace& ws) {
  if (tables.wide == WideFrames::all) {
    const size_t half = hn::Lanes(WideTag());
    for (size_t first = range.first / half * half; first < range.end; first += half)
      WideSpectra<kMagnitude>(tables, windows, first, ws.power, ws);
    return;
  }
  const float* mean = tables.recipe.remove_dc ? ws.mean : nullptr;
  Spectra<kMagnitude>(d, tables, windows,
                      FrameSamples<float>{ws.samples, tables.load.offsets.data(), mean}, ws.power,
                      ws);
}

/// Recomputes in double the frames with a filter below the noise floor of the float transform.
/// Returns whether there were any. A frame's numbers do not depend on its neighbours.
template <typename Sample>
HWY_NOINLINE bool RecomputeBelowNoiseFloor(GroupTag d, const KernelTables& tables,
                                           const Factors& windows, const Sample* samples,
                                           LaneRange range, const MelWorkspace& ws) {
  const auto wanted = BelowNoiseFloor(d, tables, tables.wide_depth, range, ws);
  if (hn::AllFalse(d, wanted)) return false;
  LoadAgain(d, tables, samples, ws);
  if (tables.recipe.spectrum == Spectrum::magnitude)
    ReplaceSpectra<true>(d, tables, windows, wanted, ws);
  else
    ReplaceSpectra<false>(d, tables, windows, wanted, ws);
  return true;
}

/// A group's samples of Lanes(d) frames and the destination of its rows; row 0 of `out` is frame
/// 0's. Frames outside `range` are skipped where that saves time.
template <typename Sample>
struct Group {
  const Sample* samples;
  LaneRange range;
  RowSink out;
};

/// Loads the group's samples to T. Returns false and leaves T unchanged if all of them are zero.
template <typename Sample>
HWY_INLINE bool LoadNonzero(GroupTag d, const KernelTables& tables, const Sample* samples,
                            const MelWorkspace& ws) {
  const size_t count = (hn::Lanes(d) - 1) * static_cast<size_t>(tables.recipe.hop_length) +
                       static_cast<size_t>(tables.recipe.win_length);
  // The magnitude of silence is not 0 with an epsilon under the root.
  if (tables.recipe.magnitude_epsilon == 0 && IsSilence(samples, count)) return false;
  LoadFrames(d, tables, samples, ws);
  return true;
}

/// From T to mel energies in ws.energy.
template <typename Sample>
HWY_INLINE void GroupEnergies(GroupTag d, const KernelTables& tables, const Group<Sample>& group,
                              bool nonzero, const MelWorkspace& ws) {
  if (!nonzero) {
    // Bit-identical to the transform of zeros.
    std::memset(ws.energy, 0, static_cast<size_t>(tables.width) * hn::Lanes(d) * sizeof(float));
    return;
  }
  const auto& windows =
      sizeof(Sample) == sizeof(float) ? tables.load.window_f32 : tables.load.window_s16;
  if (tables.recipe.spectrum == Spectrum::magnitude)
    GroupSpectra<true>(d, tables, windows, group.range, ws);
  else
    GroupSpectra<false>(d, tables, windows, group.range, ws);
  ApplyFilters(d, tables.mel, ws.power, ws.energy);
  if (tables.wide == WideFrames::below_noise_floor &&
      RecomputeBelowNoiseFloor(d, tables, windows, group.samples, group.range, ws))
    ApplyFilters(d, tables.mel, ws.power, ws.energy);
  const bool convolves = tables.recipe.dft == Dft::convolution;
  if (!convolves && tables.recipe.energy == Energy::none) return;
  const float unit = sizeof(Sample) == sizeof(float) ? 1.0F : 1.0F / 32768;
  const float scale = static_cast<float>(tables.recipe.input_scale) * unit;
  if (convolves && ConvolveBelowNoiseFloor(d, tables, group.samples, scale, group.range, ws))
    ApplyFilters(d, tables.mel, ws.power, ws.energy);
  if (tables.recipe.energy != Energy::none) {
    LoadAgain(d, tables, group.samples, ws);
    FrameEnergies(tables, scale, ws);
  }
}

/// From energies to rows. Returns each frame's largest value.
template <typename Sample>
HWY_INLINE hn::Vec<GroupTag> StoreRows(GroupTag d, const KernelTables& tables,
                                       const Group<Sample>& group, const MelWorkspace& ws) {
  const auto highest = StoreGroup(d, tables, ws.energy, group.range, group.out);
  return hn::IfThenElse(InRange(d, group.range), highest, hn::Set(d, -HUGE_VALF));
}

/// Fewer frames than a group: padded with silent frames, so that they go through the same
/// operations as any other.
template <typename Sample>
HWY_NOINLINE float ComputeFew(GroupTag d, const KernelTables& tables, const Sample* samples,
                              size_t frames, const RowSink& out, const MelWorkspace& ws) {
  const auto hop = static_cast<size_t>(tables.recipe.hop_length);
  const size_t have = (frames - 1) * hop + static_cast<size_t>(tables.recipe.win_length);
  auto* copy = static_cast<Sample*>(ws.few);
  std::memcpy(copy, samples, have * sizeof(Sample));
  std::memset(copy + have, 0, (hn::Lanes(d) - frames) * hop * sizeof(Sample));
  const Group<Sample> group{copy, {0, frames}, out};
  const bool nonzero = LoadNonzero(d, tables, copy, ws);
  GroupEnergies(d, tables, group, nonzero, ws);
  return hn::GetLane(hn::MaxOfLanes(d, StoreRows(d, tables, group, ws)));
}

template <typename Sample>
HWY_INLINE float ComputeFrames(const KernelTables& tables, const Job& job, const MelWorkspace& ws) {
  const GroupTag d;
  const size_t lanes = hn::Lanes(d);
  const auto* samples = static_cast<const Sample*>(job.samples);
  const auto frames = static_cast<size_t>(HWY_MAX(job.frames, 0));
  const auto hop = static_cast<size_t>(tables.recipe.hop_length);
  if (frames == 0) return -HUGE_VALF;
  if (frames < lanes) return ComputeFew(d, tables, samples, frames, job.out, ws);
  const auto group_at = [&](size_t done) HWY_ATTR {
    const size_t row = HWY_MIN(done, frames - lanes);  // the last group overlaps the one before
    return Group<Sample>{
        samples + row * hop, {done - row, lanes}, job.out.at(static_cast<ptrdiff_t>(row))};
  };
  auto highest = hn::Set(d, -HUGE_VALF);
  bool nonzero = LoadNonzero(d, tables, samples, ws);
  for (size_t done = 0; done < frames; done += lanes) {
    const auto group = group_at(done);
    GroupEnergies(d, tables, group, nonzero, ws);
    // Software-pipelined load: the next group's samples are loaded before this group's rows are
    // stored, so that its transform does not stall on the stores to T (6 % of torchaudio's time).
    const size_t next = done + lanes;
    if (next < frames) nonzero = LoadNonzero(d, tables, group_at(next).samples, ws);
    highest = hn::Max(highest, StoreRows(d, tables, group, ws));
  }
  return hn::GetLane(hn::MaxOfLanes(d, highest));
}

float Compute(const KernelTables& tables, const Job& job, const MelWorkspace& ws) {
  return job.type == SampleType::s16 ? ComputeFrames<int16_t>(tables, job, ws)
                                     : ComputeFrames<float>(tables, job, ws);
}

void Spectrum(const KernelTables& tables, const float* frames, float* power,
              const MelWorkspace& ws) {
  const GroupTag d;
  LoadFrames(d, tables, frames, ws);
  GroupSpectra<false>(d, tables, tables.load.window_f32, {0, hn::Lanes(d)}, ws);
  const auto bins = static_cast<size_t>(tables.fft.bins());
  for (size_t frame = 0; frame < hn::Lanes(d); ++frame)
    for (size_t bin = 0; bin < bins; ++bin)
      power[frame * bins + bin] = ws.power[bin * hn::Lanes(d) + frame];
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_GROUP_INL_H_
