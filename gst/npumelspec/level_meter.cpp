// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums of squares per hop, and the voice rule on rows.
#include "gst/npumelspec/level_meter.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"
#include "kernels/mel/half.h"

namespace npumel {
namespace {

// Samples are whole numbers of 2^-23, so that their squares add up exactly in
// any order.
constexpr int kBits = 23;
constexpr double kLowest = 250;
constexpr double kHighest = 3500;
constexpr double kAboveNoise = 9;  // dB
constexpr double kRise = 2;        // dB a second
constexpr double kQuietest = -55;  // dBov
constexpr double kSilence = -127;  // dBov

int64_t steps(float sample) {
  if (std::isnan(sample)) return 0;
  return std::llrint(std::clamp(sample, -1.0F, 1.0F) * static_cast<float>(1 << kBits));
}

float value_at(const RowSink& rows, ptrdiff_t index) {
  if (rows.type == ElementType::f32) return static_cast<const float*>(rows.data)[index];
  return from_half(static_cast<const uint16_t*>(rows.data)[index]);
}

/// dBov of a sum of squares.
double decibels(double squares, int64_t samples) {
  if (squares == 0 || samples <= 0) return kSilence;
  return 10 * std::log10(std::ldexp(squares / static_cast<double>(samples), -2 * kBits));
}

}  // namespace

void LevelMeter::configure(const Recipe& recipe, SampleType type) {
  hop_ = recipe.hop_length;
  measured_ = std::min(hop_, framing(recipe).reach);
  type_ = type;
  rise_ = kRise * recipe.hop_length / recipe.rate;
  window_hops_ = (recipe.win_length + hop_ - 1) / hop_;
  second_ = std::max(1, recipe.rate / hop_);
  linear_ = recipe.log == LogType::none;
  const double power = recipe.spectrum == Spectrum::magnitude ? 2 : 1;
  db_per_unit_ = power * (recipe.log == LogType::ln      ? 10 / std::log(10.0)
                          : recipe.log == LogType::log10 ? 10
                                                         : 1);
  band_.clear();
  const FilterBank bank(recipe);
  const int energies = recipe.width() - recipe.mels;
  const double hz_per_bin = static_cast<double>(recipe.rate) / recipe.n_fft;
  for (size_t m = 0; m < bank.filters().size(); ++m) {
    const MelFilter& filter = bank.filters()[m];
    double sum = 0;
    double moment = 0;
    for (size_t i = 0; i < filter.weights.size(); ++i) {
      sum += filter.weights[i];
      moment += filter.weights[i] * (filter.first_bin + static_cast<double>(i));
    }
    const double centre = sum > 0 ? moment / sum * hz_per_bin : -1;
    if (centre >= kLowest && centre <= kHighest) band_.push_back(static_cast<int>(m) + energies);
  }
  reset();
}

void LevelMeter::reset() noexcept {
  hops_.clear();
  voiced_.clear();
  first_ = 0;
  samples_ = 0;
  since_silence_ = window_hops_ + 1;
  learning_ = 0;
  heard_ = false;
}

void LevelMeter::add(uint64_t square) noexcept {
  const int64_t place = samples_ % hop_;
  if (place == 0) hops_.push_back(0);
  if (place < measured_) hops_.back() += square;
  ++samples_;
}

void LevelMeter::push(const void* samples, int64_t count) {
  const auto* bytes = static_cast<const char*>(samples);
  for (int64_t i = 0; i < count; ++i) {
    int64_t value = 0;
    if (type_ == SampleType::s16) {
      int16_t sample = 0;
      std::memcpy(&sample, bytes + i * 2, sizeof sample);
      value = int64_t{sample} * (1 << (kBits - 15));
    } else {
      float sample = 0;
      std::memcpy(&sample, bytes + i * 4, sizeof sample);
      value = steps(sample);
    }
    add(static_cast<uint64_t>(value * value));
  }
}

void LevelMeter::push_silence(int64_t count) {
  samples_ += count;
  const int64_t hops = (samples_ + hop_ - 1) / hop_ - first_;
  if (hops > static_cast<int64_t>(hops_.size())) hops_.resize(static_cast<size_t>(hops));
}

/// The mean of dB values, -inf to +inf excluded by the rows' floor.
double LevelMeter::band_level(const RowSink& rows, int row) const {
  double sum = 0;
  for (const int column : band_) {
    const double value = value_at(rows, row * rows.frame_stride + column * rows.mel_stride);
    sum += linear_ ? 10 * std::log10(std::max(value, 1e-20)) : value;
  }
  return band_.empty() ? 0 : sum / static_cast<double>(band_.size()) * db_per_unit_;
}

uint64_t LevelMeter::squares(int64_t frame) const {
  const int64_t at = frame - first_;
  return at >= 0 && at < static_cast<int64_t>(hops_.size()) ? hops_[static_cast<size_t>(at)] : 0;
}

/// Measured samples of a frame's hop that the stream has.
int64_t LevelMeter::measured_of(int64_t frame) const {
  return std::clamp<int64_t>(samples_ - frame * hop_, 0, measured_);
}

/// `band`: of a frame of sound.
void LevelMeter::learn_noise(double band) noexcept {
  if (!heard_)
    noise_ = band;
  else if (learning_ > 0)
    noise_ = std::min(noise_, band);
  else
    noise_ = std::min(noise_ + rise_, band);
  heard_ = true;
  learning_ = std::max(0, learning_ - 1);
}

void LevelMeter::push_rows(int64_t first, int count, const RowSink& rows) {
  for (int row = 0; row < count; ++row) {
    const int64_t frame = first + row;
    const uint64_t sum = squares(frame);
    since_silence_ = sum == 0 ? 0 : std::min(since_silence_ + 1, window_hops_ + 1);
    if (sum == 0 && !heard_) learning_ = second_;
    const double band = band_level(rows, row);
    const bool learns = learning_ > 0;
    if (since_silence_ > window_hops_) learn_noise(band);
    const bool loud = decibels(static_cast<double>(sum), measured_of(frame)) > kQuietest;
    voiced_.push_back(loud && (learns || band >= noise_ + kAboveNoise) ? 1 : 0);
  }
}

AudioLevel LevelMeter::level(int64_t first, int64_t count) const {
  // A sum over many hops as double: 2^53 steps are more than a level of 1 dB
  // asks for.
  double sum = 0;
  int64_t samples = 0;
  int64_t voiced = 0;
  for (int64_t frame = first; frame < first + count; ++frame) {
    sum += static_cast<double>(squares(frame));
    samples += measured_of(frame);
    const int64_t at = frame - first_;
    if (at >= 0 && at < static_cast<int64_t>(voiced_.size()))
      voiced += voiced_[static_cast<size_t>(at)];
  }
  AudioLevel result;
  result.level = static_cast<uint8_t>(std::lround(std::clamp(-decibels(sum, samples), 0.0, 127.0)));
  result.voice = count > 0 && 4 * voiced >= count;
  return result;
}

void LevelMeter::drop_before(int64_t first) {
  const int64_t dropped =
      std::min(first - first_, static_cast<int64_t>(std::min(hops_.size(), voiced_.size())));
  // Moving what is kept costs less than a hop's samples once in a while.
  if (dropped < 256) return;
  hops_.erase(hops_.begin(), hops_.begin() + dropped);
  voiced_.erase(voiced_.begin(), voiced_.begin() + dropped);
  first_ += dropped;
}

}  // namespace npumel
