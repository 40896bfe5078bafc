// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything a recipe needs computed once, for every instruction set alike.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/cpu/convolution.h"
#include "kernels/cpu/factors.h"
#include "kernels/cpu/fft_plan.h"
#include "kernels/cpu/vectors.h"
#include "kernels/mel/recipe.h"

namespace npumel {

/// Filters of equal length, so that one loop with a fixed trip count serves them.
struct MelClass {
  int length = 0;  ///< bins of each filter; 0: empty filters
  int count = 0;
};

/// Where a filter reads and writes, in floats from the beginning of the group's powers and
/// energies.
struct FilterPlace {
  uint32_t bins = 0;
  uint32_t energy = 0;
};

/// Scales a filter's output to the mean spectrum value of its bins.
struct MeanOfFilter {
  uint32_t mel = 0;  ///< its row in the group's energies
  float per_weight = 0;
};

/// The filter bank, sorted by length.
struct MelTables {
  std::vector<MelClass> classes;
  std::vector<FilterPlace> places;  ///< [sorted filter]
  std::vector<float> weights;       ///< [sorted filter][bin], back to back, three zeros behind
  std::vector<MeanOfFilter> means;  ///< of filters that have bins
};

/// log(x) = exponent * octave_high + (exponent * octave_low + ln(mantissa) * scale), and never
/// below `lowest`, which is the logarithm of the floor correctly rounded.
struct LogTables {
  bool apply = true;
  bool add_floor = false;
  float floor = 0;  ///< FloorMode::max: 2^-12 below the recipe's, see AsLogOfMax
  float lowest = 0;
  float scale = 1;        ///< units per neper
  float octave_high = 0;  ///< units per octave / 2^23, so few bits that 256 times it is exact
  float octave_low = 0;   ///< the rest
};

/// How samples of a group of frames are laid out before the transform. The group's samples are a
/// matrix of `hop` columns: hop h holds samples h*hop + p. It is stored transposed, so that sample
/// h*hop + p of frames 0, 1, 2 ... are neighbours:  T[p * pitch + h + frame].
struct LoadTables {
  int rows = 0;        ///< min(hop, win): p beyond are under no window function
  int extra_hops = 0;  ///< hops after a frame's first one that it reaches into
  int last_rows = 0;   ///< rows that the last of those hops has
  int pitch = 0;       ///< floats from row to row
  int taken = 0;       ///< first-pass inputs per column that can be non-zero (Cooley-Tukey order)
  bool own_first_row = false;     ///< pre-emphasis gives a frame's first sample its own row of T
  bool prepares = false;          ///< frames change between T and the transform in double
  std::vector<uint32_t> offsets;  ///< index into T, in the order in which the first pass reads
  std::vector<uint32_t> prepared_offsets;  ///< the same for MelWorkspace::prepared
  Factors window_f32;                      ///< window function * input_scale, same order, 0 outside
  Factors window_s16;                      ///< the same / 32768
  Factors scale_f32, scale_s16;            ///< input_scale in place of both, for float_window
  std::vector<double> float_window;        ///< [sample]: Dft::float_frames, else empty
};

/// Which frames are computed in double up to their spectrum values. The rest is float whatever this
/// says.
enum class WideFrames {
  none,
  below_noise_floor,  ///< frames with a filter below the float transform's noise floor
  all
};

/// all: long transforms with linear output, whose cells far below the strongest bin are kept, and
/// rows of single bins.
/// below_noise_floor: filters that leave much of the spectrum out, in which anything may be loud,
/// and rows that are divided by each bin's deviation, which may be small (but the front ends among
/// those that leave offsets in compute in float32 themselves).
/// Dft::convolution keeps the noise: it is the original's.
WideFrames wide_frames(const Recipe& recipe);

struct KernelTables {
  /// `rows_per_call`: see convolution_part.
  KernelTables(const Recipe& recipe, Vectors vectors, int rows_per_call);
  /// The same for groups of `lanes` frames: equal numbers at other places.
  KernelTables(const KernelTables& tables, int lanes);

  Recipe recipe;
  WideFrames wide;
  float wide_depth;  ///< how far below, in power, a filter must lie for below_noise_floor
  int width;         ///< values of a row
  int lanes;         ///< frames in a group
  int wide_lanes;    ///< frames transformed at once in double
  FftPlan fft;
  LoadTables load;
  MelTables mel;
  LogTables log;
  /// [sample under the window] for the energy in front of a row; empty without one.
  std::vector<double> energy_weights;
  ConvolutionTables convolution;
};

/// The tables of one recipe for groups of either width.
struct GroupTables {
  GroupTables(const Recipe& recipe, Vectors vectors, int rows_per_call);

  KernelTables full;
  std::optional<KernelTables> half;  ///< where the instruction set has half groups
};

}  // namespace npumel
