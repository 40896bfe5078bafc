// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of Dft::convolution (kernels/mel/convolution.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel {

struct ConvolutionTables {
  /// Bins summed up at once, so that a sample is loaded once for all of them.
  static constexpr int kBins = 4;

  int first_bin = 0;              ///< the lowest bin of a filter
  int bins = 0;                   ///< from there to the highest one
  int part = 0;                   ///< samples of a part of the sum; 0: the recipe needs no tables
  int place = 0;                  ///< where the window begins inside the n_fft samples
  std::vector<uint32_t> offsets;  ///< [sample under the window]: its index in LoadTables' T
  /// [bins / kBins, rounded up][sample]{kBins cosines, kBins sines}
  std::shared_ptr<const std::vector<float>> weights;
};

/// Empty without Dft::convolution. `pitch` as in LoadTables.
ConvolutionTables make_convolution(const Recipe& recipe, int pitch, int rows_per_call);

}  // namespace npumel
