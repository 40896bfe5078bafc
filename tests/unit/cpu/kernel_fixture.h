// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel's tests share: signals, recipes, one call from samples to rows, the error law.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/mel_kernel.h"

namespace npumel::test {

using Random = std::mt19937;

/// As MelKernel reads it: no padding, pre-emphasis of mode waveform left to the caller.
Recipe kernel_recipe(Recipe recipe);
Recipe kernel_recipe(Preset preset);

/// Any valid recipe: prime and smooth n_fft from 16 to 2100, hops from 1 to beyond the window.
Recipe random_recipe(Random& random);
std::string describe(const Recipe& recipe);

/// Samples that `frames` frames read.
size_t samples_for(const Recipe& recipe, int frames);

/// Noise of uneven loudness with tones in it, peak below 1. Values are multiples of 1/32768.
std::vector<float> test_signal(Random& random, size_t samples);
std::vector<int16_t> to_s16(const std::vector<float>& signal);

/// Frame-major rows of one call on a fresh workspace.
std::vector<float> compute_rows(const Recipe& recipe, const std::vector<float>& signal, int frames);
std::vector<float> compute_rows(const Recipe& recipe, const std::vector<int16_t>& signal,
                                int frames);

/// The double reference's rows of the same samples.
std::vector<double> expected_rows(const Recipe& recipe, const std::vector<float>& signal,
                                  int frames);

/// Largest |d ln E| in units of what the law allows, 1e-4 + 2e-5 * 10^(D/20), D = dB below the
/// frame's largest mel: 1 and more is a failure.
double worst_by_law(const Recipe& recipe, const std::vector<double>& expected,
                    const std::vector<float>& rows);

/// Runs a test body once for each instruction set this machine and this build have.
template <typename Body>
void for_each_target(Body body);

}  // namespace npumel::test

#include "tests/unit/cpu/targets.h"
