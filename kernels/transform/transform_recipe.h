// SPDX-License-Identifier: LGPL-2.1-or-later
// What is done to rows after the mel front end, as data: cepstra, deltas, normalisation, stacking.
// Its fields: transform_fields.def. Definitions and their sources: README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/mel/recipe.h"
#include "kernels/transform/cmvn_statistics.h"

namespace npumel {

/// The steps, in the order in which they are applied. Each is off by default.
enum class TransformStep {
#define TRANSFORM_STEP(name, description) name,
#include "kernels/transform/transform_steps.def"
#undef TRANSFORM_STEP
};

/// Per-channel energy normalisation of rows without a logarithm.
enum class PcenType { off, librosa };

/// What PCEN's smoothing starts with: one, as librosa's filter does, or the first row itself.
enum class PcenStart { one, first };

/// DCT-II of a row of N values x_n, whose sums are sum x_n cos(pi/N (n + 1/2) k):
///  ortho         c0 times sqrt(1/N), the others times sqrt(2/N)
///  htk           all of them times sqrt(2/N): HTK, TensorFlow
///  unnormalized  all of them times 2: SciPy, librosa and torchaudio with norm=None
enum class DctType { none, ortho, htk, unnormalized };

/// Factor on coefficient k, with L = lifter: kaldi 1 + L/2 sin(pi k / L), librosa the same with
/// k + 1. It is below 0 where k lies between L and 2 L.
enum class LifterRule { kaldi, librosa };

/// htk: c1, c2 ..., and last c0, with DctType::ortho times sqrt(2), or the energy where the rows
/// carry one.
enum class DctOrder { natural, htk };

/// How derivatives are taken, above all at the edges of the stream.
///  kaldi       order 2 is the regression applied twice as one filter; the rows' edges are repeated
///  torchaudio  order 2 is the regression of order 1's rows; the edges of what it reads are
///  repeated librosa     Savitzky-Golay of polynomial order 1 and 2; the first and last
///  delta_window / 2
///              rows have the value of the first and last row with a full window
enum class DeltaRule { kaldi, torchaudio, librosa };

/// usual: as the rule says. repeat: rows repeated, also with DeltaRule::librosa (mode=nearest).
enum class DeltaEdge { usual, repeat };

/// Whose mean (and variance) a row is normalised by.
///  global   of a file
///  clip     of the whole clip
///  sliding  of the rows around it: Kaldi's apply-cmvn-sliding
///  online   of the rows before it, helped by a file: Kaldi's apply-cmvn-online
enum class CmvnType { none, global, clip, sliding, online };

/// What stacking reads before the first and after the last row. drop: stacked rows that would read
/// after the last are left out; before the first, it is repeated.
enum class StackEdge { repeat, zero, drop };

/// Named sets of values, for a model's rows in front of it.
enum class TransformPreset {
  none,
  mfcc13_kaldi,
  mfcc40_hires,
  mfcc20_librosa,
  mfcc40_torchaudio,
  lfr_funasr,
  seamless160
};

/// A resolved transform: no value means "as the preset" or "by the rule" any more. It does not
/// depend on the rows it is applied to, but for what check_transform() says.
struct TransformRecipe {
#define TRANSFORM_FIELD(step, type, member, standard, ...) type member = standard;
#include "kernels/transform/transform_fields.def"
#undef TRANSFORM_FIELD
  CmvnStatistics cmvn_statistics = {};  ///< the contents of cmvn-file; without what nobody reads

  bool has(TransformStep step) const;
  /// True when no row is known before the last one has come: it takes clips, and streams have none.
  bool needs_clip() const { return cmvn == CmvnType::clip; }
  /// Input rows from one output row to the next.
  int stride() const { return stack_stride == 0 ? 1 : stack_stride; }

  bool operator==(const TransformRecipe&) const = default;
};

/// What a user set explicitly; empty = as the preset.
struct TransformOverrides {
#define TRANSFORM_FIELD(step, type, member, ...) std::optional<type> member = {};
#include "kernels/transform/transform_fields.def"
#undef TRANSFORM_FIELD
  std::optional<CmvnStatistics> cmvn_statistics = {};

  bool operator==(const TransformOverrides&) const = default;
};

/// Preset plus overrides. The result is valid. Values that nobody set follow the rule or the type
/// that was chosen (delta-window, delta-static, cmvn-variance, cmvn-floor), and fields of a step
/// that is off, or that it does not read, get their default: recipes with the same numbers are
/// equal.
/// Throws std::invalid_argument with a sentence that names the offending values.
TransformRecipe resolve_transform(TransformPreset preset, const TransformOverrides& overrides);

/// Throws std::invalid_argument naming the first violated rule.
void validate(const TransformRecipe& recipe);

/// One `key=value` per line, in a fixed order: the steps that are on with all their fields. Equal
/// texts mean equal recipes. Statistics are named by the hash of their numbers, so that the form of
/// the file and its name do not count.
std::string canonical_text(const TransformRecipe& recipe);

/// First 16 hex digits of the SHA-256 of canonical_text().
std::string transform_id(const TransformRecipe& recipe);

template <>
std::span<const EnumName<TransformStep>> enum_names<TransformStep>();
template <>
std::span<const EnumName<TransformPreset>> enum_names<TransformPreset>();
template <>
std::span<const EnumName<PcenType>> enum_names<PcenType>();
template <>
std::span<const EnumName<PcenStart>> enum_names<PcenStart>();
template <>
std::span<const EnumName<DctType>> enum_names<DctType>();
template <>
std::span<const EnumName<LifterRule>> enum_names<LifterRule>();
template <>
std::span<const EnumName<DctOrder>> enum_names<DctOrder>();
template <>
std::span<const EnumName<DeltaRule>> enum_names<DeltaRule>();
template <>
std::span<const EnumName<DeltaEdge>> enum_names<DeltaEdge>();
template <>
std::span<const EnumName<CmvnType>> enum_names<CmvnType>();
template <>
std::span<const EnumName<StackEdge>> enum_names<StackEdge>();

}  // namespace npumel
