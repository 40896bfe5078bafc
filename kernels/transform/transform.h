// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows through a TransformRecipe, as a stream: rows of any number in, the rows that are ready out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/transform/transform_recipe.h"

namespace npumel {

/// The rows that come in.
struct TransformInput {
  int dims = 80;             ///< values of a row, an energy included
  int rate = 16000;          ///< samples a second
  int hop_length = 160;      ///< samples from one row to the next
  bool energy = false;       ///< the first value is the frame's energy (Recipe::energy)
  bool logarithm = true;     ///< false: log=none
  std::string kind = "mel";  ///< "mel", or what a transform before made of them

  bool operator==(const TransformInput&) const = default;
};

/// What comes out. Row i belongs to input row i * stride, whose timestamp it has.
struct TransformOutput {
  int dims = 0;        ///< values of a row
  int hop_length = 0;  ///< samples from one row to the next
  std::string kind;    ///< the input's, then the steps by name: "mel+dct+deltas"
  /// Input rows after its own that a row may wait for, at most. Somewhere in the stream, usually at
  /// its start, a row does wait for that many. Meaningless where the recipe needs the whole clip.
  int64_t reach = 0;
  /// A shorter clip has no rows, as the original refuses it (librosa's deltas: their window),
  /// else 1.
  int64_t smallest_clip = 1;
};

/// Throws std::invalid_argument when the recipe does not go with these rows, in a sentence that
/// names the values: more coefficients than values, statistics of another dimension, PCEN of
/// logarithms, rows of more than 2^20 values.
TransformOutput check_transform(const TransformRecipe& recipe, const TransformInput& input);

/// Output rows of a clip of `rows` input rows.
int64_t transformed_rows(const TransformRecipe& recipe, int64_t rows);

/// Those of them that hold no padding at their end, when the first `valid` input rows are real
/// ones: floor(valid / 2) for seamless160, as its attention mask says.
int64_t transformed_valid_rows(const TransformRecipe& recipe, int64_t valid);

/// Whether no value is NaN or infinite. Rows are not asked while they are transformed: what is no
/// number reaches the rows that are computed from it.
bool all_finite(std::span<const float> values);

/// One stream. Its output does not depend on how the rows are cut into pushes, to the bit, nor on
/// the instruction set. Not thread safe: one thread at a time; it starts none.
class Transformer {
 public:
  /// Throws as check_transform() does.
  Transformer(const TransformRecipe& recipe, const TransformInput& input);
  ~Transformer();
  Transformer(Transformer&&) noexcept;
  Transformer& operator=(Transformer&&) noexcept;

  const TransformOutput& output() const;

  /// Output rows that the next push() of `rows` rows will give.
  int64_t rows_after(int64_t rows) const;
  /// The smallest number of rows to push for `rows` more output rows, without drain(). INT64_MAX
  /// when no number is enough (needs_clip()).
  int64_t rows_for(int64_t rows) const;
  /// Takes rows.size() / input.dims rows, frame-major, and writes the rows that are ready, frame
  /// major, without padding between rows. `out` has room for rows_after() rows; it may not overlap
  /// `rows`. Returns their number. Does not allocate once pushes of this size have been seen,
  /// except where a clip is collected.
  int64_t push(std::span<const float> rows, std::span<float> out);

  /// Output rows that drain() will give.
  int64_t rows_at_end() const;
  /// The end of the stream: writes the rows that wait for rows that do not come, with the
  /// original's rule at the edge, and starts again as reset() does.
  int64_t drain(std::span<float> out);

  /// Forgets everything: the next row is the first of a stream.
  void reset();

  /// Input and output rows since the start or the last reset() or drain().
  int64_t rows_in() const;
  int64_t rows_out() const;

 private:
  class Chain;
  std::unique_ptr<Chain> chain_;
};

}  // namespace npumel
