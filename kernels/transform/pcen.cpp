// SPDX-License-Identifier: LGPL-2.1-or-later
// Per-channel energy normalisation as librosa.pcen: (S / (eps + M)^gain + bias)^power - bias^power.
#include "kernels/transform/pcen.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "kernels/transform/step.h"

namespace npumel {
namespace {

class PcenStep final : public Step {
 public:
  PcenStep(const TransformRecipe& recipe, const TransformInput& rows)
      : recipe_(recipe),
        keep_(pcen_smoothing(recipe, rows)),
        starts_(recipe.pcen_start == PcenStart::first),
        smooth_(static_cast<size_t>(rows.dims), 1.0) {}

  void push(const float* rows, int64_t count, int64_t /*ready*/, float* out) override {
    if (count > 0 && starts_) {
      for (size_t i = 0; i < smooth_.size(); ++i)
        if (std::isfinite(rows[i])) smooth_[i] = rows[i] * recipe_.pcen_scale;
      starts_ = false;
    }
    for (int64_t t = 0; t < count; ++t)
      for (double& smooth : smooth_) *out++ = value(*rows++, smooth);
  }
  void drain(int64_t /*ready*/, float* /*out*/) override {}
  void reset() override {
    smooth_.assign(smooth_.size(), 1.0);
    starts_ = recipe_.pcen_start == PcenStart::first;
  }

 private:
  float value(float sample, double& smooth) const {
    const double s = sample * recipe_.pcen_scale;
    // A value that is no number must not spoil all that follow.
    if (std::isfinite(s)) smooth = (1 - keep_) * smooth + keep_ * s;
    const double gain = std::exp(-recipe_.pcen_gain * std::log(recipe_.pcen_eps + smooth));
    return static_cast<float>(compressed(s * gain));
  }

  // bias^power ((1 + x / bias)^power - 1), so that small values keep their digits.
  double compressed(double x) const {
    const double power = recipe_.pcen_power;
    const double bias = recipe_.pcen_bias;
    if (power == 0) return std::log1p(x);
    if (bias == 0) return std::pow(x, power);
    return std::pow(bias, power) * std::expm1(power * std::log1p(x / bias));
  }

  TransformRecipe recipe_;
  double keep_;
  bool starts_;                 // the next row is the one that the smoothing starts with
  std::vector<double> smooth_;  // M; before the first row 1, as scipy's lfilter_zi sets it
};

}  // namespace

double pcen_smoothing(const TransformRecipe& recipe, const TransformInput& rows) {
  if (recipe.pcen_smoothing > 0) return recipe.pcen_smoothing;
  const double t = recipe.pcen_time_constant * rows.rate / rows.hop_length;
  return (std::sqrt(1 + 4 * t * t) - 1) / (2 * t * t);
}

int64_t count_pcen(const TransformRecipe& /*recipe*/, int64_t rows, bool /*ended*/) { return rows; }

void shape_pcen(const TransformRecipe& /*recipe*/, TransformInput& rows) {
  if (rows.logarithm)
    throw std::invalid_argument(
        "pcen works on a spectrum without a logarithm, these rows have one or are no spectrum: set "
        "log=none in front of it");
  if (rows.energy)
    throw std::invalid_argument("pcen does not go with rows that an energy stands in front of");
  if (rows.rate < 1 || rows.hop_length < 1)
    throw std::invalid_argument("pcen needs the rate (" + std::to_string(rows.rate) +
                                ") and the hop length (" + std::to_string(rows.hop_length) +
                                ") of its rows");
  rows.logarithm = true;
}

std::unique_ptr<Step> make_pcen(const TransformRecipe& recipe, const TransformInput& rows) {
  return std::make_unique<PcenStep>(recipe, rows);
}

}  // namespace npumel
