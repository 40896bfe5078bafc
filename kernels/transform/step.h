// SPDX-License-Identifier: LGPL-2.1-or-later
// One step of a transform, as a stream of rows. Its functions are named after its row in
// transform_steps.def; a step is one file that defines them.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/transform/transform.h"

namespace npumel {

/// Rows are frame-major without padding. Whoever calls knows how many rows come out: count_NAME().
class Step {
 public:
  virtual ~Step() = default;
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  /// Takes `count` rows and writes the `ready` rows that can be known now.
  virtual void push(const float* rows, int64_t count, int64_t ready, float* out) = 0;
  /// After the last push(): writes the next `ready` of the rows that are left.
  virtual void drain(int64_t ready, float* out) = 0;
  /// Forgets everything, and keeps its memory.
  virtual void reset() = 0;
};

#define TRANSFORM_STEP(name, description)                                                       \
  /* Output rows of the first `rows` input rows; `ended` when there are no more. Not below what \
     fewer rows give. Pure. */                                                                  \
  int64_t count_##name(const TransformRecipe& recipe, int64_t rows, bool ended);                \
  /* Changes `rows` from what comes in to what comes out. Throws as check_transform(). */       \
  void shape_##name(const TransformRecipe& recipe, TransformInput& rows);                       \
  /* `rows` come in; shape_##name has accepted them. */                                         \
  std::unique_ptr<Step> make_##name(const TransformRecipe& recipe, const TransformInput& rows);
#include "kernels/transform/transform_steps.def"
#undef TRANSFORM_STEP

}  // namespace npumel
