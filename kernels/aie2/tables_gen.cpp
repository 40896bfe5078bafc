// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the NPU kernel's tables as C++ headers, from the definitions in kernels/mel:
//   aie2_tables_gen dft|mel|sha256 OUT.h
// `sha256` is the checksum of the two others together, for the manifest.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/aie2/shape.h"
#include "kernels/aie2/vec_host.h"
#include "kernels/mel/filter_bank.h"
#include "kernels/mel/recipe.h"
#include "kernels/mel/sha256.h"
#include "kernels/mel/window_function.h"

namespace npumel::aie2 {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kLogDegree = 4;

long round_q15(double value) { return std::lrint(value * 32767); }

template <typename T>
std::string array(const std::string& declaration, const std::vector<T>& values) {
  std::ostringstream text;
  text << "alignas(64) " << declaration << '[' << values.size() << "] = {";
  for (size_t i = 0; i < values.size(); ++i)
    text << (i % 16 == 0 ? "\n    " : " ") << +values[i] << ',';
  text << "};\n";
  return text.str();
}

// Rows: cosines of residues 0..10, then minus sines of 1..9; columns n1; one matrix for each n2,
// times the window function at 20*n1 + n2. In 4x4 tiles [n2][row][n1].
std::vector<long> stage1_table(const Recipe& recipe) {
  const std::vector<double> window = window_function(recipe.window, kWin);
  std::vector<long> table;
  for (int n2 = 0; n2 < kRadix; ++n2)
    for (int tile = 0; tile < kTiles * kTiles; ++tile)
      for (int i = 0; i < kTile; ++i) {
        const int row = 4 * (tile / kTiles) + i / 4;
        const int n1 = 4 * (tile % kTiles) + i % 4;
        const double turn = 2 * kPi * n1 / kRadix;
        const double wave =
            row < kHalf ? std::cos(turn * row) : -std::sin(turn * (row - kHalf + 1));
        const auto n = static_cast<size_t>(kRadix) * n1 + n2;
        table.push_back(round_q15(wave * window[n]));
      }
  return table;
}

// For each residue k1: rows k2, columns n2, cos and sin of -2*pi*n2*(k1/400 + k2/20), that is the
// twiddle factor times the second DFT. In pairs of 4x4 tiles [k1][k2][n2][cos, sin].
std::vector<long> stage2_table() {
  std::vector<long> table;
  for (int k1 = 0; k1 < kHalf; ++k1)
    for (int tile = 0; tile < stage2_tiles(k1) * kTiles; ++tile)
      for (int i = 0; i < kTilePair; ++i) {
        const int k2 = 4 * (tile / kTiles) + i % kTile / 4;
        const int n2 = 4 * (tile % kTiles) + i % 4;
        // Reduced to one turn before the division, so that multiples of a right angle are exact.
        const double angle = -2 * kPi * (n2 * (k1 + kRadix * k2) % kWin) / kWin;
        table.push_back(round_q15(i < kTile ? std::cos(angle) : std::sin(angle)));
      }
  return table;
}

// Least squares over the Chebyshev nodes of [0, 1], where Chebyshev polynomials are orthogonal:
// log2(1 + x) as a polynomial in x, Q15.
std::vector<long> log2_polynomial() {
  constexpr int kNodes = 400;
  std::vector<double> power(kLogDegree + 1);
  std::vector<std::vector<double>> chebyshev = {{1}, {-1, 2}};  // T_j(2x - 1) in powers of x
  for (int j = 2; j <= kLogDegree; ++j) {
    std::vector<double> next(static_cast<size_t>(j) + 1);
    for (size_t i = 0; i < chebyshev.back().size(); ++i) {
      next[i] -= 2 * chebyshev.back()[i];
      next[i + 1] += 4 * chebyshev.back()[i];
    }
    const auto& previous = chebyshev[chebyshev.size() - 2];
    for (size_t i = 0; i < previous.size(); ++i) next[i] -= previous[i];
    chebyshev.push_back(next);
  }
  for (int j = 0; j <= kLogDegree; ++j) {
    double sum = 0;
    for (int node = 0; node < kNodes; ++node) {
      const double angle = kPi * (node + 0.5) / kNodes;
      sum += std::log2(1 + (std::cos(angle) + 1) / 2) * std::cos(j * angle);
    }
    const double coefficient = sum * (j == 0 ? 1 : 2) / kNodes;
    const auto& terms = chebyshev[static_cast<size_t>(j)];
    for (size_t i = 0; i < terms.size(); ++i) power[i] += coefficient * terms[i];
  }
  std::vector<long> table;
  table.reserve(power.size());
  for (const double p : power) table.push_back(std::lrint(p * 32768));
  return table;
}

// What log10 of an energy is short of, by block exponent, in Q11: the spectrum in the kernel is the
// true one (samples in [-1, 1)) times 32768 * 32767^2 / 2^(4 + 5 + exponent).
std::vector<long> log_offsets() {
  std::vector<long> table;
  for (int s = 0; s < kBlockExponents; ++s) {
    const double log10_scale =
        (15 - kSpillShift - kSpectrumShift - s) * std::log10(2.0) + 2 * std::log10(32767.0);
    table.push_back(std::lrint(-2 * log10_scale * kQ11));
  }
  return table;
}

std::string dft_header() {
  std::vector<long> polynomial = log2_polynomial();
  const long constant = polynomial[0];
  polynomial[0] = 0;
  polynomial[1] -= 32768;
  std::ostringstream text;
  text << "// Written by tables_gen.cpp.\n#pragma once\n\n#include <cstdint>\n\n"
       << "namespace npumel::aie2 {\n\n"
       << array("inline constexpr int16_t kStage1",
                stage1_table(resolve(Preset::whisper80, {}, 16000)))
       << array("inline constexpr int16_t kStage2", stage2_table())
       << array("inline constexpr int16_t kLogPoly", polynomial)
       << "inline constexpr int32_t kLogConstant = " << constant << ";\n"
       << "inline constexpr int16_t kLog10Of2 = " << std::lrint(std::log10(2.0) * 65536) << ";\n"
       << array("inline constexpr int32_t kLogOffset", log_offsets())
       << "\n}  // namespace npumel::aie2\n";
  return text.str();
}

// Where the power of a bin lies, see kSlotRow: bins with residue 11..19 are conjugates of 400 -
// bin.
int slot_of_bin(int bin) {
  const int mirrored = bin % kRadix < kHalf ? bin : kWin - bin;
  return mirrored / kRadix * kSlotRow + mirrored % kRadix;
}

// The filters as a matrix (mels x slots) cut into 4x8 blocks; blocks of zeros are left out.
std::string mel_tables(Preset preset) {
  const Recipe recipe = resolve(preset, {}, 16000);
  const FilterBank bank(recipe);
  std::vector<std::vector<double>> dense(static_cast<size_t>(recipe.mels),
                                         std::vector<double>(kSlots));
  for (size_t mel = 0; mel < dense.size(); ++mel) {
    const MelFilter& filter = bank.filters()[mel];
    for (size_t i = 0; i < filter.weights.size(); ++i)
      dense[mel][static_cast<size_t>(slot_of_bin(filter.first_bin + static_cast<int>(i)))] =
          filter.weights[i];
  }
  std::vector<unsigned> weights;
  std::vector<int> blocks;
  std::vector<int> counts;
  for (size_t tile = 0; tile < dense.size() / 4; ++tile) {
    counts.push_back(0);
    for (int block = 0; block < kSlotBlocks; ++block) {
      std::vector<unsigned> values;
      bool empty = true;
      for (size_t i = 0; i < kWeightBlock; ++i) {
        const double weight = dense[4 * tile + i / kSlotBlock]
                                   [static_cast<size_t>(block * kSlotBlock) + i % kSlotBlock];
        empty = empty && weight == 0;
        values.push_back(vec::to_bf16(static_cast<float>(weight)));
      }
      if (empty) continue;
      weights.insert(weights.end(), values.begin(), values.end());
      blocks.push_back(block);
      ++counts.back();
    }
  }
  const std::string name = "MelTables" + std::to_string(recipe.mels);
  return "\nstruct " + name + " {\nstatic constexpr int mels = " + std::to_string(recipe.mels) +
         ";\nstatic constexpr int block_count = " + std::to_string(blocks.size()) + ";\n" +
         array("static constexpr uint16_t weights", weights) +
         array("static constexpr uint8_t blocks", blocks) +
         array("static constexpr uint8_t counts", counts) + "};\n";
}

std::string mel_header() {
  return "// Written by tables_gen.cpp.\n#pragma once\n\n#include <cstdint>\n\n"
         "namespace npumel::aie2 {\n" +
         mel_tables(Preset::whisper80) + mel_tables(Preset::whisper128) +
         "\n}  // namespace npumel::aie2\n";
}

std::string checksum_header() {
  return "// Written by tables_gen.cpp.\n#pragma once\n\nnamespace npumel::aie2 {\n"
         "inline constexpr char kTablesSha256[] = \"" +
         sha256_hex(dft_header() + mel_header()) + "\";\n}  // namespace npumel::aie2\n";
}

int run(const std::string& what, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  out << (what == "dft" ? dft_header() : what == "mel" ? mel_header() : checksum_header());
  return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace npumel::aie2

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  if (what != "dft" && what != "mel" && what != "sha256") {
    std::fputs("usage: aie2_tables_gen dft|mel|sha256 OUT.h\n", stderr);
    return 2;
  }
  return npumel::aie2::run(what, argv[2]);
}
