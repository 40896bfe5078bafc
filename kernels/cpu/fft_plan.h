// SPDX-License-Identifier: LGPL-2.1-or-later
// How a frame of N real samples is transformed: lengths, orders and twiddle factors, nothing that
// depends on the instruction set. See fft_plan.cpp for the decomposition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cpu/factors.h"
#include "kernels/cpu/vectors.h"

namespace npumel {

/// One in-place decimation-in-frequency pass over a complex transform of `length` slots: blocks of
/// `block` = radix * step slots; slot n' + step*j of a block holds the j-th butterfly input.
struct FftPass {
  int radix = 1;
  int block = 1;
  int step = 1;  ///< 1 in the last pass, which has no twiddle factors
  /// Index into ComplexPlan::twiddles of [n'][q-1]{re, im}, q = 1 .. radix/2. Result radix - q
  /// counts as result -q, whose factor is the conjugate.
  size_t twiddle = 0;
};

/// A complex transform of `length` points, done in place; result k ends in slot slot_of[k].
struct ComplexPlan {
  int length = 1;
  std::vector<FftPass> passes;  ///< at least one; the last has step 1
  Factors twiddles;
  std::vector<uint32_t> slot_of;
};

/// What the first of the parallel complex columns carries.
///  plain           the column of k1 = 0, imaginary part zero (first radix odd)
///  packed_coprime  re: column of k1 = 0, im: column of k1 = radix/2 (both real)
///  packed_halves   re, im: even and odd samples of the real sequence of 2*columns points whose
///                  transform is every (radix/2)-th bin
enum class FirstColumn : uint8_t { plain, packed_coprime, packed_halves };

/// Two bins that come from one conjugate pair (a, b) of slots of a packed first column.
struct PackedPair {
  uint32_t slot_a = 0, slot_b = 0;
  uint32_t power_0 = 0, power_1 = 0;  ///< where their powers go, as FftPlan::output
  double re = 0, im = 0;              ///< packed_halves: the factor exp(-2 pi i a / (2*columns))
};

/// The power spectrum of N real samples: bins 0..N/2.
struct FftPlan {
  int n = 1;
  bool chirp = false;  ///< Bluestein: N has a prime factor above 7

  int radix = 1;         ///< points of the real first pass; radix * columns = N
  int columns = 1;       ///< transforms of the first pass = length of the complex passes
  int parallel = 1;      ///< complex columns after the first pass: (radix - 1) / 2 + 1
  bool coprime = false;  ///< Good-Thomas order: no twiddle factors after the first pass
  FirstColumn first_column = FirstColumn::plain;
  std::vector<uint32_t> input;    ///< [column][radix]: sample index
  Factors twiddles;               ///< [column][k1 - 1]{re, im}, k1 = 1 .. parallel-1
  std::vector<PackedPair> pairs;  ///< how the packed first column is unpacked

  ComplexPlan complex;
  /// [parallel][slot]: where the power goes: its bin, or bins() if it is unused, times the
  /// lanes.
  std::vector<uint32_t> output;

  Factors chirp_in;      ///< [n]{re, im}: exp(-pi i n^2 / N)
  Factors chirp_filter;  ///< [k]{re, im}: transform of the conjugate chirp over length

  int bins() const { return n / 2 + 1; }
};

/// Any n >= 1.
FftPlan make_fft_plan(int n, Vectors vectors);

/// 2, 3, 5 and 7 are the only prime factors of n.
bool is_smooth(int n);

}  // namespace npumel
