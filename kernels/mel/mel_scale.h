// SPDX-License-Identifier: LGPL-2.1-or-later
// Hertz to mel and back.
#pragma once

#include "kernels/mel/recipe.h"

namespace npumel {

/// The three scales of MelScale; `hz` >= 0.
double to_mel(MelScale scale, double hz);
double to_hz(MelScale scale, double mel);

}  // namespace npumel
