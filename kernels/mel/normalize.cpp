// SPDX-License-Identifier: LGPL-2.1-or-later
// Clamp, statistics and affine map over a block of rows.
#include "kernels/mel/normalize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace npumel {
namespace {

using Clamp = Normalization::Clamp;
using Statistic = Normalization::Statistic;

template <typename T>
T& at(const BasicRowBlock<T>& block, int64_t row, int mel) {
  return block.data[row * block.frame_stride + mel * block.mel_stride];
}

/// Rows [first, first + count).
template <typename T>
BasicRowBlock<T> part_of(const BasicRowBlock<T>& block, int64_t first, int64_t count) {
  BasicRowBlock<T> part = block;
  part.data += first * block.frame_stride;
  part.rows = count;
  return part;
}

/// Values of a row that are summed up side by side: rows then pass through the cache once.
constexpr int kColumns = 128;

struct Columns {
  int first = 0;
  int count = 0;
  std::array<double, kColumns> mean{};
  std::array<double, kColumns> scale{};
};

void find_means(Columns& columns, const auto& block, int64_t valid) {
  columns.mean.fill(0);
  if (valid <= 0) return;
  for (int64_t row = 0; row < valid; ++row)
    for (int i = 0; i < columns.count; ++i)
      columns.mean[static_cast<size_t>(i)] += at(block, row, columns.first + i);
  for (double& mean : columns.mean) mean /= static_cast<double>(valid);
}

/// 1 / deviation, 0 for none.
void find_scales(Columns& columns, const Normalization& norm, const auto& block, int64_t valid) {
  std::array<double, kColumns> sums{};
  for (int64_t row = 0; row < valid; ++row)
    for (int i = 0; i < columns.count; ++i) {
      const auto column = static_cast<size_t>(i);
      const double difference = at(block, row, columns.first + i) - columns.mean[column];
      sums[column] += difference * difference;
    }
  const auto degrees = static_cast<double>(valid - norm.ddof);
  for (size_t column = 0; column < sums.size(); ++column) {
    const double variance = degrees > 0 ? sums[column] / degrees : 0;
    const double deviation = norm.epsilon_in_sqrt ? std::sqrt(variance + norm.epsilon)
                                                  : std::sqrt(variance) + norm.epsilon;
    columns.scale[column] = deviation > 0 ? 1 / deviation : 0;
  }
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
  Columns columns;
  const int most = block.mel_stride == 1 ? kColumns : 1;
  for (columns.first = 0; columns.first < block.mels; columns.first += columns.count) {
    columns.count = std::min(most, block.mels - columns.first);
    find_means(columns, block, valid);
    if (norm.statistic == Statistic::mean_std)
      find_scales(columns, norm, block, valid);
    else
      columns.scale.fill(1);
    for (int64_t row = 0; row < block.rows; ++row)
      for (int i = 0; i < columns.count; ++i) {
        const auto column = static_cast<size_t>(i);
        T& value = at(block, row, columns.first + i);
        value = row < valid ? static_cast<T>((value - columns.mean[column]) * columns.scale[column])
                            : T{0};
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
  if (normalization.statistic != Statistic::none) {
    apply_clamp(normalization, block, maximum);
    apply_statistic(normalization, block, std::min(valid, block.rows));
    apply_affine(normalization, block);
    return;
  }
  constexpr int64_t kRows = 64;  // stay in the cache from one step to the next
  for (int64_t row = 0; row < block.rows; row += kRows) {
    const BasicRowBlock<T> part = part_of(block, row, std::min(kRows, block.rows - row));
    apply_clamp(normalization, part, maximum);
    apply_affine(normalization, part);
  }
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
