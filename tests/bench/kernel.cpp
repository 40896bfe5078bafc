// SPDX-License-Identifier: LGPL-2.1-or-later
// Google Benchmark over presets and instruction sets: one batch of 100 frames, int16 in, float out.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/mel_kernel.h"
#include "kernels/simd/aligned.h"
#include "kernels/simd/targets.h"

namespace npumel::bench {
namespace {

constexpr int kFrames = 100;

void compute_batch(benchmark::State& state, const std::shared_ptr<const MelKernel>& kernel) {
  const Recipe& recipe = kernel->recipe();
  std::mt19937 random(1);
  std::vector<int16_t> samples(static_cast<size_t>((kFrames - 1) * recipe.hop_length) +
                               static_cast<size_t>(recipe.win_length));
  for (int16_t& sample : samples) sample = static_cast<int16_t>(random() % 20000) - 10000;
  // On a cache line, as the element's buffers are.
  const auto rows = make_aligned<float>(static_cast<size_t>(kFrames * recipe.mels));
  const RowSink out{rows.get(), ElementType::f32, recipe.mels, 1};
  const auto workspace = kernel->make_workspace();
  for (auto _ : state)
    benchmark::DoNotOptimize(
        kernel->compute(samples.data(), SampleType::s16, kFrames, out, *workspace));
  state.counters["frames"] =
      benchmark::Counter(kFrames, benchmark::Counter::kIsIterationInvariantRate);
}

void register_all() {
  int64_t targets = supported_targets() | HWY_SCALAR;
  for (std::string before; targets != 0; targets &= targets - 1) {
    set_supported_targets_for_test(targets);
    const std::string target = MelKernel::target();
    if (target == before) continue;
    before = target;
    for (const auto& preset : enum_names<Preset>()) {
      if (preset.value == Preset::custom) continue;
      const int rate = published_rate(preset.value);
      const auto kernel = MelKernel::get(resolve(preset.value, {}, rate == 0 ? 16000 : rate));
      benchmark::RegisterBenchmark(
          (std::string(preset.nick) + "/" + target).c_str(),
          [kernel](benchmark::State& state) { compute_batch(state, kernel); });
    }
  }
  set_supported_targets_for_test(0);
}

}  // namespace
}  // namespace npumel::bench

int main(int argc, char** argv) {
  npumel::bench::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
