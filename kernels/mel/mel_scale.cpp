// SPDX-License-Identifier: LGPL-2.1-or-later
// The formulas of the mel scales.
#include "kernels/mel/mel_scale.h"

#include <cmath>

namespace npumel {
namespace {

// Slaney: 3 mel per 200 Hz up to 1 kHz (15 mel), then 27 mel for each factor of 6.4.
constexpr double kSlaneyHzPerMel = 200.0 / 3;
constexpr double kSlaneyKneeHz = 1000;
constexpr double kSlaneyKneeMel = 15;

double slaney_step() { return std::log(6.4) / 27; }

}  // namespace

double to_mel(MelScale scale, double hz) {
  switch (scale) {
    case MelScale::slaney:
      return hz < kSlaneyKneeHz ? hz / kSlaneyHzPerMel
                                : kSlaneyKneeMel + std::log(hz / kSlaneyKneeHz) / slaney_step();
    case MelScale::htk:
      return 2595 * std::log10(1 + hz / 700);
    case MelScale::kaldi:
      return 1127 * std::log(1 + hz / 700);
    case MelScale::none:
      break;
  }
  return hz;
}

double to_hz(MelScale scale, double mel) {
  switch (scale) {
    case MelScale::slaney:
      return mel < kSlaneyKneeMel
                 ? mel * kSlaneyHzPerMel
                 : kSlaneyKneeHz * std::exp((mel - kSlaneyKneeMel) * slaney_step());
    case MelScale::htk:
      return 700 * (std::pow(10, mel / 2595) - 1);
    case MelScale::kaldi:
      return 700 * (std::exp(mel / 1127) - 1);
    case MelScale::none:
      break;
  }
  return mel;
}

}  // namespace npumel
