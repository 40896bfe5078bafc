// SPDX-License-Identifier: LGPL-2.1-or-later
// Compares rows cell by cell with the host twin or the float kernel.
#include "gst/backend/device/row_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "gst/backend/device/row_coding.h"
#include "kernels/aie2/host_twin.h"

namespace npumel {
namespace {

constexpr int kRotating = 4;
// Frames that the host twin is asked for at a time: it computes them in groups of four.
constexpr std::size_t kTogether = 8;
// A step that is coprime to the batch: the rotating frames visit all others.
constexpr int kRotationStep = 23;
// Cells that the integer kernel is held to, in decades: its noise lies below them.
constexpr double kBelowFramePeak = 6;
constexpr double kBelowBatchMaximum = 8;
// No 16-bit audio exceeds this; a garbage maximum must not switch the comparison off.
constexpr double kLargestMaximum = 3;

bool twin_is_built_in(const KernelManifest& manifest) {
  const char* name = aie2::twin_name(manifest.abi, manifest.recipe.mels);
  return name != nullptr && manifest.host_twin == name;
}

Recipe as_log10(Recipe recipe) {
  recipe.log = LogType::log10;
  return recipe;
}

}  // namespace

RowCheck::RowCheck(const KernelManifest& manifest)
    : manifest_(manifest),
      software_(as_log10(manifest.recipe)),
      by_twin_(twin_is_built_in(manifest)),
      twin_rows_(kTogether * static_cast<size_t>(manifest.recipe.mels)),
      software_row_(static_cast<size_t>(manifest.recipe.mels)) {
  if (by_twin_ && manifest.abi == 1) {
    expanded_.resize(static_cast<size_t>(kBatchFrames) * aie2::kWin);
    twin_rows_v1_.resize(size_t{kBatchFrames} * static_cast<size_t>(manifest.recipe.mels));
  }
}

int RowCheck::code(const Rows& rows, int frame, int mel) const noexcept {
  const ptrdiff_t at = static_cast<ptrdiff_t>(frame) * manifest_.recipe.mels + mel;
  return manifest_.coding.bytes == 1 ? static_cast<const int8_t*>(rows.codes)[at]
                                     : static_cast<const int16_t*>(rows.codes)[at];
}

bool RowCheck::differs(int frame, int mel, double got, double expected) {
  char text[160];
  std::snprintf(text, sizeof text, "frame %d mel %d is %.4f, expected %.4f (log10, %s)", frame, mel,
                got, expected, by_twin_ ? "host twin" : "software");
  mismatch_ = text;
  return true;
}

bool RowCheck::frames_by_twin(const Rows& rows, std::span<const int> frames) {
  const int mels = manifest_.recipe.mels;
  aie2::twin_frames_v2(rows.samples, frames, mels, twin_rows_.data());
  auto expected = twin_rows_.cbegin();
  for (const int frame : frames)
    for (int m = 0; m < mels; m++, ++expected) {
      const int got = code(rows, frame, m);
      if (std::abs(got - *expected) > 1)
        return !differs(frame, m, got * manifest_.coding.scale, *expected * manifest_.coding.scale);
    }
  return true;
}

bool RowCheck::frame_by_software(const Rows& rows, int frame) {
  const RowSink sink{software_row_.data(), ElementType::f32, manifest_.recipe.mels, 1};
  const double peak = software_.compute(rows.samples + static_cast<ptrdiff_t>(frame) * aie2::kHop,
                                        SampleType::s16, 1, sink);
  const double floor = std::max(peak - kBelowFramePeak,
                                std::min(rows.maximum, kLargestMaximum) - kBelowBatchMaximum);
  // A cell under the rule's floor may come out anywhere there: both sides are raised to it.
  const double step = manifest_.coding.scale / 2;
  for (int m = 0; m < manifest_.recipe.mels; m++) {
    const double got =
        (code(rows, frame, m) - manifest_.coding.zero_point) * manifest_.coding.scale;
    const double expected = software_row_[static_cast<size_t>(m)];
    if (std::fabs(std::max(got, floor) - std::max(expected, floor)) > manifest_.tolerance + step)
      return !differs(frame, m, got, expected);
  }
  return true;
}

bool RowCheck::check(const Rows& rows, std::span<const int> frames) {
  if (by_twin_ && manifest_.abi == 2) return frames_by_twin(rows, frames);
  return std::all_of(frames.begin(), frames.end(),
                     [&](int frame) { return frame_by_software(rows, frame); });
}

bool RowCheck::full_v1_by_twin(const Rows& rows) {
  std::fill(expanded_.begin(), expanded_.end(), int16_t{0});
  expand_frames(rows.samples, rows.frames, expanded_.data());
  aie2::twin_v1(expanded_.data(), twin_rows_v1_.data());
  const auto mels = static_cast<size_t>(manifest_.recipe.mels);
  for (int f = 0; f < rows.frames; f++)
    for (int m = 0; m < manifest_.recipe.mels; m++) {
      const int got = code(rows, f, m);
      const int8_t expected = twin_rows_v1_[static_cast<size_t>(f) * mels + static_cast<size_t>(m)];
      const RowCoding& coding = manifest_.coding;
      if (std::abs(got - expected) > 1)
        return !differs(f, m, (got - coding.zero_point) * coding.scale,
                        (expected - coding.zero_point) * coding.scale);
    }
  return true;
}

bool RowCheck::spot(const Rows& rows) {
  std::array<int, 2 + kRotating> frames = {0, rows.frames - 1};
  static_assert(frames.size() <= kTogether);
  std::size_t count = 2;
  for (int i = 0; i < std::min(kRotating, rows.frames - 2); i++) {
    rotation_ = (rotation_ + kRotationStep) % kBatchFrames;
    frames.at(count++) = rotation_ % rows.frames;
  }
  return check(rows, std::span(frames).first(count));
}

bool RowCheck::full(const Rows& rows) {
  if (by_twin_ && manifest_.abi == 1) return full_v1_by_twin(rows);
  std::array<int, kTogether> frames{};
  for (int first = 0; first < rows.frames; first += static_cast<int>(kTogether)) {
    std::iota(frames.begin(), frames.end(), first);
    const auto left = static_cast<std::size_t>(rows.frames - first);
    if (!check(rows, std::span(frames).first(std::min(kTogether, left)))) return false;
  }
  return true;
}

}  // namespace npumel
