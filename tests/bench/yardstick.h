// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel is measured against: the obvious fast program. One frame at a time, FFTW r2c
// planned with FFTW_MEASURE, sparse filters, compiled with -O3 -march=native and without fast-math
// (but for the logarithm of LogWith::vectors).
#pragma once

#include <fftw3.h>

#include <memory>
#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel::bench {

/// libm: std::log and std::log10, one value at a time. vectors: what a compiler makes of a loop
/// over std::log with -ffast-math (with g++ and glibc: calls of libmvec, a vector at a time).
enum class LogWith { libm, vectors };

/// row[i] = units * ln(max(row[i], floor)), or of the sum. In a file of its own, with -ffast-math.
void vector_logarithms(float* row, int count, float floor, bool add_floor, float units);

/// FFTW of one precision.
template <typename T>
struct Fftw;

template <>
struct Fftw<float> {
  using Complex = fftwf_complex;
  using Plan = fftwf_plan;
  static void free(void* memory) { fftwf_free(memory); }
  static void free_plan(Plan plan) { fftwf_destroy_plan(plan); }
  static float* reals(size_t count) { return fftwf_alloc_real(count); }
  static Complex* complexes(size_t count) { return fftwf_alloc_complex(count); }
  static Plan plan(int n, float* in, Complex* out) {
    return fftwf_plan_dft_r2c_1d(n, in, out, FFTW_MEASURE);
  }
  static void run(Plan plan) { fftwf_execute(plan); }
};

template <>
struct Fftw<double> {
  using Complex = fftw_complex;
  using Plan = fftw_plan;
  static void free(void* memory) { fftw_free(memory); }
  static void free_plan(Plan plan) { fftw_destroy_plan(plan); }
  static double* reals(size_t count) { return fftw_alloc_real(count); }
  static Complex* complexes(size_t count) { return fftw_alloc_complex(count); }
  static Plan plan(int n, double* in, Complex* out) {
    return fftw_plan_dft_r2c_1d(n, in, out, FFTW_MEASURE);
  }
  static void run(Plan plan) { fftw_execute(plan); }
};

/// T: float or double, of everything up to the filters' outputs. Rows are float.
template <typename T>
class BasicYardstick {
 public:
  explicit BasicYardstick(const Recipe& recipe, LogWith log = LogWith::libm);

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
    std::vector<T> weights;
  };
  struct FftwFree {
    void operator()(void* memory) const { Fftw<T>::free(memory); }
  };
  struct PlanFree {
    using pointer = typename Fftw<T>::Plan;
    void operator()(pointer plan) const { Fftw<T>::free_plan(plan); }
  };

  void load(const float* samples);
  void power();
  void apply_filters(float* row);
  void logarithms(float* row) const;

  Recipe recipe_;
  LogWith log_;
  T scale_;
  std::vector<T> window_;
  std::vector<Filter> filters_;
  std::vector<T> strength_;
  std::unique_ptr<T, FftwFree> frame_;
  std::unique_ptr<typename Fftw<T>::Complex, FftwFree> spectrum_;
  std::unique_ptr<typename Fftw<T>::Plan, PlanFree> plan_;
};

using Yardstick = BasicYardstick<float>;
using WideYardstick = BasicYardstick<double>;

}  // namespace npumel::bench
