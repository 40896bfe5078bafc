// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel against the yardsticks in one run: interleaved rounds, median of the rounds' ratios.
// usage: bench_ratio [--rounds N] [--preset NAME] [--json FILE]
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/mel_kernel.h"
#include "kernels/simd/aligned.h"
#include "kernels/simd/targets.h"
#include "tests/bench/yardstick.h"

namespace npumel::bench {
namespace {

constexpr int kFrames = 100;  // a batch
using Json = nlohmann::ordered_json;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One way to compute the batch, and the times it took (ns a frame), round by round.
struct Contender {
  std::string name;
  SampleType type = SampleType::s16;
  std::shared_ptr<const MelKernel> kernel;
  MelWorkspacePtr workspace;
  std::vector<double> times;
};

struct Case {
  std::string name;
  Recipe recipe;
};

std::vector<Case> cases(const std::string& only) {
  std::vector<Case> all;
  for (const auto& preset : enum_names<Preset>()) {
    if (preset.value == Preset::custom) continue;
    const int rate = published_rate(preset.value);
    all.push_back({preset.nick, resolve(preset.value, {}, rate == 0 ? 16000 : rate)});
  }
  if (!only.empty()) std::erase_if(all, [&](const Case& item) { return item.name != only; });
  return all;
}

std::vector<Contender> contenders(const Recipe& recipe) {
  std::vector<Contender> all;
  int64_t targets = supported_targets() | HWY_SCALAR;
  for (std::string before; targets != 0; targets &= targets - 1) {
    set_supported_targets_for_test(targets);
    const std::string name = MelKernel::target();
    if (name == before) continue;
    before = name;
    for (const SampleType type : {SampleType::s16, SampleType::f32}) {
      Contender contender{name + (type == SampleType::s16 ? "/s16" : "/f32"),
                          type,
                          MelKernel::get(recipe),
                          nullptr,
                          {}};
      contender.workspace = contender.kernel->make_workspace();
      all.push_back(std::move(contender));
    }
  }
  set_supported_targets_for_test(0);
  return all;
}

/// CPU time of this thread in ns: on a busy machine the time of others is not ours.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

/// Reading the clock may cost as much as half a batch, so it is read before and after a turn only.
/// The first batch finds the caches full of another contender's data and is not timed.
template <typename Body>
double time_per_frame(Body body) {
  constexpr double kTurn = 2e6;  // an interrupt spoils a turn and not a run
  body();
  int repeats = 8;
  while (true) {
    const double start = now();
    for (int i = 0; i < repeats; ++i) body();
    const double spent = now() - start;
    if (spent >= kTurn) return spent / repeats / kFrames;
    repeats = std::max(2 * repeats, static_cast<int>(1.2 * kTurn / (spent + 1) * repeats));
  }
}

Json measure(const Case& item, int rounds) {
  const Recipe& recipe = item.recipe;
  const size_t samples = static_cast<size_t>(kFrames - 1) * static_cast<size_t>(recipe.hop_length) +
                         static_cast<size_t>(recipe.win_length);
  std::mt19937 random(1);
  std::vector<int16_t> s16(samples);
  std::vector<float> f32(samples);
  for (size_t i = 0; i < samples; ++i) {
    s16[i] = static_cast<int16_t>(random() % 20000) - 10000;
    f32[i] = static_cast<float>(s16[i]) / 32768;
  }
  // On a cache line, as the element's buffers are.
  const auto rows = make_aligned<float>(static_cast<size_t>(kFrames * recipe.mels));
  RowSink out;
  out.data = rows.get();
  out.frame_stride = recipe.mels;

  Yardstick yardstick(recipe);
  Yardstick vector_log(recipe, LogWith::vectors);
  WideYardstick wide(recipe, LogWith::vectors);
  std::vector<Contender> all = contenders(recipe);
  std::vector<double> yard;
  std::vector<double> vector_log_yard;
  std::vector<double> wide_yard;
  for (int round = 0; round < rounds; ++round) {
    yard.push_back(time_per_frame([&] { yardstick.compute(f32.data(), kFrames, rows.get()); }));
    vector_log_yard.push_back(
        time_per_frame([&] { vector_log.compute(f32.data(), kFrames, rows.get()); }));
    wide_yard.push_back(time_per_frame([&] { wide.compute(f32.data(), kFrames, rows.get()); }));
    for (Contender& it : all) {
      const void* data = it.type == SampleType::s16 ? static_cast<const void*>(s16.data())
                                                    : static_cast<const void*>(f32.data());
      it.times.push_back(
          time_per_frame([&] { it.kernel->compute(data, it.type, kFrames, out, *it.workspace); }));
    }
  }

  const auto parts = yardstick.time_parts(f32.data(), kFrames, rows.get());
  Json result;
  result["preset"] = item.name;
  result["n_fft"] = recipe.n_fft;
  result["mels"] = recipe.mels;
  result["yardstick_ns"] = median(yard);
  result["vector_log_yardstick_ns"] = median(vector_log_yard);
  result["double_yardstick_ns"] = median(wide_yard);
  result["yardstick_parts_ns"] = {{"window", parts.window},
                                  {"fft", parts.fft},
                                  {"power", parts.power},
                                  {"mel", parts.mel},
                                  {"log", parts.log}};
  std::printf(
      "%-14s N=%-5d yardstick %7.1f ns (window %.0f fft %.0f power %.0f mel %.0f log %.0f)\n",
      item.name.c_str(), recipe.n_fft, median(yard), parts.window, parts.fft, parts.power,
      parts.mel, parts.log);
  std::printf("    with a vectorised logarithm %7.1f ns, the same in double %7.1f ns\n",
              median(vector_log_yard), median(wide_yard));
  for (const Contender& it : all) {
    const auto ratio_to = [&](const std::vector<double>& loop) {
      std::vector<double> ratios;
      for (size_t i = 0; i < loop.size(); ++i) ratios.push_back(loop[i] / it.times[i]);
      return median(std::move(ratios));
    };
    result["kernel"][it.name] = {{"ns", median(it.times)},
                                 {"ratio", ratio_to(yard)},
                                 {"ratio_vector_log", ratio_to(vector_log_yard)},
                                 {"ratio_double", ratio_to(wide_yard)}};
    std::printf("    %-12s %7.1f ns  %5.2fx  vectorised log %5.2fx  double %5.2fx\n",
                it.name.c_str(), median(it.times), ratio_to(yard), ratio_to(vector_log_yard),
                ratio_to(wide_yard));
  }
  std::fflush(stdout);
  return result;
}

int run(int argc, char** argv) {
  int rounds = 30;
  std::string only;
  std::string file;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::stoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--preset") == 0) only = argv[i + 1];
    if (std::strcmp(argv[i], "--json") == 0) file = argv[i + 1];
  }
  Json results = Json::array();
  for (const Case& item : cases(only)) results.push_back(measure(item, rounds));
  if (!file.empty()) std::ofstream(file) << results.dump(1) << "\n";
  return results.empty() ? 1 : 0;
}

}  // namespace
}  // namespace npumel::bench

int main(int argc, char** argv) { return npumel::bench::run(argc, argv); }
