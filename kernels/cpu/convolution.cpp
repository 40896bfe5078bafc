// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes the weights of Dft::convolution.
#include "kernels/cpu/convolution.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "kernels/mel/convolution.h"
#include "kernels/mel/filter_bank.h"
#include "kernels/mel/window_function.h"

namespace npumel {
namespace {

/// The bins that filters read, and those between them.
void take_filters(const FilterBank& bank, ConvolutionTables& tables) {
  int first = bank.bins();
  int end = 0;
  for (const MelFilter& filter : bank.filters()) {
    if (!filter.weights.empty()) {
      first = std::min(first, filter.first_bin);
      end = std::max(end, filter.first_bin + static_cast<int>(filter.weights.size()));
    }
  }
  tables.first_bin = std::min(first, end);
  tables.bins = end - tables.first_bin;
}

}  // namespace

ConvolutionTables make_convolution(const Recipe& recipe, int pitch, int rows_per_call) {
  ConvolutionTables tables;
  if (recipe.dft != Dft::convolution) return tables;
  tables.part = convolution_part(rows_per_call);
  tables.place =
      recipe.window_place == WindowPlace::center ? (recipe.n_fft - recipe.win_length) / 2 : 0;
  take_filters(FilterBank(recipe), tables);

  for (int i = 0; i < recipe.win_length; ++i)
    tables.offsets.push_back(
        static_cast<uint32_t>(i % recipe.hop_length * pitch + i / recipe.hop_length));

  const std::vector<double> window = window_function(recipe.window, recipe.win_length);
  constexpr int kBins = ConvolutionTables::kBins;
  std::vector<float> weights;
  for (int block = 0; block < tables.bins; block += kBins) {
    for (int i = 0; i < recipe.win_length; ++i) {
      const auto angle = [&](int bin) {
        const int64_t turn = int64_t{tables.first_bin + block + bin} * (tables.place + i);
        return 2 * std::numbers::pi * static_cast<double>(turn % recipe.n_fft) / recipe.n_fft;
      };
      const double weight = window[static_cast<size_t>(i)];
      for (int bin = 0; bin < kBins; ++bin)
        weights.push_back(static_cast<float>(weight * std::cos(angle(bin))));
      for (int bin = 0; bin < kBins; ++bin)
        weights.push_back(static_cast<float>(weight * std::sin(angle(bin))));
    }
  }
  tables.weights = std::make_shared<const std::vector<float>>(std::move(weights));
  return tables;
}

}  // namespace npumel
