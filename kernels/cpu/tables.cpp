// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes the tables of a recipe.
#include "kernels/cpu/tables.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/window_function.h"

namespace npumel {
namespace {

MelTables make_mel(const Recipe& recipe, int lanes) {
  const FilterBank bank(recipe);
  const auto filters = bank.filters();
  MelTables mel;
  const uint32_t energy_rows = recipe.energy == Energy::none ? 0 : 1;
  std::vector<uint32_t> by_length(filters.size());
  std::iota(by_length.begin(), by_length.end(), 0U);
  std::stable_sort(by_length.begin(), by_length.end(), [&](uint32_t a, uint32_t b) {
    return filters[a].weights.size() < filters[b].weights.size();
  });
  for (const uint32_t row : by_length) {
    const MelFilter& filter = filters[row];
    const int length = static_cast<int>(filter.weights.size());
    if (mel.classes.empty() || mel.classes.back().length != length)
      mel.classes.push_back({length, 0});
    ++mel.classes.back().count;
    const uint32_t place = row + energy_rows;
    mel.places.push_back(
        {static_cast<uint32_t>(filter.first_bin * lanes), place * static_cast<uint32_t>(lanes)});
    for (const double weight : filter.weights) mel.weights.push_back(static_cast<float>(weight));
    const double sum = std::accumulate(filter.weights.begin(), filter.weights.end(), 0.0);
    if (length > 0) mel.means.push_back({place, static_cast<float>(1 / sum)});
  }
  mel.weights.resize(mel.weights.size() + 3);  // they are read by four
  return mel;
}

LogTables make_log(const Recipe& recipe) {
  LogTables log;
  double units = 1;
  switch (recipe.log) {
    case LogType::none:
      log.apply = false;
      return log;
    case LogType::ln:
      break;
    case LogType::log10:
      units = std::numbers::log10e;
      break;
    case LogType::db:
      units = 10 * std::numbers::log10e;
      break;
  }
  log.add_floor = recipe.floor_mode == FloorMode::add;
  log.floor = static_cast<float>(recipe.log_floor);
  if (!log.add_floor) log.floor *= 1 - 0x1p-12F;
  log.lowest = static_cast<float>(std::log(recipe.log_floor) * units);
  log.scale = static_cast<float>(units);
  const double octave = std::ldexp(std::numbers::ln2 * units, -23);
  const double grid = std::ldexp(1.0, std::ilogb(octave) - 14);
  log.octave_high = static_cast<float>(std::round(octave / grid) * grid);
  log.octave_low = static_cast<float>(octave - log.octave_high);
  return log;
}

/// Floats from row to row of T.
int row_pitch(int lanes, int extra_hops) { return (lanes + extra_hops + 3) / 4 * 4; }

LoadTables make_load(const Recipe& recipe, const FftPlan& fft, int lanes, int wide_lanes) {
  const int hop = recipe.hop_length;
  const int win = recipe.win_length;
  LoadTables load;
  load.rows = std::min(hop, win);
  load.extra_hops = (win - 1) / hop;
  load.last_rows = win - load.extra_hops * hop;
  load.pitch = row_pitch(lanes, load.extra_hops);

  // A shift of the samples within the transform changes no power: every recipe's window function
  // starts at sample 0 of the transform, wherever window_place puts it.
  const std::vector<double> window = window_function(recipe.window, win);
  load.own_first_row =
      recipe.preemphasis != 0 && recipe.preemphasis_mode != PreemphasisMode::waveform;
  load.prepares = load.own_first_row || recipe.remove_dc || recipe.dft == Dft::float_frames;
  if (recipe.dft == Dft::float_frames)
    for (const float weight : float_window_function(recipe.window, win))
      load.float_window.push_back(static_cast<double>(weight));
  const auto append = [&](int n) {
    const bool inside = n < win;
    const double weight = inside ? window[static_cast<size_t>(n)] * recipe.input_scale : 0;
    load.window_f32.push_back(weight);
    load.window_s16.push_back(weight / 32768);
    load.scale_f32.push_back(inside ? recipe.input_scale : 0);
    load.scale_s16.push_back(inside ? recipe.input_scale / 32768.0 : 0);
    const int offset =
        n == 0 && load.own_first_row ? load.rows * load.pitch : n % hop * load.pitch + n / hop;
    load.offsets.push_back(inside ? static_cast<uint32_t>(offset) : 0);
    load.prepared_offsets.push_back(inside ? static_cast<uint32_t>(n * wide_lanes) : 0);
  };
  if (fft.chirp)
    for (int n = 0; n < win; ++n) append(n);
  else
    for (const uint32_t n : fft.input) append(static_cast<int>(n));
  load.taken = fft.coprime ? fft.radix : std::min(fft.radix, (win + fft.columns - 1) / fft.columns);
  return load;
}

/// What the samples of a frame are multiplied by before they are squared.
std::vector<double> make_energy_weights(const Recipe& recipe) {
  switch (recipe.energy) {
    case Energy::none:
      return {};
    case Energy::raw:
      return std::vector<double>(static_cast<size_t>(recipe.win_length), 1.0);
    case Energy::windowed:
      break;
  }
  return window_function(recipe.window, recipe.win_length);
}

bool filters_skip_high_bins(const Recipe& recipe) { return recipe.fmax < 0.95 * recipe.rate / 2; }

// A float transform leaves noise some 150 dB below a frame's strongest bin. The logarithm of a
// filter 60 dB below that bin changes by less than 1e-4, of one 80 dB below by less than 1e-3. Rows
// that are divided by a deviation make do with the latter: DC removal with pre-emphasis puts the
// lowest filter of any sound almost 60 dB down, and of noise now and then 70.
float depth_of_noise(const Recipe& recipe) {
  return filters_skip_high_bins(recipe) || recipe.dft == Dft::float_frames ? 1e6F : 1e8F;
}

/// The same place where the rows of T lie `to` floats apart instead of `from`.
void move_rows(std::vector<uint32_t>& offsets, int from, int to) {
  const auto before = static_cast<uint32_t>(from);
  for (uint32_t& offset : offsets)
    offset = offset / before * static_cast<uint32_t>(to) + offset % before;
}

}  // namespace

WideFrames wide_frames(const Recipe& recipe) {
  if (recipe.dft == Dft::convolution) return WideFrames::none;
  if (recipe.dft == Dft::float_frames && recipe.mel_scale != MelScale::none)
    return WideFrames::below_noise_floor;
  // Some single bins always lie far below the strongest one.
  if (recipe.mel_scale == MelScale::none) return WideFrames::all;
  if (recipe.log == LogType::none && recipe.n_fft >= 1024) return WideFrames::all;
  const bool magnified =
      recipe.normalization.statistic == Normalization::Statistic::mean_std && recipe.remove_dc;
  return filters_skip_high_bins(recipe) || magnified ? WideFrames::below_noise_floor
                                                     : WideFrames::none;
}

KernelTables::KernelTables(const Recipe& valid_recipe, Vectors vectors, int rows_per_call)
    : recipe(valid_recipe),
      wide(wide_frames(recipe)),
      wide_depth(depth_of_noise(recipe)),
      width(recipe.width()),
      lanes(vectors.lanes),
      wide_lanes(std::max(1, lanes / 2)),
      fft(make_fft_plan(recipe.n_fft, vectors)),
      load(make_load(recipe, fft, lanes, wide_lanes)),
      mel(make_mel(recipe, lanes)),
      log(make_log(recipe)),
      energy_weights(make_energy_weights(recipe)),
      convolution(make_convolution(recipe, load.pitch, rows_per_call)) {}

KernelTables::KernelTables(const KernelTables& tables, int group_lanes) : KernelTables(tables) {
  const auto from = static_cast<uint32_t>(lanes);
  const auto to = static_cast<uint32_t>(group_lanes);
  const auto move = [&](uint32_t& place) { place = place / from * to; };
  for (uint32_t& power : fft.output) move(power);
  for (PackedPair& pair : fft.pairs) {
    move(pair.power_0);
    move(pair.power_1);
  }
  for (FilterPlace& place : mel.places) {
    move(place.bins);
    move(place.energy);
  }
  const int pitch = row_pitch(group_lanes, load.extra_hops);
  move_rows(load.offsets, load.pitch, pitch);
  move_rows(convolution.offsets, load.pitch, pitch);
  load.pitch = pitch;
  lanes = group_lanes;
}

GroupTables::GroupTables(const Recipe& recipe, Vectors vectors, int rows_per_call)
    : full(recipe, vectors, rows_per_call) {
  if (vectors.half_lanes != 0) half.emplace(full, vectors.half_lanes);
}

}  // namespace npumel
