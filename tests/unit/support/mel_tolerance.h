// SPDX-License-Identifier: LGPL-2.1-or-later
// When two mel spectrograms are the same numbers.
//
// Independent implementations of one front end, all in float32, differ by the noise of a float32
// FFT. Relative to a mel energy E, that noise grows with the distance D (dB) of E below the largest
// energy of its frame:
//     |d ln E| <= 1e-4 + 2e-5 * 10^(D/20)
// This is the law that the tests hold results to, besides the limits on the largest and the root
// mean square difference that come with a golden vector. The factor 2e-5 is about five times what
// was seen among published implementations (2.7e-6 to 4.4e-6). The noise comes from the whole
// spectrum: with filters that leave a part of it out, D must be measured from what was left out too
// (reference_peaks), or a loud tone outside the filters breaks the law for any implementation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel::test {

struct Tolerance {
  double max_abs = std::numeric_limits<double>::infinity();
  double rms = std::numeric_limits<double>::infinity();
  /// Feature units per neper of energy; 0 leaves the law out (features that were divided by a
  /// statistic have no such unit).
  double units_per_neper = 0;
  bool magnitude = false;      ///< energies are magnitudes: D counts double
  bool linear_energy = false;  ///< no logarithm: both sides are compared as 10 log10
};

/// The law for raw rows of a recipe.
inline Tolerance law_for(const Recipe& recipe) {
  Tolerance tolerance;
  tolerance.magnitude = recipe.spectrum == Spectrum::magnitude;
  switch (recipe.log) {
    case LogType::ln:
      tolerance.units_per_neper = 1;
      break;
    case LogType::log10:
      tolerance.units_per_neper = std::numbers::log10e;
      break;
    case LogType::db:
      tolerance.units_per_neper = 10 * std::numbers::log10e;
      break;
    case LogType::none:
      tolerance.units_per_neper = 10 * std::numbers::log10e;
      tolerance.linear_energy = true;
      break;
  }
  return tolerance;
}

/// The largest difference the law allows, in feature units, at `depth` units below the peak.
inline double allowed_by_law(const Tolerance& tolerance, double depth) {
  const double nepers = depth / tolerance.units_per_neper;
  const double db = (tolerance.magnitude ? 20 : 10) * std::numbers::log10e * nepers;
  return tolerance.units_per_neper * (1e-4 + 2e-5 * std::pow(10, std::min(db, 200.0) / 20));
}

struct Comparison {
  bool passed = false;
  std::string problem;  ///< a shape or a non-finite value, "" else
  double max_abs = 0;
  double rms = 0;
  int64_t over_law = 0;    ///< cells outside the law
  double worst_ratio = 0;  ///< largest difference / what the law allows there
  int64_t frame = 0;       ///< of the largest difference
  int mel = 0;
  double got = 0, want = 0;
  Tolerance tolerance;

  std::string describe() const {
    std::ostringstream text;
    if (!problem.empty()) {
      text << problem;
    } else {
      text << "max " << max_abs << " (limit " << tolerance.max_abs << ") rms " << rms << " (limit "
           << tolerance.rms << ") at frame " << frame << " mel " << mel << ": got " << got
           << " want " << want << "; " << over_law << " cells over the law, worst " << worst_ratio
           << " of what it allows";
    }
    return text.str();
  }
};

/// Compares frame-major rows of the same shape; `want` is the truth. `peaks` (one a frame, or none)
/// are levels from which depth is measured when they lie above the largest value of the row.
template <typename Got, typename Want>
Comparison compare_rows(std::span<const Got> got, std::span<const Want> want, int mels,
                        const Tolerance& tolerance, std::span<const double> peaks = {}) {
  Comparison result;
  result.tolerance = tolerance;
  if (got.size() != want.size()) {
    result.problem = "got " + std::to_string(got.size()) + " values, want " +
                     std::to_string(want.size()) + " (" + std::to_string(mels) + " mels)";
    return result;
  }
  const auto feature = [&](double value) {
    return tolerance.linear_energy ? 10 * std::log10(std::max(value, 1e-10)) : value;
  };
  const auto width = static_cast<size_t>(mels);
  double squares = 0;
  for (size_t row = 0; row < want.size(); row += width) {
    double peak =
        peaks.empty() ? -std::numeric_limits<double>::infinity() : feature(peaks[row / width]);
    for (size_t m = 0; m < width; ++m)
      peak = std::max(peak, feature(static_cast<double>(want[row + m])));
    for (size_t m = 0; m < width; ++m) {
      const double g = feature(static_cast<double>(got[row + m]));
      const double w = feature(static_cast<double>(want[row + m]));
      if (!std::isfinite(static_cast<double>(got[row + m]))) {
        result.problem = "non-finite value in frame " + std::to_string(row / width);
        return result;
      }
      const double difference = std::abs(g - w);
      squares += difference * difference;
      if (tolerance.units_per_neper > 0) {
        const double ratio = difference / allowed_by_law(tolerance, peak - w);
        result.over_law += ratio > 1 ? 1 : 0;
        result.worst_ratio = std::max(result.worst_ratio, ratio);
      }
      if (difference > result.max_abs) {
        result.max_abs = difference;
        result.frame = static_cast<int64_t>(row / width);
        result.mel = static_cast<int>(m);
        result.got = g;
        result.want = w;
      }
    }
  }
  result.rms = want.empty() ? 0 : std::sqrt(squares / static_cast<double>(want.size()));
  result.passed =
      result.max_abs <= tolerance.max_abs && result.rms <= tolerance.rms && result.over_law == 0;
  return result;
}

}  // namespace npumel::test
