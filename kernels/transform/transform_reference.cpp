// SPDX-License-Identifier: LGPL-2.1-or-later
// Reference of every step. Sources: README.md.
#include "kernels/transform/transform_reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace npumel {
namespace {

using RefRow = std::vector<double>;
using RefRows = std::vector<RefRow>;

/// x[clip(t, 0, T - 1)].
const RefRow& clipped(const RefRows& x, int64_t t) {
  return x[static_cast<size_t>(std::clamp<int64_t>(t, 0, std::ssize(x) - 1))];
}

// librosa.pcen with its defaults' arithmetic, in powers instead of logarithms.
RefRows reference_pcen(const TransformRecipe& r, const TransformInput& in, const RefRows& x) {
  const double frames = r.pcen_time_constant * in.rate / in.hop_length;
  const double b = r.pcen_smoothing > 0
                       ? r.pcen_smoothing
                       : (std::sqrt(1 + 4 * frames * frames) - 1) / (2 * frames * frames);
  RefRows y = x;
  for (size_t i = 0; !x.empty() && i < x[0].size(); ++i) {
    double m = r.pcen_start == PcenStart::first ? x[0][i] * r.pcen_scale : 1;
    for (size_t t = 0; t < x.size(); ++t) {
      const double s = x[t][i] * r.pcen_scale;
      m = (1 - b) * m + b * s;
      const double g = s / std::pow(r.pcen_eps + m, r.pcen_gain);
      y[t][i] = r.pcen_power == 0
                    ? std::log(1 + g)
                    : std::pow(g + r.pcen_bias, r.pcen_power) - std::pow(r.pcen_bias, r.pcen_power);
    }
  }
  return y;
}

RefRow reference_cepstrum(const TransformRecipe& r, bool energy, const RefRow& x) {
  const RefRow mel(x.begin() + (energy ? 1 : 0), x.end());
  const auto n = static_cast<double>(mel.size());
  const size_t count = r.coefficients == 0 ? mel.size() : static_cast<size_t>(r.coefficients);
  RefRow c(count);
  for (size_t k = 0; k < count; ++k) {
    const auto order = static_cast<double>(k);
    for (size_t i = 0; i < mel.size(); ++i)
      c[k] += mel[i] * std::cos(std::numbers::pi / n * (static_cast<double>(i) + 0.5) * order);
    if (r.dct == DctType::ortho) c[k] *= std::sqrt((k == 0 ? 1 : 2) / n);
    if (r.dct == DctType::htk) c[k] *= std::sqrt(2 / n);
    if (r.dct == DctType::unnormalized) c[k] *= 2;
    const double first = r.lifter_rule == LifterRule::librosa ? 1 : 0;
    if (r.lifter != 0)
      c[k] *= 1 + r.lifter / 2 * std::sin(std::numbers::pi * (order + first) / r.lifter);
  }
  // Kaldi puts the energy in after the lifter.
  if (energy) c[0] = x[0];
  if (r.dct_order == DctOrder::htk) {
    if (!energy && r.dct == DctType::ortho) c[0] *= std::numbers::sqrt2;
    std::rotate(c.begin(), c.begin() + 1, c.end());
  }
  return c;
}

/// sum j x[t + j] / sum j^2, the edge rows repeated.
RefRows reference_slopes(const RefRows& x, int64_t half) {
  RefRows y = x;
  double squares = 0;
  for (int64_t j = 1; j <= half; ++j) squares += 2.0 * static_cast<double>(j * j);
  for (int64_t t = 0; t < std::ssize(x); ++t)
    for (size_t i = 0; i < x[0].size(); ++i) {
      double sum = 0;
      for (int64_t j = -half; j <= half; ++j) sum += static_cast<double>(j) * clipped(x, t + j)[i];
      y[static_cast<size_t>(t)][i] = sum / squares;
    }
  return y;
}

/// Kaldi's order 2: the slope of slopes of rows that are clipped at the edge, not of clipped
/// slopes.
RefRows reference_kaldi_second(const RefRows& x, int64_t half) {
  RefRows longer;
  for (int64_t t = -2 * half; t < std::ssize(x) + 2 * half; ++t) longer.push_back(clipped(x, t));
  RefRows twice = reference_slopes(reference_slopes(longer, half), half);
  return {twice.begin() + 2 * half, twice.end() - 2 * half};
}

/// Least squares over the window in the middle of which the row stands, or the nearest whole
/// window unless rows are repeated at the edges: a line for order 1, a parabola for order 2.
RefRows reference_savgol(const RefRows& x, int64_t half, int order, bool repeat) {
  const int64_t count = 2 * half + 1;
  if (std::ssize(x) < count && !repeat) return {};
  double mean = 0;
  for (int64_t j = -half; j <= half; ++j)
    mean += static_cast<double>(j * j) / static_cast<double>(count);
  RefRows y = x;
  for (int64_t t = 0; t < std::ssize(x); ++t) {
    const int64_t middle = repeat ? t : std::clamp<int64_t>(t, half, std::ssize(x) - 1 - half);
    for (size_t i = 0; i < x[0].size(); ++i) {
      double product = 0;
      double squares = 0;
      for (int64_t j = -half; j <= half; ++j) {
        const auto place = static_cast<double>(j);
        const double basis = order == 1 ? place : place * place - mean;
        product += basis * clipped(x, middle + j)[i];
        squares += basis * basis;
      }
      y[static_cast<size_t>(t)][i] = (order == 1 ? 1 : 2) * product / squares;
    }
  }
  return y;
}

RefRows reference_deltas(const TransformRecipe& r, const RefRows& x) {
  const bool kaldi = r.delta_rule == DeltaRule::kaldi;
  const int64_t half = kaldi ? r.delta_window : (r.delta_window - 1) / 2;
  std::vector<RefRows> parts;
  if (r.delta_rule == DeltaRule::librosa) {
    for (int order = 1; order <= r.deltas; ++order)
      parts.push_back(reference_savgol(x, half, order, r.delta_edge == DeltaEdge::repeat));
  } else {
    parts.push_back(reference_slopes(x, half));
    if (r.deltas == 2)
      parts.push_back(kaldi ? reference_kaldi_second(x, half) : reference_slopes(parts[0], half));
  }
  RefRows y(parts[0].size());
  for (size_t t = 0; t < y.size(); ++t) {
    if (r.delta_static) y[t] = x[t];
    for (const RefRows& part : parts) y[t].insert(y[t].end(), part[t].begin(), part[t].end());
  }
  return y;
}

/// Rows [first, end) of apply-cmvn-sliding, as its source moves them.
std::pair<int64_t, int64_t> reference_window(const TransformRecipe& r, int64_t t, int64_t rows) {
  int64_t first = r.cmvn_center ? t - r.cmvn_window / 2 : t - r.cmvn_window;
  int64_t end = r.cmvn_center ? first + r.cmvn_window : t + 1;
  if (first < 0) {
    end -= first;
    first = 0;
  }
  if (!r.cmvn_center && end > t) end = std::max<int64_t>(t + 1, r.cmvn_min_window);
  if (end > rows) {
    first = std::max<int64_t>(0, first - (end - rows));
    end = rows;
  }
  return {first, end};
}

/// Mean and sum of squared deviations over the rows [first, end), of value i.
struct RefMoments {
  double mean = 0;
  double squares = 0;
};
RefMoments reference_moments(const RefRows& x, int64_t first, int64_t end, size_t i) {
  RefMoments m;
  for (int64_t t = first; t < end; ++t) m.mean += x[static_cast<size_t>(t)][i];
  m.mean /= static_cast<double>(end - first);
  for (int64_t t = first; t < end; ++t)
    m.squares += std::pow(x[static_cast<size_t>(t)][i] - m.mean, 2);
  return m;
}

/// Mean and variance that row t's value i is normalised by.
std::pair<double, double> reference_statistics(const TransformRecipe& r, const RefRows& x,
                                               int64_t t, size_t i) {
  const CmvnStatistics& file = r.cmvn_statistics;
  const int64_t rows = std::ssize(x);
  const double global_variance = file.variance.empty() ? 0 : file.variance[i];
  if (r.cmvn == CmvnType::global) return {file.mean[i], global_variance};
  if (r.cmvn == CmvnType::clip) {
    const RefMoments m = reference_moments(x, 0, rows, i);
    const auto divisor = static_cast<double>(rows - (rows > 1 ? r.cmvn_ddof : 0));
    return {m.mean, m.squares / divisor};
  }
  if (r.cmvn == CmvnType::sliding) {
    const auto [first, end] = reference_window(r, t, rows);
    const RefMoments m = reference_moments(x, first, end, i);
    return {m.mean, m.squares / static_cast<double>(end - first)};
  }
  // Online: as if some rows with the file's mean and variance stood before.
  const int64_t first = std::max<int64_t>(0, t + 1 - r.cmvn_window);
  const auto count = static_cast<double>(t + 1 - first);
  const RefMoments m = reference_moments(x, first, t + 1, i);
  if (file.empty()) return {m.mean, m.squares / count};
  const double extra = std::clamp<double>(r.cmvn_window - count, 0, r.cmvn_global_frames);
  const double mean = (count * m.mean + extra * file.mean[i]) / (count + extra);
  const double squares = m.squares + count * std::pow(m.mean - mean, 2) +
                         extra * (global_variance + std::pow(file.mean[i] - mean, 2));
  return {mean, squares / (count + extra)};
}

RefRows reference_cmvn(const TransformRecipe& r, const RefRows& x) {
  RefRows y = x;
  for (int64_t t = 0; t < std::ssize(x); ++t)
    for (size_t i = 0; i < x[0].size(); ++i) {
      const auto [mean, variance] = reference_statistics(r, x, t, i);
      double& value = y[static_cast<size_t>(t)][i];
      value -= mean;
      if (r.cmvn_variance)
        value /=
            std::sqrt(std::max(variance, r.cmvn_floor) + r.cmvn_epsilon) + r.cmvn_deviation_epsilon;
    }
  return y;
}

RefRows reference_stack(const TransformRecipe& r, const RefRows& x) {
  RefRows y;
  for (int64_t own = 0; own < std::ssize(x); own += r.stack_stride) {
    if (r.stack_edge == StackEdge::drop && own + r.stack_right >= std::ssize(x)) break;
    RefRow& row = y.emplace_back();
    for (int64_t t = own - r.stack_left; t <= own + r.stack_right; ++t) {
      const bool outside = t < 0 || t >= std::ssize(x);
      if (outside && r.stack_edge == StackEdge::zero)
        row.insert(row.end(), x[0].size(), 0.0);
      else
        row.insert(row.end(), clipped(x, t).begin(), clipped(x, t).end());
    }
  }
  return y;
}

}  // namespace

std::vector<double> reference_transform(const TransformRecipe& recipe, const TransformInput& input,
                                        std::span<const double> rows) {
  check_transform(recipe, input);
  RefRows x;
  for (size_t at = 0; at < rows.size(); at += static_cast<size_t>(input.dims))
    x.emplace_back(rows.begin() + static_cast<ptrdiff_t>(at),
                   rows.begin() + static_cast<ptrdiff_t>(at) + input.dims);
  if (recipe.has(TransformStep::pcen)) x = reference_pcen(recipe, input, x);
  if (recipe.has(TransformStep::dct))
    for (RefRow& row : x) row = reference_cepstrum(recipe, input.energy, row);
  if (recipe.has(TransformStep::deltas)) x = reference_deltas(recipe, x);
  if (recipe.has(TransformStep::cmvn)) x = reference_cmvn(recipe, x);
  if (recipe.has(TransformStep::stack)) x = reference_stack(recipe, x);
  std::vector<double> flat;
  for (const RefRow& row : x) flat.insert(flat.end(), row.begin(), row.end());
  return flat;
}

}  // namespace npumel
