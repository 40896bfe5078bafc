// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes the weights of mel filters.
#include "kernels/mel/filter_bank.h"

#include <algorithm>
#include <cmath>

#include "kernels/mel/mel_scale.h"

namespace npumel {
namespace {

// `mels` + 2 corner frequencies, evenly spaced in mel.
struct Corners {
  std::vector<double> mel;
  std::vector<double> hz;
};

Corners corners(const Recipe& recipe) {
  const double low = recipe.fmin;
  const double high = recipe.highest_frequency();
  const double low_mel = to_mel(recipe.mel_scale, low);
  const double high_mel = to_mel(recipe.mel_scale, high);
  Corners result;
  for (int i = 0; i <= recipe.mels + 1; ++i) {
    const double mel = low_mel + (high_mel - low_mel) * i / (recipe.mels + 1);
    result.mel.push_back(mel);
    result.hz.push_back(to_hz(recipe.mel_scale, mel));
  }
  // Exact ends: rounding must not give the Nyquist bin a weight of 1e-16.
  result.mel.back() = high_mel;
  result.hz.front() = low;
  result.hz.back() = high;
  return result;
}

double triangle(double x, double left, double center, double right) {
  return std::max(0.0, std::min((x - left) / (center - left), (right - x) / (right - center)));
}

}  // namespace

BinRange bins_in_range(const Recipe& recipe) {
  const int64_t n_fft = recipe.n_fft;
  const int64_t rate = recipe.rate;
  const int64_t high = 2 * int64_t{recipe.fmax} + (recipe.fmax_half ? 1 : 0);
  const auto first = static_cast<int>((recipe.fmin * n_fft + rate - 1) / rate);
  const auto last = static_cast<int>(high * n_fft / (2 * rate));
  return {first, std::max(0, std::min(last, recipe.n_fft / 2) - first + 1)};
}

/// Without a mel scale each bin from fmin to fmax is a filter of its own.
void FilterBank::take_bins(const Recipe& recipe) {
  const int first = bins_in_range(recipe).first;
  weights_.assign(static_cast<size_t>(recipe.mels), 1.0);
  for (int i = 0; i < recipe.mels; ++i)
    filters_.push_back({first + i, std::span(weights_).subspan(static_cast<size_t>(i), 1)});
}

FilterBank::FilterBank(const Recipe& recipe) : bins_(recipe.n_fft / 2 + 1) {
  if (recipe.mel_scale == MelScale::none) {
    take_bins(recipe);
    return;
  }
  const Corners at = corners(recipe);
  const bool in_mel = recipe.mel_scale == MelScale::kaldi;
  const std::vector<double>& corner = in_mel ? at.mel : at.hz;
  std::vector<double> axis;
  for (int bin = 0; bin < bins_; ++bin) {
    const double hz = static_cast<double>(bin) * recipe.rate / recipe.n_fft;
    axis.push_back(in_mel ? to_mel(recipe.mel_scale, hz) : hz);
  }

  struct Extent {
    int first = 0;
    size_t offset = 0, count = 0;
  };
  std::vector<Extent> extents;
  for (size_t m = 0; m < static_cast<size_t>(recipe.mels); ++m) {
    const double area = recipe.mel_norm == MelNorm::slaney ? 2 / (at.hz[m + 2] - at.hz[m]) : 1;
    Extent extent{0, weights_.size(), 0};
    for (size_t bin = 0; bin < axis.size(); ++bin) {
      const double weight = triangle(axis[bin], corner[m], corner[m + 1], corner[m + 2]) * area;
      if (weight <= 0) continue;
      if (extent.count == 0) extent.first = static_cast<int>(bin);
      weights_.push_back(weight);
      ++extent.count;
    }
    extents.push_back(extent);
  }
  // Only now do the weights stay where they are.
  for (const Extent& extent : extents)
    filters_.push_back({extent.first, std::span(weights_).subspan(extent.offset, extent.count)});
}

int FilterBank::empty_filters() const {
  return static_cast<int>(std::count_if(filters_.begin(), filters_.end(),
                                        [](const MelFilter& f) { return f.weights.empty(); }));
}

}  // namespace npumel
