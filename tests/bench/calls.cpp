// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls of few frames: nanoseconds of CPU a frame for calls of each size, every instruction set.
// usage: bench_calls [--rounds N] [--preset NAME] [--target NAME]
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cpu/mel_kernel.h"
#include "kernels/simd/aligned.h"
#include "kernels/simd/targets.h"

namespace npumel::bench {
namespace {

constexpr int kSizes[] = {1, 2, 3, 4, 5, 8, 12, 24, 100, 1000};
constexpr int kMost = 1000;

/// CPU time of this thread in ns.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Sizes take turns, so that a slow minute of the machine meets all of them.
void measure(const char* name, const MelKernel& kernel, int rounds) {
  const Recipe& recipe = kernel.recipe();
  const auto workspace = kernel.make_workspace();
  std::mt19937 random(1);
  std::vector<int16_t> samples(static_cast<size_t>(kMost - 1) *
                                   static_cast<size_t>(recipe.hop_length) +
                               static_cast<size_t>(recipe.win_length));
  for (int16_t& sample : samples) sample = static_cast<int16_t>(random() % 20000) - 10000;
  const auto rows =
      make_aligned<float>(static_cast<size_t>(kMost) * static_cast<size_t>(recipe.width()));
  const RowSink out{rows.get(), ElementType::f32, recipe.width(), 1};
  std::vector<std::vector<double>> times(std::size(kSizes));
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < std::size(kSizes); ++i) {
      const int frames = kSizes[i];
      const int calls = std::max(1, 1000 / std::max(frames, 8));
      double start = 0;
      for (int call = -2; call < calls; ++call) {
        if (call == 0) start = now();  // the caches are warm
        kernel.compute(samples.data(), SampleType::s16, frames, out, *workspace);
      }
      times[i].push_back((now() - start) / calls / frames);
    }
  std::printf("%-14s %-6s", name, MelKernel::target().c_str());
  for (auto& of_size : times) std::printf(" %7.0f", median(std::move(of_size)));
  std::printf("\n");
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  int rounds = 40;
  std::string only;
  std::string target;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::stoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--preset") == 0) only = argv[i + 1];
    if (std::strcmp(argv[i], "--target") == 0) target = argv[i + 1];
  }
  std::printf("frames a call        ");
  for (const int frames : kSizes) std::printf(" %7d", frames);
  std::printf("\n");
  for (const auto& preset : enum_names<Preset>()) {
    if (preset.value == Preset::custom || (!only.empty() && only != preset.nick)) continue;
    const int rate = published_rate(preset.value);
    const Recipe recipe = resolve(preset.value, {}, rate == 0 ? 16000 : rate);
    std::string before;
    for (int64_t targets = supported_targets() | HWY_SCALAR; targets != 0; targets &= targets - 1) {
      set_supported_targets_for_test(targets);
      if (MelKernel::target() == before) continue;
      before = MelKernel::target();
      if (target.empty() || target == before) measure(preset.nick, *MelKernel::get(recipe), rounds);
    }
    set_supported_targets_for_test(0);
  }
  return 0;
}

}  // namespace
}  // namespace npumel::bench

int main(int argc, char** argv) { return npumel::bench::run(argc, argv); }
