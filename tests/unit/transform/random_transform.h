// SPDX-License-Identifier: LGPL-2.1-or-later
// Random settings of every step, for tests that hold for all of them.
#pragma once

#include <cmath>
#include <random>

#include "kernels/transform/transform.h"
#include "tests/unit/transform/transform_support.h"

namespace npumel::test {

/// Settings that go together, and rows they go with.
struct RandomTransform {
  TransformInput input;
  TransformOverrides overrides;
};

class TransformChooser {
 public:
  explicit TransformChooser(std::mt19937& random) : random_(random) {}

  RandomTransform choose() {
    RandomTransform chosen;
    chosen.input.dims = between(1, 30);
    chosen.input.energy = chosen.input.dims > 1 && one_in(4);
    chosen.input.hop_length = between(80, 512);
    int dims = chosen.input.dims;
    TransformOverrides& o = chosen.overrides;
    if (!chosen.input.energy && one_in(8)) choose_pcen(chosen);
    if (one_in(2)) dims = choose_dct(o, dims - (chosen.input.energy ? 1 : 0));
    if (one_in(2)) dims = choose_deltas(o, dims);
    if (!one_in(4)) choose_cmvn(o, dims);
    if (one_in(2)) choose_stack(o);
    return chosen;
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  double real(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  bool one_in(int count) { return between(1, count) == 1; }

  void choose_pcen(RandomTransform& chosen) {
    chosen.input.logarithm = false;
    TransformOverrides& o = chosen.overrides;
    o.pcen = PcenType::librosa;
    o.pcen_scale = real(1, 1e4);
    o.pcen_time_constant = real(0.01, 1);
    o.pcen_gain = real(0, 1);
    o.pcen_bias = one_in(4) ? 0 : real(0.1, 10);
    o.pcen_power = one_in(4) ? 0 : real(0.1, 1);
    o.pcen_eps = real(1e-6, 1e-2);
    if (one_in(3)) o.pcen_smoothing = real(0.01, 1);
    if (one_in(2)) o.pcen_start = PcenStart::first;
  }

  int choose_dct(TransformOverrides& o, int length) {
    o.dct = static_cast<DctType>(between(1, 3));
    o.coefficients = between(0, length);
    o.lifter = one_in(2) ? 0 : real(1, 40);
    o.lifter_rule = one_in(2) ? LifterRule::kaldi : LifterRule::librosa;
    o.dct_order = one_in(2) ? DctOrder::natural : DctOrder::htk;
    return *o.coefficients == 0 ? length : *o.coefficients;
  }

  int choose_deltas(TransformOverrides& o, int dims) {
    o.deltas = between(1, 2);
    o.delta_rule = static_cast<DeltaRule>(between(0, 2));
    const bool kaldi = *o.delta_rule == DeltaRule::kaldi;
    if (*o.delta_rule == DeltaRule::librosa && one_in(2)) o.delta_edge = DeltaEdge::repeat;
    o.delta_window = one_in(3) ? 0 : kaldi ? between(1, 6) : 2 * between(1, 6) + 1;
    if (one_in(2)) o.delta_static = one_in(2);
    const bool with = o.delta_static.value_or(*o.delta_rule != DeltaRule::librosa);
    return dims * (*o.deltas + (with ? 1 : 0));
  }

  void choose_cmvn(TransformOverrides& o, int dims) {
    o.cmvn = static_cast<CmvnType>(between(1, 4));
    o.cmvn_variance = one_in(2);
    o.cmvn_window = between(1, 80);
    o.cmvn_min_window = between(0, *o.cmvn_window);
    o.cmvn_center = one_in(2);
    o.cmvn_global_frames = between(0, 40);
    o.cmvn_ddof = between(0, 1);
    o.cmvn_floor = real(1e-3, 1e-1);
    o.cmvn_epsilon = one_in(2) ? 0 : real(0, 1);
    if (one_in(2)) o.cmvn_deviation_epsilon = real(0, 1);
    if (*o.cmvn != CmvnType::global && *o.cmvn != CmvnType::online) return;
    o.cmvn_statistics.emplace();
    for (int i = 0; i < dims; ++i) {
      o.cmvn_statistics->mean.push_back(real(-20, 20));
      o.cmvn_statistics->variance.push_back(real(0.1, 100));
    }
  }

  void choose_stack(TransformOverrides& o) {
    o.stack_left = between(0, 5);
    o.stack_right = between(0, 5);
    o.stack_stride = between(1, 8);
    o.stack_edge = static_cast<StackEdge>(between(0, 2));
  }

  std::mt19937& random_;
};

/// Rows for it: those of a spectrum where it takes one.
inline std::vector<float> rows_for(std::mt19937& random, const RandomTransform& chosen,
                                   int64_t rows) {
  std::vector<float> values = random_rows(random, rows, chosen.input.dims);
  if (!chosen.input.logarithm)
    for (float& value : values) value = std::exp(value / 8);
  return values;
}

}  // namespace npumel::test
