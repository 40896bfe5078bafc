// SPDX-License-Identifier: LGPL-2.1-or-later
// A call cut into groups of frames, and the way of one group from samples to rows. Included once
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

/// Every sample is zero. Sound is told from its first samples.
template <typename Sample>
HWY_INLINE bool IsSilence(const Sample* samples, size_t count) {
  return samples[0] == 0 && std::memcmp(samples, samples + 1, (count - 1) * sizeof(Sample)) == 0;
}

/// Lanes(d) frames from T to strengths in ws.power; frames that are not in `range` may be left out.
template <bool kMagnitude>
HWY_INLINE void GroupStrengths(GroupTag d, const KernelTables& tables, const Factors& windows,
                               LaneRange range, const MelWorkspace& ws) {
  if (tables.wide == WideFrames::all) {
    const size_t half = hn::Lanes(WideTag());
    for (size_t first = range.first / half * half; first < range.end; first += half)
      WideStrengths<kMagnitude>(tables, windows, first, ws.power, ws);
    return;
  }
  const float* mean = tables.recipe.remove_dc ? ws.mean : nullptr;
  Spectra<kMagnitude>(d, tables, windows,
                      FrameSamples<float>{ws.samples, tables.load.offsets.data(), mean}, ws.power,
                      ws);
}

/// Frames in whose filters the noise of a float transform shows are computed in double instead.
/// Says whether there were any. A frame's numbers do not depend on its neighbours.
template <typename Sample>
HWY_NOINLINE bool WidenWhereNoiseShows(GroupTag d, const KernelTables& tables,
                                       const Factors& windows, const Sample* samples,
                                       LaneRange range, const MelWorkspace& ws) {
  const auto wanted = NoiseShows(d, tables, tables.wide_depth, range, ws);
  if (hn::AllFalse(d, wanted)) return false;
  LoadAgain(d, tables, samples, ws);
  if (tables.recipe.spectrum == Spectrum::magnitude)
    ReplaceStrengths<true>(d, tables, windows, wanted, ws);
  else
    ReplaceStrengths<false>(d, tables, windows, wanted, ws);
  return true;
}

/// Where a group's samples of Lanes(d) frames are and where its rows go; row 0 of `out` is frame
/// 0's. Frames that are not in `range` are left out where that saves something.
template <typename Sample>
struct Group {
  const Sample* samples;
  LaneRange range;
  RowSink out;
};

/// The group's samples to T. False, and T as it was, if all of them are zero.
template <typename Sample>
HWY_INLINE bool LoadSound(GroupTag d, const KernelTables& tables, const Sample* samples,
                          const MelWorkspace& ws) {
  const size_t count = (hn::Lanes(d) - 1) * static_cast<size_t>(tables.recipe.hop_length) +
                       static_cast<size_t>(tables.recipe.win_length);
  if (IsSilence(samples, count)) return false;
  LoadFrames(d, tables, samples, ws);
  return true;
}

/// From T to mel energies in ws.energy.
template <typename Sample>
HWY_INLINE void GroupEnergies(GroupTag d, const KernelTables& tables, const Group<Sample>& group,
                              bool sound, const MelWorkspace& ws) {
  if (!sound) {
    // What the transform of zeros gives, to the bit.
    std::memset(ws.energy, 0,
                static_cast<size_t>(tables.recipe.mels) * hn::Lanes(d) * sizeof(float));
    return;
  }
  const auto& windows =
      sizeof(Sample) == sizeof(float) ? tables.load.window_f32 : tables.load.window_s16;
  if (tables.recipe.spectrum == Spectrum::magnitude)
    GroupStrengths<true>(d, tables, windows, group.range, ws);
  else
    GroupStrengths<false>(d, tables, windows, group.range, ws);
  ApplyFilters(d, tables.mel, ws.power, ws.energy);
  if (tables.wide == WideFrames::where_noise_shows &&
      WidenWhereNoiseShows(d, tables, windows, group.samples, group.range, ws))
    ApplyFilters(d, tables.mel, ws.power, ws.energy);
  if (tables.recipe.dft == Dft::exact) return;
  const float unit = sizeof(Sample) == sizeof(float) ? 1.0F : 1.0F / 32768;
  const float scale = static_cast<float>(tables.recipe.input_scale) * unit;
  if (ConvolveWhereNoiseShows(d, tables, group.samples, scale, group.range, ws))
    ApplyFilters(d, tables.mel, ws.power, ws.energy);
}

/// From energies to rows. Returns each frame's largest value.
template <typename Sample>
HWY_INLINE hn::Vec<GroupTag> StoreRows(GroupTag d, const KernelTables& tables,
                                       const Group<Sample>& group, const MelWorkspace& ws) {
  const auto highest = StoreGroup(d, tables, ws.energy, group.range, group.out);
  return hn::IfThenElse(InRange(d, group.range), highest, hn::Set(d, -HUGE_VALF));
}

/// Fewer frames than a group: computed beside frames of silence, so that they go through the same
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
  const bool sound = LoadSound(d, tables, copy, ws);
  GroupEnergies(d, tables, group, sound, ws);
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
  bool sound = LoadSound(d, tables, samples, ws);
  for (size_t done = 0; done < frames; done += lanes) {
    const auto group = group_at(done);
    GroupEnergies(d, tables, group, sound, ws);
    // The next samples before these rows are made: a transform that follows them at once waits for
    // what has just been stored of T (6 % of torchaudio's time).
    const size_t next = done + lanes;
    if (next < frames) sound = LoadSound(d, tables, group_at(next).samples, ws);
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
  GroupStrengths<false>(d, tables, tables.load.window_f32, {0, hn::Lanes(d)}, ws);
  const auto bins = static_cast<size_t>(tables.fft.bins());
  for (size_t frame = 0; frame < hn::Lanes(d); ++frame)
    for (size_t bin = 0; bin < bins; ++bin)
      power[frame * bins + bin] = ws.power[bin * hn::Lanes(d) + frame];
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_GROUP_INL_H_
