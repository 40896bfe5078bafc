// SPDX-License-Identifier: LGPL-2.1-or-later
// What the caps of the rows say that come in, and what follows for those that leave.
#pragma once

#include <optional>
#include <string>

#include "gst/common/row_info.h"
#include "kernels/transform/transform.h"

namespace npumel {

/// The rows that come in.
struct Source {
  RowInfo info;
  TransformInput input;

  explicit Source(RowInfo rows);

  bool operator==(const Source&) const = default;
  /// Rows of a buffer that is neither a short first nor a short last one; 0 = any number.
  int frames() const;
  /// Whether caps describe the same stream, with a buffer of another length: a short last one, or a
  /// first one of another length.
  bool same_stream(const RowInfo& next) const;
};

/// How buffers are turned into buffers.
enum class Mode {
  /// Each by itself: no row depends on others (frames >= 1), or each is a whole clip (frames = 0).
  alone,
  /// Rows depend on those of other buffers.
  stream
};

/// Whether every output row depends on nothing but its own input row.
bool rows_are_independent(const TransformRecipe& recipe);

/// The mode for these rows. Throws std::invalid_argument with a sentence that says what to do when
/// the recipe cannot be applied to them: a clip is needed and this is a stream, buffers overlap,
/// the caps lack what is needed. check_transform() has been asked before.
Mode choose_mode(const TransformRecipe& recipe, const Source& source);

/// The caps of the rows that leave; `type` and `layout` are those of the input. Throws as
/// check_transform() and choose_mode() do, and where a buffer would hold more than 2^26 values.
FeatureInfo features_of(const TransformRecipe& recipe, const Source& source);

/// Rows of an output buffer of Mode::stream, and what a sink waits for.
struct Blocks {
  int rows = 1;
  /// Input rows from the first of an output buffer to the first of the input buffer that completes
  /// it, in the worst case: what is added to upstream's latency. An upper bound where buffers of
  /// more than 3000 rows meet blocks in that many phases.
  int64_t latency_rows = 0;
};
/// `transformer` is at the start of a stream whose buffers have `frames` >= 1 rows.
Blocks plan_blocks(const Transformer& transformer, int stride, int frames);

}  // namespace npumel
