// SPDX-License-Identifier: LGPL-2.1-or-later
// Mel filters as sparse rows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel {

/// One triangle over the bins of the spectrum: weights[i] belongs to bin first_bin + i. No stored
/// weight is 0 at either end. An empty filter (a triangle that falls between two bins, which
/// several published front ends have) has no weights and first_bin 0: its energy is 0.
struct MelFilter {
  int first_bin = 0;
  std::span<const double> weights;
};

/// Bins of the spectrum from `first` on.
struct BinRange {
  int first = 0;
  int count = 0;
};
/// Those whose frequencies lie in [fmin, fmax]: the row of MelScale::none. fmin >= 0, rate > 0.
BinRange bins_in_range(const Recipe& recipe);

/// The filters of a recipe in double precision. Movable, not copyable: filters point into it.
class FilterBank {
 public:
  /// `recipe` must be valid.
  explicit FilterBank(const Recipe& recipe);
  FilterBank(FilterBank&&) = default;
  FilterBank& operator=(FilterBank&&) = default;

  /// One per mel (or bin, with MelScale::none), from low to high frequency.
  std::span<const MelFilter> filters() const { return filters_; }
  /// n_fft/2 + 1: the bins of the real spectrum, bin k at k * rate / n_fft Hz.
  int bins() const { return bins_; }
  /// Filters without any weight.
  int empty_filters() const;

 private:
  void take_bins(const Recipe& recipe);

  int bins_;
  std::vector<double> weights_;
  std::vector<MelFilter> filters_;
};

}  // namespace npumel
