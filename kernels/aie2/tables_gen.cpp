// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the NPU kernel's tables as C++ headers, from the definitions in kernels/mel:
//   aie2_tables_gen dft|dft512|mel|sha256 OUT.h
// `sha256` is the checksum of the others together, for the manifest.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numbers>
#include <sstream>
#include <stdexcept>
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

// The 512-point kernels' first DFT: cosines of residues 0..16, then minus sines of 1..15; columns
// n1 = 0..24 and three of zeros. In 4x4 tiles [row][n1].
std::vector<long> stage1_table_512() {
  std::vector<long> table;
  for (int tile = 0; tile < dft512::kStage1Rows / 4 * dft512::kInputTiles; ++tile)
    for (int i = 0; i < kTile; ++i) {
      const int row = 4 * (tile / dft512::kInputTiles) + i / 4;
      const int n1 = 4 * (tile % dft512::kInputTiles) + i % 4;
      const int residue = row < dft512::kHalf ? row : row - dft512::kHalf + 1;
      const double angle = 2 * kPi * (residue * n1 % dft512::kFirst) / dft512::kFirst;
      const double wave = row < dft512::kHalf ? std::cos(angle) : -std::sin(angle);
      table.push_back(n1 < dft512::kInputs ? round_q15(wave) : 0);
    }
  return table;
}

// Twiddle factor times the second DFT, cos and sin of -2*pi*n2*(k1/512 + k2/16), as stage2_table().
std::vector<long> stage2_table_512() {
  constexpr int kPoints = dft512::kFirst * dft512::kSecond;
  std::vector<long> table;
  for (int k1 = 0; k1 < dft512::kHalf; ++k1)
    for (int tile = 0; tile < dft512::stage2_tiles(k1) * dft512::kTiles; ++tile)
      for (int i = 0; i < kTilePair; ++i) {
        const int k2 = 4 * (tile / dft512::kTiles) + i % kTile / 4;
        const int n2 = 4 * (tile % dft512::kTiles) + i % 4;
        const double angle = -2 * kPi * (n2 * (k1 + dft512::kFirst * k2) % kPoints) / kPoints;
        table.push_back(round_q15(i < kTile ? std::cos(angle) : std::sin(angle)));
      }
  return table;
}

// The window function negated in Q15, and what that leaves in the next 15 bits, each value for the
// four frames.
struct NegativeWindow {
  std::vector<long> values, rests;

  explicit NegativeWindow(const Recipe& recipe) {
    for (const double window : window_function(recipe.window, kWin)) {
      const long value = round_q15(window);
      values.insert(values.end(), kGroup, -value);
      rests.insert(rests.end(), kGroup,
                   -std::lrint((window * 32767 - static_cast<double>(value)) * 32768));
    }
    if (values.front() != 0 || rests.front() != 0)
      throw std::logic_error("the first sample has no predecessor");
  }
};

// The spectrum in a kernel is the true one (samples in [-1, 1) times the input scale) times this,
// by the sum of the block exponents. 400 points: samples of 16 bits, two matrices in Q15. 512
// points: emphasised samples in Q15, then window function and two matrices in Q15.
double spectrum_scale(const Recipe& recipe, int exponent) {
  const int shifts = recipe.n_fft == kWin
                         ? kSpillShift + kSpectrumShift
                         : dft512::kWindowShift - 15 + dft512::kSpillShift + dft512::kSpectrumShift;
  const int matrices = recipe.n_fft == kWin ? 2 : 3;
  return std::ldexp(std::pow(32767.0, matrices), 15 - shifts - exponent) / recipe.input_scale;
}
int exponent_count(const Recipe& recipe) {
  return recipe.n_fft == kWin ? kBlockExponents : dft512::kExponentSums;
}

// What log10 of an energy is short of, by block exponent, in Q11.
std::vector<long> log_offsets(const Recipe& recipe) {
  std::vector<long> table;
  table.reserve(static_cast<size_t>(exponent_count(recipe)));
  for (int s = 0; s < exponent_count(recipe); ++s)
    table.push_back(std::lrint(-2 * std::log10(spectrum_scale(recipe, s)) * kQ11));
  return table;
}

// What log(x + floor) adds to an energy in the kernel's units, by block exponent.
std::string guards(const Recipe& recipe) {
  std::ostringstream text;
  text << std::hexfloat << "alignas(64) static constexpr float guard[] = {";
  if (recipe.floor_mode == FloorMode::max) text << "0.0F";
  if (recipe.floor_mode == FloorMode::add)
    for (int s = 0; s < exponent_count(recipe); ++s)
      text << (s % 8 == 0 ? "\n    " : " ")
           << static_cast<float>(recipe.log_floor * std::pow(spectrum_scale(recipe, s), 2)) << "F,";
  text << "};\n";
  return text.str();
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
       << "\n}  // namespace npumel::aie2\n";
  return text.str();
}

std::string dft512_header() {
  const Recipe nemo = resolve(Preset::nemo80, {}, 16000);
  const NegativeWindow hann(nemo);
  const NegativeWindow povey(resolve(Preset::kaldi80, {}, 16000));
  std::ostringstream text;
  text << "// Written by tables_gen.cpp.\n#pragma once\n\n#include <cstdint>\n\n"
       << "namespace npumel::aie2::dft512 {\n\n"
       << array("inline constexpr int16_t kStage1", stage1_table_512())
       << array("inline constexpr int16_t kStage2", stage2_table_512())
       << array("inline constexpr int16_t kNegativeHann", hann.values)
       << array("inline constexpr int16_t kNegativeHannRest", hann.rests)
       << array("inline constexpr int16_t kNegativePovey", povey.values)
       << array("inline constexpr int16_t kNegativePoveyRest", povey.rests)
       << "inline constexpr int16_t kPreemphasis = " << std::lrint(nemo.preemphasis * 32768)
       << ";\n\n}  // namespace npumel::aie2::dft512\n";
  return text.str();
}

// Where the power of a bin lies, see kSlotRow: bins whose residue is in the upper half are
// conjugates of n_fft - bin.
int slot_of_bin(const Recipe& recipe, int bin) {
  const bool whisper = recipe.n_fft == kWin;
  const int residues = whisper ? kRadix : dft512::kFirst;
  const int half = whisper ? kHalf : dft512::kHalf;
  const int row = whisper ? kSlotRow : dft512::kSlotRow;
  const int mirrored = bin % residues < half ? bin : recipe.n_fft - bin;
  return mirrored / residues * row + mirrored % residues;
}

// The filters as a matrix (mels x slots) cut into 4x8 blocks; blocks of zeros are left out.
std::string mel_tables(Preset preset) {
  const Recipe recipe = resolve(preset, {}, 16000);
  const FilterBank bank(recipe);
  const int slots = recipe.n_fft == kWin ? kSlots : dft512::kSlots;
  std::vector<std::vector<double>> dense(static_cast<size_t>(recipe.mels),
                                         std::vector<double>(static_cast<size_t>(slots)));
  for (size_t mel = 0; mel < dense.size(); ++mel) {
    const MelFilter& filter = bank.filters()[mel];
    for (size_t i = 0; i < filter.weights.size(); ++i)
      dense[mel][static_cast<size_t>(slot_of_bin(recipe, filter.first_bin + static_cast<int>(i)))] =
          filter.weights[i];
  }
  std::vector<unsigned> weights;
  std::vector<int> blocks;
  std::vector<int> counts;
  for (size_t tile = 0; tile < dense.size() / 4; ++tile) {
    counts.push_back(0);
    for (int block = 0; block < slots / kSlotBlock; ++block) {
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
    if (counts.back() == 0) throw std::logic_error("four filters without a bin");
  }
  const bool guarded = recipe.floor_mode == FloorMode::add;
  const std::string name = nick(preset);
  std::ostringstream text;
  text << "\nstruct MelTables_" << name << " {\nstatic constexpr char recipe[] = \"" << name
       << "\";\nstatic constexpr int mels = " << recipe.mels
       << ";\nstatic constexpr int block_count = " << blocks.size()
       << ";\nstatic constexpr int32_t floor_q11 = "
       << std::max(-32768L, std::lrint(std::log10(recipe.log_floor) * kQ11))
       << ";\nstatic constexpr bool has_guard = " << (guarded ? "true" : "false")
       << ";\nstatic constexpr bool natural_log = "
       << (recipe.log == LogType::ln ? "true" : "false") << ";\n"
       << array("static constexpr uint16_t weights", weights)
       << array("static constexpr uint8_t blocks", blocks)
       << array("static constexpr uint8_t counts", counts)
       << array("static constexpr int32_t log_offset", log_offsets(recipe)) << guards(recipe)
       << "};\n";
  return text.str();
}

std::string mel_header() {
  std::string text =
      "// Written by tables_gen.cpp.\n#pragma once\n\n#include <cstdint>\n\n"
      "namespace npumel::aie2 {\n";
  for (const Preset preset :
       {Preset::whisper80, Preset::whisper128, Preset::nemo80, Preset::nemo128, Preset::kaldi80})
    text += mel_tables(preset);
  return text + "\n}  // namespace npumel::aie2\n";
}

std::string checksum_header() {
  return "// Written by tables_gen.cpp.\n#pragma once\n\nnamespace npumel::aie2 {\n"
         "inline constexpr char kTablesSha256[] = \"" +
         sha256_hex(dft_header() + dft512_header() + mel_header()) +
         "\";\n}  // namespace npumel::aie2\n";
}

std::string header(const std::string& what) {
  if (what == "dft") return dft_header();
  if (what == "dft512") return dft512_header();
  if (what == "mel") return mel_header();
  if (what == "sha256") return checksum_header();
  throw std::invalid_argument("usage: aie2_tables_gen dft|dft512|mel|sha256 OUT.h");
}

}  // namespace
}  // namespace npumel::aie2

int main(int argc, char** argv) {
  try {
    const std::string text = npumel::aie2::header(argc == 3 ? argv[1] : "");
    std::ofstream out(argv[2], std::ios::binary);
    out << text;
    return out.flush() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
