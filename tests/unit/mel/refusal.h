// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a recipe is refused.
#pragma once

#include <stdexcept>
#include <string>

#include "kernels/mel/recipe.h"

namespace npumel::test {

/// The words of resolve()'s refusal; empty when it does not refuse.
inline std::string refusal(Preset preset, const RecipeOverrides& overrides, int rate = 16000) {
  try {
    resolve(preset, overrides, rate);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace npumel::test
