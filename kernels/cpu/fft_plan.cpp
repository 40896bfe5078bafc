// SPDX-License-Identifier: LGPL-2.1-or-later
// The decomposition, for N = radix * columns real samples x[n]:
//  1. `columns` real transforms of `radix` points. Only half of a real transform's results are
//     distinct, so (radix - 1) / 2 complex columns and one that carries what is real remain.
//  2. One complex transform of `columns` points for each of those; its last pass yields powers.
// Where radix and columns share no factor, Good and Thomas' order of samples (n = columns*n1 +
// radix*n2 mod N, k = k1 mod radix = k2 mod columns) needs no twiddle factors between the two.
// Otherwise it is Cooley and Tukey's: n = n2 + columns*n1, k = k1 + radix*k2.
// N with a prime factor above 7 is done as a convolution (Bluestein).
#include "kernels/cpu/fft_plan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace npumel {
namespace {

constexpr std::array kFirstRadices = {16, 8, 4, 2, 7, 5, 3};

/// exp(-2 pi i k / n), exact at the quarters because k is reduced first.
std::complex<double> unit(int64_t k, int64_t n) {
  const double angle = -2 * std::numbers::pi * static_cast<double>(k % n) / static_cast<double>(n);
  return {std::cos(angle), std::sin(angle)};
}

void push(Factors& table, std::complex<double> value) {
  table.push_back(value.real());
  table.push_back(value.imag());
}

/// Radices of the complex passes, product = length: few and in ascending order, for the last pass
/// has no twiddle factors and finds room for more values.
std::vector<int> pass_radices(int length, int registers) {
  std::vector<int> radices;
  for (int odd : {7, 5, 3})
    for (; length % odd == 0; length /= odd) radices.push_back(odd);
  // 16 complex values fill 32 registers. Where they are there, 128 = 16 * 8 and 1024 = 16 * 8 * 8
  // save a pass over 4 * 4 * 8 and 4 * 4 * 8 * 8.
  const bool sixteen =
      registers >= 32 && length >= 128 && std::countr_zero(static_cast<unsigned>(length)) % 3 == 1;
  if (sixteen) length /= 16;
  for (; length >= 8 && length != 16; length /= 8) radices.push_back(8);
  for (; length >= 4; length /= 4) radices.push_back(4);
  if (length == 2) radices.push_back(2);
  std::sort(radices.begin(), radices.end());
  if (sixteen) radices.insert(radices.begin(), 16);
  if (radices.empty()) radices.push_back(1);
  return radices;
}

ComplexPlan make_complex_plan(int length, int registers) {
  ComplexPlan plan;
  plan.length = length;
  int block = length;
  for (int radix : pass_radices(length, registers)) {
    FftPass pass{radix, block, block / radix, plan.twiddles.size()};
    if (pass.step > 1)
      for (int n = 0; n < pass.step; ++n)
        for (int q = 1; q <= radix / 2; ++q)
          push(plan.twiddles, unit(static_cast<int64_t>(n) * q, block));
    plan.passes.push_back(pass);
    block = pass.step;
  }
  // Slot of result k: the digits of k, least significant first, are the butterfly outputs taken in
  // each pass, most significant slot digit first. Digits above radix / 2 stand for negative ones.
  plan.slot_of.resize(static_cast<size_t>(length));
  for (int k = 0; k < length; ++k) {
    int rest = k;
    int slot = 0;
    for (const FftPass& pass : plan.passes) {
      const int q = rest % pass.radix;
      slot += q * pass.step;
      rest = (rest / pass.radix + (q > pass.radix / 2 ? 1 : 0)) % pass.step;
    }
    plan.slot_of[static_cast<size_t>(k)] = static_cast<uint32_t>(slot);
  }
  return plan;
}

/// k of result (k1, k2), by whichever order the plan uses.
class BinOf {
 public:
  explicit BinOf(const FftPlan& plan) : n_(plan.n), radix_(plan.radix), coprime_(plan.coprime) {
    if (!coprime_) return;
    crt_.resize(static_cast<size_t>(n_));
    for (int k = 0; k < n_; ++k)
      crt_[static_cast<size_t>(k % plan.columns * radix_ + k % radix_)] = k;
  }
  uint32_t operator()(int k1, int k2) const {
    const int k = coprime_ ? crt_[static_cast<size_t>(k2 * radix_ + k1)] : k1 + radix_ * k2;
    return static_cast<uint32_t>(k <= n_ / 2 ? k : n_ - k);
  }

 private:
  int n_, radix_;
  bool coprime_;
  std::vector<int> crt_;
};

void plan_pairs(FftPlan& plan, const BinOf& bin_of) {
  const int length = plan.columns;
  for (int a = 0; a <= length / 2; ++a) {
    const int b = (length - a) % length;
    PackedPair pair;
    pair.slot_a = plan.complex.slot_of[static_cast<size_t>(a)];
    pair.slot_b = plan.complex.slot_of[static_cast<size_t>(b)];
    if (plan.first_column == FirstColumn::packed_coprime) {
      pair.power_0 = bin_of(0, a);
      pair.power_1 = bin_of(plan.radix / 2, a);
    } else {
      const auto factor = unit(a, 2 * static_cast<int64_t>(length));
      pair.re = factor.real();
      pair.im = factor.imag();
      pair.power_0 = static_cast<uint32_t>(plan.radix / 2 * a);
      pair.power_1 = static_cast<uint32_t>(plan.radix / 2 * (length - a));
    }
    plan.pairs.push_back(pair);
  }
}

void plan_mixed(FftPlan& plan, int registers) {
  const int n = plan.n;
  for (int radix : kFirstRadices) {
    if (n % radix != 0) continue;
    plan.radix = radix;
    break;
  }
  plan.columns = n / plan.radix;
  plan.parallel = (plan.radix - 1) / 2 + 1;
  plan.coprime = std::gcd(plan.radix, plan.columns) == 1;
  if (plan.radix % 2 != 0)
    plan.first_column = FirstColumn::plain;
  else
    plan.first_column = plan.coprime ? FirstColumn::packed_coprime : FirstColumn::packed_halves;

  for (int n2 = 0; n2 < plan.columns; ++n2) {
    for (int n1 = 0; n1 < plan.radix; ++n1)
      plan.input.push_back(static_cast<uint32_t>(
          plan.coprime ? (plan.columns * n1 + plan.radix * n2) % n : n2 + plan.columns * n1));
    if (!plan.coprime)
      for (int k1 = 1; k1 < plan.parallel; ++k1)
        push(plan.twiddles, unit(static_cast<int64_t>(n2) * k1, n));
  }

  plan.complex = make_complex_plan(plan.columns, registers);
  const BinOf bin_of(plan);
  plan.output.resize(static_cast<size_t>(plan.columns) * static_cast<size_t>(plan.parallel));
  for (int k2 = 0; k2 < plan.columns; ++k2) {
    const size_t slot = plan.complex.slot_of[static_cast<size_t>(k2)];
    for (int k1 = 0; k1 < plan.parallel; ++k1)
      plan.output[static_cast<size_t>(k1) * static_cast<size_t>(plan.columns) + slot] =
          bin_of(k1, k2);
  }
  if (plan.first_column != FirstColumn::plain) plan_pairs(plan, bin_of);
}

/// X[k] = c[k] * sum_n (x[n] c[n]) conj(c[k-n]), c[n] = exp(-pi i n^2 / N). The outer c[k] has no
/// effect on the power and is left out.
void plan_chirp(FftPlan& plan, int registers) {
  const int n = plan.n;
  int length = 1;
  while (length < 2 * n - 1) length *= 2;
  plan.chirp = true;
  plan.columns = length;
  plan.complex = make_complex_plan(length, registers);

  std::vector<std::complex<double>> filter(static_cast<size_t>(length));
  for (int i = 0; i < n; ++i) {
    const auto c = unit(static_cast<int64_t>(i) * i % (2 * static_cast<int64_t>(n)),
                        2 * static_cast<int64_t>(n));
    push(plan.chirp_in, c);
    filter[static_cast<size_t>(i)] = std::conj(c);
    filter[static_cast<size_t>((length - i) % length)] = std::conj(c);
  }
  // Radix-2 transform of the filter in double, decimation in frequency, result in reversed order.
  for (int block = length; block > 1; block /= 2)
    for (int start = 0; start < length; start += block)
      for (int i = 0; i < block / 2; ++i) {
        auto& low = filter[static_cast<size_t>(start + i)];
        auto& high = filter[static_cast<size_t>(start + i + block / 2)];
        const auto difference = (low - high) * unit(i, block);
        low += high;
        high = difference;
      }
  for (int k = 0; k < length; ++k) {
    int reversed = 0;
    for (int bit = 1; bit < length; bit *= 2) reversed = 2 * reversed + ((k & bit) != 0 ? 1 : 0);
    push(plan.chirp_filter, filter[static_cast<size_t>(reversed)] / static_cast<double>(length));
  }

  plan.output.assign(static_cast<size_t>(length), static_cast<uint32_t>(plan.bins()));
  for (int k = 0; k < plan.bins(); ++k)
    plan.output[plan.complex.slot_of[static_cast<size_t>(k)]] = static_cast<uint32_t>(k);
}

}  // namespace

bool is_smooth(int n) {
  for (int prime : {2, 3, 5, 7})
    while (n % prime == 0) n /= prime;
  return n == 1;
}

FftPlan make_fft_plan(int n, Vectors vectors) {
  FftPlan plan;
  plan.n = n;
  if (is_smooth(n))
    plan_mixed(plan, vectors.registers);
  else
    plan_chirp(plan, vectors.registers);
  const auto lanes = static_cast<uint32_t>(vectors.lanes);
  for (uint32_t& power : plan.output) power *= lanes;
  for (PackedPair& pair : plan.pairs) {
    pair.power_0 *= lanes;
    pair.power_1 *= lanes;
  }
  return plan;
}

}  // namespace npumel
