// SPDX-License-Identifier: LGPL-2.1-or-later
// Clamp, statistics and affine map over a block of rows.
#include "kernels/mel/normalize.h"

#include <algorithm>
#include <cmath>

namespace npumel {
namespace {

using Clamp = Normalization::Clamp;
using Statistic = Normalization::Statistic;

template <typename T>
T& at(const BasicRowBlock<T>& block, int64_t row, int mel) {
  return block.data[row * block.frame_stride + mel * block.mel_stride];
}

double mean_of(const auto& block, int mel, int64_t valid) {
  double sum = 0;
  for (int64_t row = 0; row < valid; ++row) sum += at(block, row, mel);
  return sum / static_cast<double>(valid);
}

double deviation_of(const Normalization& norm, const auto& block, int mel, int64_t valid,
                    double mean) {
  double sum = 0;
  for (int64_t row = 0; row < valid; ++row) {
    const double difference = at(block, row, mel) - mean;
    sum += difference * difference;
  }
  const auto degrees = static_cast<double>(valid - norm.ddof);
  const double variance = degrees > 0 ? sum / degrees : 0;
  return norm.epsilon_in_sqrt ? std::sqrt(variance + norm.epsilon)
                              : std::sqrt(variance) + norm.epsilon;
}

template <typename T>
void apply_clamp(const Normalization& norm, const BasicRowBlock<T>& block, double maximum) {
  if (norm.clamp == Clamp::none) return;
  const double top = norm.clamp == Clamp::fixed ? norm.fixed_max : maximum;
  const auto floor = static_cast<T>(top - norm.clamp_range);
  for (int64_t row = 0; row < block.rows; ++row)
    for (int mel = 0; mel < block.mels; ++mel)
      at(block, row, mel) = std::max(at(block, row, mel), floor);
  if (!norm.relative) return;
  const auto reference = static_cast<T>(top);
  for (int64_t row = 0; row < block.rows; ++row)
    for (int mel = 0; mel < block.mels; ++mel) at(block, row, mel) -= reference;
}

template <typename T>
void apply_statistic(const Normalization& norm, const BasicRowBlock<T>& block, int64_t valid) {
  if (norm.statistic == Statistic::none) return;
  for (int mel = 0; mel < block.mels; ++mel) {
    const double mean = valid > 0 ? mean_of(block, mel, valid) : 0;
    double scale = 1;
    if (norm.statistic == Statistic::mean_std) {
      const double deviation = deviation_of(norm, block, mel, valid, mean);
      scale = deviation > 0 ? 1 / deviation : 0;
    }
    for (int64_t row = 0; row < block.rows; ++row) {
      T& value = at(block, row, mel);
      value = row < valid ? static_cast<T>((value - mean) * scale) : T{0};
    }
  }
}

template <typename T>
void apply_affine(const Normalization& norm, const BasicRowBlock<T>& block) {
  if (norm.add == 0 && norm.multiply == 1) return;
  for (int64_t row = 0; row < block.rows; ++row)
    for (int mel = 0; mel < block.mels; ++mel)
      at(block, row, mel) = static_cast<T>((at(block, row, mel) + norm.add) * norm.multiply);
}

}  // namespace

template <typename T>
void normalize(const Normalization& normalization, const BasicRowBlock<T>& block, int64_t valid,
               double maximum) {
  if (!normalization.published()) return;
  apply_clamp(normalization, block, maximum);
  apply_statistic(normalization, block, std::min(valid, block.rows));
  apply_affine(normalization, block);
}

template void normalize<float>(const Normalization&, const RowBlock&, int64_t, double);
template void normalize<double>(const Normalization&, const BasicRowBlock<double>&, int64_t,
                                double);

bool is_maximum_clamp(const Normalization& normalization) {
  return normalization.published() && normalization.clamp != Clamp::none &&
         normalization.statistic == Statistic::none;
}

bool is_decibel_clamp(const Normalization& normalization) {
  return normalization.log == LogType::db && normalization.clamp == Clamp::maximum &&
         normalization.statistic == Statistic::none && normalization.add == 0 &&
         normalization.multiply == 1;
}

}  // namespace npumel
