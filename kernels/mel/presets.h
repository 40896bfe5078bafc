// SPDX-License-Identifier: LGPL-2.1-or-later
// The published front ends as data.
#pragma once

#include "kernels/mel/recipe.h"

namespace npumel {

/// One published front end.
struct PresetRow {
  int rate;       ///< the rate it was published for, 0 = any
  Recipe recipe;  ///< fmax 0 = Nyquist of the rate in use
};

/// The row of a preset. Any value of Preset has one.
const PresetRow& preset_row(Preset preset);

}  // namespace npumel
