// SPDX-License-Identifier: LGPL-2.1-or-later
// The definition of every step, as plainly as it can be written: double precision, a whole clip at
// a time. Slow on purpose, and without the tables of the fast code. Tests hold that against it.
#pragma once

#include <span>
#include <vector>

#include "kernels/transform/transform.h"

namespace npumel {

/// Rows (row-major, output().dims values each) of a whole clip of `rows` (row-major, input.dims
/// values each). Throws as check_transform() does.
std::vector<double> reference_transform(const TransformRecipe& recipe, const TransformInput& input,
                                        std::span<const double> rows);

}  // namespace npumel
