// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel is measured against: the obvious fast program. One frame at a time, float, FFTW
// r2c planned with FFTW_MEASURE, sparse filters, libm logarithms, compiled with -O3 -march=native
// and without fast-math.
#pragma once

#include <fftw3.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel::bench {

class Yardstick {
 public:
  explicit Yardstick(const Recipe& recipe);

  /// Frame-major rows; frame f reads samples[f * hop .. f * hop + win_length).
  void compute(const float* samples, int frames, float* rows);

  /// Nanoseconds a frame of each part, each looped alone.
  struct Parts {
    double window = 0, fft = 0, power = 0, mel = 0, log = 0;
  };
  Parts time_parts(const float* samples, int frames, float* rows);

 private:
  struct Filter {
    int first_bin = 0;
    std::vector<float> weights;
  };
  struct FftwFree {
    void operator()(void* memory) const { fftwf_free(memory); }
  };
  struct PlanFree {
    void operator()(fftwf_plan plan) const { fftwf_destroy_plan(plan); }
  };

  void load(const float* samples);
  void power();
  void apply_filters(float* row);
  void logarithms(float* row) const;

  Recipe recipe_;
  float scale_;
  std::vector<float> window_;
  std::vector<Filter> filters_;
  std::vector<float> strength_;
  std::unique_ptr<float, FftwFree> frame_;
  std::unique_ptr<fftwf_complex, FftwFree> spectrum_;
  std::unique_ptr<fftwf_plan_s, PlanFree> plan_;
};

}  // namespace npumel::bench
