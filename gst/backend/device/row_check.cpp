// SPDX-License-Identifier: LGPL-2.1-or-later
// Compares rows cell by cell with the host twin or the float kernel.
#include "gst/backend/device/row_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <span>

#include "gst/backend/device/row_coding.h"
#include "kernels/aie2/host_twin.h"

namespace npumel {
namespace {

// Rows in a row that the float kernel is asked for, which computes so many at once.
constexpr int kBySoftware = 8;
// The twin takes 25 times as long for a row, in groups of 4.
constexpr int kByTwin = 4;
constexpr int kTwinInterval = 8;
// Cells that the integer kernel is held to, in decades: its noise lies below them.
constexpr float kBelowFramePeak = 6;
constexpr double kBelowBatchMaximum = 8;
// A tone that begins within the last samples of a frame is all skirt of the window, where 16 bits
// are coarse: the integer kernel is up to 0.3 from the float kernel there. Up to this much, log10,
// the twin judges, to 1 LSB; beyond it the float kernel does, whatever the twin says.
constexpr double kGross = 0.5;

// Codes against expected values, without a branch: the compiler turns it into SIMD.
struct Cells {
  float zero_point;
  float scale;
  float tolerance;

  template <typename Code>
  float value(Code code) const noexcept {
    return (static_cast<float>(code) - zero_point) * scale;
  }
  bool is_wrong(float got, float want, float floor) const noexcept {
    const float a = got > floor ? got : floor;
    const float b = want > floor ? want : floor;
    return std::fabs(a - b) > tolerance;
  }
  template <typename Code>
  int wrong(const Code* codes, const float* expected, int count, float floor) const noexcept {
    int wrong = 0;
    for (int i = 0; i < count; i++) wrong += is_wrong(value(codes[i]), expected[i], floor) ? 1 : 0;
    return wrong;
  }
};

// Several accumulators, so that the comparison's latency does not set the pace.
float largest(const float* values, int count) noexcept {
  std::array<float, 8> best{};
  best.fill(values[0]);
  const int lanes = static_cast<int>(best.size());
  int i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int lane = 0; lane < lanes; lane++)
      best[static_cast<size_t>(lane)] = values[i + lane] > best[static_cast<size_t>(lane)]
                                            ? values[i + lane]
                                            : best[static_cast<size_t>(lane)];
  for (; i < count; i++) best[0] = std::max(best[0], values[i]);
  return *std::max_element(best.begin(), best.end());
}

bool twin_is_built_in(const KernelManifest& manifest) {
  const char* name = aie2::twin_name(manifest.abi, nick(manifest.recipe.preset));
  return name != nullptr && manifest.host_twin == name;
}

Recipe as_log10(Recipe recipe) {
  recipe.log = LogType::log10;
  recipe.normalization = {};
  return recipe;
}

}  // namespace

RowCheck::RowCheck(const KernelManifest& manifest)
    : manifest_(manifest),
      recipe_(nick(manifest.recipe.preset)),
      limits_(row_limits(manifest.recipe)),
      software_(as_log10(manifest.recipe)),
      by_twin_(twin_is_built_in(manifest)),
      twin_rows_(kByTwin * static_cast<size_t>(manifest.recipe.mels)),
      float_twin_rows_(manifest.abi == 3 ? twin_rows_.size() : 0),
      software_rows_(kBySoftware * static_cast<size_t>(manifest.recipe.mels)) {
  if (manifest.recipe.preemphasis != 0 &&
      manifest.recipe.preemphasis_mode == PreemphasisMode::waveform)
    emphasized_.resize(static_cast<size_t>(sample_count(kBySoftware)));
  if (by_twin_ && manifest.abi == 1) {
    expanded_.resize(static_cast<size_t>(kBatchFrames) * aie2::kWin);
    twin_rows_v1_.resize(size_t{kBatchFrames} * static_cast<size_t>(manifest.recipe.mels));
  }
}

double RowCheck::value(const Rows& rows, int frame, int mel) const noexcept {
  const ptrdiff_t at = static_cast<ptrdiff_t>(frame) * manifest_.recipe.mels + mel;
  if (manifest_.coding.bytes == sizeof(float)) return static_cast<const float*>(rows.codes)[at];
  return manifest_.coding.bytes == 1 ? static_cast<const int8_t*>(rows.codes)[at]
                                     : static_cast<const int16_t*>(rows.codes)[at];
}

bool RowCheck::differs(int frame, int mel, double got, double expected, const char* by) {
  char text[160];
  std::snprintf(text, sizeof text, "frame %d mel %d is %.4f, expected %.4f (log10, %s)", frame, mel,
                got, expected, by);
  mismatch_ = text;
  return true;
}

bool RowCheck::frames_by_twin(const Rows& rows, int first, int count) {
  const int mels = manifest_.recipe.mels;
  std::array<int, kByTwin> frames{};
  std::iota(frames.begin(), frames.end(), first);
  const auto wanted = std::span(frames).first(static_cast<size_t>(count));
  const bool floats = manifest_.abi == 3;
  if (floats)
    aie2::twin_frames_v3(rows.samples, wanted, recipe_, float_twin_rows_.data());
  else
    aie2::twin_frames_v2(rows.samples, wanted, recipe_, twin_rows_.data());
  const RowCoding& coding = manifest_.coding;
  // One code; of float rows the distance of two codes, which their own rounding may widen a little.
  const double most = floats ? coding.step / coding.scale * 1.01 : 1;
  size_t at = 0;
  for (int frame = first; frame < first + count; frame++)
    for (int m = 0; m < mels; m++, at++) {
      const double got = value(rows, frame, m);
      const double expected = floats ? float_twin_rows_[at] : twin_rows_[at];
      if (!(std::fabs(got - expected) <= most))
        return !differs(frame, m, (got - coding.zero_point) * coding.scale,
                        (expected - coding.zero_point) * coding.scale, "host twin");
    }
  return true;
}

/// Pre-emphasis over the waveform is the caller's. The window functions of the kernels are 0 at a
/// frame's first sample, so that the one before it does not matter.
void RowCheck::software_rows(const int16_t* samples, int count) {
  const RowSink sink{software_rows_.data(), ElementType::f32, manifest_.recipe.mels, 1};
  if (emphasized_.empty()) {
    software_.compute(samples, SampleType::s16, count, sink);
    return;
  }
  const auto coefficient = static_cast<float>(manifest_.recipe.preemphasis);
  constexpr float kUnit = 1.0F / 32768;
  emphasized_[0] = static_cast<float>(samples[0]) * kUnit;
  for (int i = 1; i < sample_count(count); i++)
    emphasized_[static_cast<size_t>(i)] =
        (static_cast<float>(samples[i]) - coefficient * static_cast<float>(samples[i - 1])) * kUnit;
  software_.compute(emphasized_.data(), SampleType::f32, count, sink);
}

bool RowCheck::frames_by_software(const Rows& rows, int first, int count, double tolerance) {
  const int mels = manifest_.recipe.mels;
  software_rows(rows.samples + static_cast<ptrdiff_t>(first) * aie2::kHop, count);
  // A garbage maximum must not switch the comparison off.
  const auto batch_floor =
      static_cast<float>(std::min(rows.maximum, limits_.most) - kBelowBatchMaximum);
  const RowCoding& coding = manifest_.coding;
  const Cells cells{static_cast<float>(coding.zero_point), static_cast<float>(coding.scale),
                    static_cast<float>(tolerance + coding.step / 2)};
  const float* expected = software_rows_.data();
  for (int frame = first; frame < first + count; frame++, expected += mels) {
    // A cell under the floor may come out anywhere there: both sides are raised to it.
    const float floor = std::max(largest(expected, mels) - kBelowFramePeak, batch_floor);
    const ptrdiff_t at = static_cast<ptrdiff_t>(frame) * mels;
    const auto count_wrong = [&](const auto* codes) {
      return cells.wrong(codes + at, expected, mels, floor);
    };
    const int wrong = coding.bytes == sizeof(float)
                          ? count_wrong(static_cast<const float*>(rows.codes))
                      : coding.bytes == 1 ? count_wrong(static_cast<const int8_t*>(rows.codes))
                                          : count_wrong(static_cast<const int16_t*>(rows.codes));
    if (wrong == 0) continue;
    for (int m = 0; m < mels; m++) {
      const float got = cells.value(static_cast<float>(value(rows, frame, m)));
      if (cells.is_wrong(got, expected[m], floor))
        return !differs(frame, m, got, expected[m], "software");
    }
  }
  return true;
}

bool RowCheck::twin_vouches(const Rows& rows, int first, int count) {
  if (!by_twin_ || !frames_by_software(rows, first, count, kGross)) return false;
  if (manifest_.abi == 1) return full_v1_by_twin(rows);
  for (int frame = first; frame < first + count; frame += kByTwin)
    if (!frames_by_twin(rows, frame, std::min(kByTwin, first + count - frame))) return false;
  return true;
}

bool RowCheck::full_v1_by_twin(const Rows& rows) {
  std::fill(expanded_.begin(), expanded_.end(), int16_t{0});
  expand_frames(rows.samples, rows.frames, expanded_.data());
  aie2::twin_v1(expanded_.data(), twin_rows_v1_.data());
  const auto mels = static_cast<size_t>(manifest_.recipe.mels);
  for (int f = 0; f < rows.frames; f++)
    for (int m = 0; m < manifest_.recipe.mels; m++) {
      const double got = value(rows, f, m);
      const int8_t expected = twin_rows_v1_[static_cast<size_t>(f) * mels + static_cast<size_t>(m)];
      const RowCoding& coding = manifest_.coding;
      if (std::fabs(got - expected) > 1)
        return !differs(f, m, (got - coding.zero_point) * coding.scale,
                        (expected - coding.zero_point) * coding.scale, "host twin");
    }
  return true;
}

bool RowCheck::spot(const Rows& rows) {
  // A group that reaches beyond the last row is moved back: the last row has its turn, too.
  const auto group = [&](int& rotation, int length) {
    const int groups = (kBatchFrames + length - 1) / length;
    rotation = (rotation + 1) % groups;
    return std::clamp(rotation * length % std::max(rows.frames, 1), 0,
                      std::max(rows.frames - length, 0));
  };
  const int first = group(rotation_, kBySoftware);
  const int count = std::min(kBySoftware, rows.frames);
  if (!frames_by_software(rows, first, count, manifest_.tolerance) &&
      !twin_vouches(rows, first, count))
    return false;
  if (!by_twin_ || manifest_.abi == 1 || ++calls_ % kTwinInterval != 0) return true;
  const int twin_first = group(twin_rotation_, kByTwin);
  return frames_by_twin(rows, twin_first, std::min(kByTwin, rows.frames));
}

bool RowCheck::full(const Rows& rows) {
  if (by_twin_ && manifest_.abi == 1) return full_v1_by_twin(rows);
  const bool twin = by_twin_;
  const int length = twin ? kByTwin : kBySoftware;
  for (int first = 0; first < rows.frames; first += length) {
    const int count = std::min(length, rows.frames - first);
    if (!(twin ? frames_by_twin(rows, first, count)
               : frames_by_software(rows, first, count, manifest_.tolerance)))
      return false;
  }
  return true;
}

}  // namespace npumel
