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
#include "kernels/cpu/groups.h"
#include "kernels/cpu/load-inl.h"
#include "kernels/cpu/mel-inl.h"
#include "kernels/cpu/store-inl.h"
#include "kernels/cpu/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, typename Sample>
HWY_INLINE void LoadFrames(D d, const KernelTables& tables, const Sample* samples, size_t frames,
                           const MelWorkspace& ws) {
  LoadGroup(d, tables, samples, frames, ws.samples);
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

/// Lanes(d) frames from T to spectrum values in ws.power; only the first `frames` are
/// wanted.
template <bool kMagnitude, class D>
HWY_INLINE void GroupSpectra(D d, const KernelTables& tables, const Factors& windows, size_t frames,
                             const MelWorkspace& ws) {
  if (tables.wide == WideFrames::all) {
    const size_t half = hn::Lanes(WideTag());
    for (size_t first = 0; first < frames; first += half)
      WideSpectra<kMagnitude>(tables, windows, first, ws.power, ws);
    return;
  }
  const float* mean = tables.recipe.remove_dc ? ws.mean : nullptr;
  Spectra<kMagnitude>(d, tables, windows,
                      FrameSamples<float>{ws.samples, tables.load.offsets.data(), mean}, frames,
                      ws.power, ws);
}

/// Recomputes in double the frames with a filter below the noise floor of the float transform.
/// Returns whether there were any. A frame's numbers do not depend on its neighbours.
template <class D, typename Sample>
HWY_NOINLINE bool RecomputeBelowNoiseFloor(D d, const KernelTables& tables, const Factors& windows,
                                           const Sample* samples, size_t frames,
                                           const MelWorkspace& ws) {
  const auto wanted = BelowNoiseFloor(d, tables, tables.wide_depth, frames, ws);
  if (hn::AllFalse(d, wanted)) return false;
  LoadAgain(d, tables, samples, frames, ws);
  if (tables.recipe.spectrum == Spectrum::magnitude)
    ReplaceSpectra<true>(d, tables, windows, wanted, ws);
  else
    ReplaceSpectra<false>(d, tables, windows, wanted, ws);
  return true;
}

/// Samples of 1 to Lanes(d) frames and the destination of their rows. What depends on the number of
/// frames only saves time: the lanes behind are computed like the others, from zeros.
template <typename Sample>
struct Group {
  const Sample* samples;
  size_t frames;
  RowSink out;
};

/// Loads the group's samples to T. Returns false and leaves T unchanged if all of them are zero.
template <class D, typename Sample>
HWY_INLINE bool LoadNonzero(D d, const KernelTables& tables, const Group<Sample>& group,
                            const MelWorkspace& ws) {
  const size_t count = (group.frames - 1) * static_cast<size_t>(tables.recipe.hop_length) +
                       static_cast<size_t>(tables.recipe.win_length);
  // The magnitude of silence is not 0 with an epsilon under the root.
  if (tables.recipe.magnitude_epsilon == 0 && IsSilence(group.samples, count)) return false;
  LoadFrames(d, tables, group.samples, group.frames, ws);
  return true;
}

/// From T to mel energies in ws.energy.
template <class D, typename Sample>
HWY_NOINLINE void GroupEnergies(D d, const KernelTables& tables, const Group<Sample>& group,
                                bool nonzero, const MelWorkspace& ws) {
  if (!nonzero) {
    // Bit-identical to the transform of zeros.
    std::memset(ws.energy, 0, static_cast<size_t>(tables.width) * hn::Lanes(d) * sizeof(float));
    return;
  }
  const auto& windows =
      sizeof(Sample) == sizeof(float) ? tables.load.window_f32 : tables.load.window_s16;
  if (tables.recipe.spectrum == Spectrum::magnitude)
    GroupSpectra<true>(d, tables, windows, group.frames, ws);
  else
    GroupSpectra<false>(d, tables, windows, group.frames, ws);
  ApplyFilters(d, tables.mel, ws.power, ws.energy);
  if (tables.wide == WideFrames::below_noise_floor &&
      RecomputeBelowNoiseFloor(d, tables, windows, group.samples, group.frames, ws))
    ApplyFilters(d, tables.mel, ws.power, ws.energy);
  const bool convolves = tables.recipe.dft == Dft::convolution;
  if (!convolves && tables.recipe.energy == Energy::none) return;
  const float unit = sizeof(Sample) == sizeof(float) ? 1.0F : 1.0F / 32768;
  const float scale = static_cast<float>(tables.recipe.input_scale) * unit;
  if (convolves && ConvolveBelowNoiseFloor(d, tables, group.samples, scale, group.frames, ws))
    ApplyFilters(d, tables.mel, ws.power, ws.energy);
  if (tables.recipe.energy != Energy::none) {
    LoadAgain(d, tables, group.samples, group.frames, ws);
    FrameEnergies(tables, scale, ws);
  }
}

/// From energies to rows. Returns each frame's largest value.
template <class D, typename Sample>
HWY_INLINE hn::Vec<D> StoreRows(D d, const KernelTables& tables, const Group<Sample>& group,
                                const MelWorkspace& ws) {
  const auto highest = StoreGroup(d, tables, ws.energy, group.frames, group.out);
  return hn::IfThenElse(hn::FirstN(d, group.frames), highest, hn::Set(d, -HUGE_VALF));
}

template <typename Sample>
HWY_INLINE float ComputeFrames(const GroupTables& tables, const Job& job, const MelWorkspace& ws) {
  const GroupTag d;
  const HalfGroupTag dh;
  const size_t lanes = hn::Lanes(d);
  const auto* samples = static_cast<const Sample*>(job.samples);
  const auto frames = static_cast<size_t>(HWY_MAX(job.frames, 0));
  const auto hop = static_cast<size_t>(tables.full.recipe.hop_length);
  const Groups groups = divide(frames, lanes, kHalfLanes);
  const KernelTables& half_tables = kHalfLanes != 0 ? *tables.half : tables.full;
  ws.counts.full += static_cast<uint32_t>(groups.full);
  ws.counts.half += groups.half_frames != 0 ? 1 : 0;

  // Software-pipelined load: the next group's samples are loaded before a group's rows are stored,
  // so that its transform does not stall on the stores to T (6 % of torchaudio's time).
  const auto group_at = [&](size_t done, size_t count) HWY_ATTR {
    return Group<Sample>{samples + done * hop, count, job.out.at(static_cast<ptrdiff_t>(done))};
  };
  const auto half =
      groups.half_frames == 0 ? Group<Sample>{} : group_at(groups.full_frames, groups.half_frames);
  bool nonzero = false;
  float highest = -HUGE_VALF;
  if (groups.full != 0) {
    auto group = group_at(0, HWY_MIN(lanes, groups.full_frames));
    auto high = hn::Set(d, -HUGE_VALF);
    nonzero = LoadNonzero(d, tables.full, group, ws);
    for (size_t next = lanes;; next += lanes) {
      GroupEnergies(d, tables.full, group, nonzero, ws);
      const auto current = group;
      if (next < groups.full_frames) {
        group = group_at(next, HWY_MIN(lanes, groups.full_frames - next));
        nonzero = LoadNonzero(d, tables.full, group, ws);
      } else if (groups.half_frames != 0) {
        nonzero = LoadNonzero(dh, half_tables, half, ws);
      }
      high = hn::Max(high, StoreRows(d, tables.full, current, ws));
      if (next >= groups.full_frames) break;
    }
    highest = hn::GetLane(hn::MaxOfLanes(d, high));
  } else if (groups.half_frames != 0) {
    nonzero = LoadNonzero(dh, half_tables, half, ws);
  }
  if (groups.half_frames != 0) {
    GroupEnergies(dh, half_tables, half, nonzero, ws);
    const float high = hn::GetLane(hn::MaxOfLanes(dh, StoreRows(dh, half_tables, half, ws)));
    highest = HWY_MAX(highest, high);
  }
  return highest;
}

float Compute(const GroupTables& tables, const Job& job, const MelWorkspace& ws) {
  return job.type == SampleType::s16 ? ComputeFrames<int16_t>(tables, job, ws)
                                     : ComputeFrames<float>(tables, job, ws);
}

void Spectrum(const KernelTables& tables, const float* frames, float* power,
              const MelWorkspace& ws) {
  const GroupTag d;
  LoadFrames(d, tables, frames, hn::Lanes(d), ws);
  GroupSpectra<false>(d, tables, tables.load.window_f32, hn::Lanes(d), ws);
  const auto bins = static_cast<size_t>(tables.fft.bins());
  for (size_t frame = 0; frame < hn::Lanes(d); ++frame)
    for (size_t bin = 0; bin < bins; ++bin)
      power[frame * bins + bin] = ws.power[bin * hn::Lanes(d) + frame];
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_GROUP_INL_H_
