// SPDX-License-Identifier: LGPL-2.1-or-later
// What transforms cost beside the mel kernel and a copy: interleaved rounds in one run, the least
// time of each, which is that of the quietest moment.
// usage: bench_transform [--rounds N] [--rows N]
#include "kernels/transform/transform.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/mel_kernel.h"
#include "kernels/simd/aligned.h"

namespace npumel::bench {
namespace {

double thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

/// ns of one call; the clock is read before and after a turn of 2 ms only.
double time_of(const std::function<void()>& body) {
  body();
  int repeats = 8;
  while (true) {
    const double start = thread_time();
    for (int i = 0; i < repeats; ++i) body();
    const double spent = thread_time() - start;
    if (spent >= 2e6) return spent / repeats;
    repeats *= 2;
  }
}

double least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

struct Contender {
  std::string name;
  Transformer transformer;
  bool clip = false;                       ///< each turn is a clip: push() and drain()
  std::optional<Transformer> second = {};  ///< takes what the first gives
  std::vector<double> times = {};
  std::vector<double> copies = {};  ///< one copy of what it writes
};

const TransformOutput& written_by(const Contender& it) {
  return it.second ? it.second->output() : it.transformer.output();
}

TransformOverrides with_deltas(CmvnType type, bool variance) {
  TransformOverrides overrides;
  overrides.deltas = 2;
  overrides.cmvn = type;
  overrides.cmvn_variance = variance;
  if (type == CmvnType::global || type == CmvnType::online)
    overrides.cmvn_statistics = CmvnStatistics{
        CmvnStatistics::Form::kaldi, std::vector<double>(39, 3), std::vector<double>(39, 7)};
  return overrides;
}

std::vector<Contender> contenders() {
  using P = TransformPreset;
  std::vector<Contender> all;
  const auto add = [&](const char* name, P preset, const TransformOverrides& overrides) {
    const TransformRecipe recipe = resolve_transform(preset, overrides);
    all.push_back({name, Transformer(recipe, {}), recipe.needs_clip()});
  };
  TransformOverrides deltas;
  deltas.deltas = 2;
  add("mfcc13", P::mfcc13_kaldi, {});
  add("mfcc40", P::mfcc40_hires, {});
  add("mfcc13+deltas", P::mfcc13_kaldi, deltas);
  add("mfcc13+deltas+cmvn global", P::mfcc13_kaldi, with_deltas(CmvnType::global, true));
  add("mfcc13+deltas+cmvn clip", P::mfcc13_kaldi, with_deltas(CmvnType::clip, true));
  add("mfcc13+deltas+cmvn sliding", P::mfcc13_kaldi, with_deltas(CmvnType::sliding, false));
  add("mfcc13+deltas+cmvn sliding var", P::mfcc13_kaldi, with_deltas(CmvnType::sliding, true));
  add("mfcc13+deltas+cmvn online", P::mfcc13_kaldi, with_deltas(CmvnType::online, false));
  // Kaldi's order: the 13 are normalised, and the derivatives are those of what comes out.
  TransformOverrides sliding;
  sliding.cmvn = CmvnType::sliding;
  add("mfcc13+cmvn sliding, then deltas", P::mfcc13_kaldi, sliding);
  TransformInput cepstra;
  cepstra.dims = 13;
  all.back().second.emplace(resolve_transform(P::none, deltas), cepstra);
  add("lfr", P::lfr_funasr, {});
  return all;
}

void measure(int rounds, int frames) {
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  const auto kernel = MelKernel::get(recipe);
  const auto workspace = kernel->make_workspace();
  std::mt19937 random(1);
  std::vector<int16_t> samples(static_cast<size_t>((frames - 1) * recipe.hop_length) +
                               static_cast<size_t>(recipe.win_length));
  for (int16_t& sample : samples) sample = static_cast<int16_t>(random() % 20000) - 10000;
  const auto rows = make_aligned<float>(static_cast<size_t>(frames * recipe.mels));
  const RowSink sink{rows.get(), ElementType::f32, recipe.mels, 1};
  const std::span<const float> given(rows.get(), static_cast<size_t>(frames * recipe.mels));
  const auto out = make_aligned<float>(static_cast<size_t>(frames + 1000) * 640);
  const std::span<float> room(out.get(), static_cast<size_t>(frames + 1000) * 640);

  std::vector<float> between(static_cast<size_t>(frames + 1000) * 13);

  std::vector<Contender> all = contenders();
  const auto turn = [&](Contender& it) {
    if (!it.second) {
      it.transformer.push(given, room);
    } else {
      const auto made = static_cast<size_t>(it.transformer.push(given, between));
      it.second->push(std::span(between).first(made * 13), room);
    }
    if (it.clip) it.transformer.drain(room);
  };
  // Windows that fill at the start are full.
  for (Contender& it : all)
    for (int done = 0; done < 1200 && !it.clip; done += frames) turn(it);
  std::vector<double> kernel_times;
  for (int round = 0; round < rounds; ++round) {
    const double mel = time_of(
        [&] { kernel->compute(samples.data(), SampleType::s16, frames, sink, *workspace); });
    kernel_times.push_back(mel);
    for (Contender& it : all) {
      const double own = time_of([&] { turn(it); });
      const int64_t rows_out = it.clip ? frames : it.transformer.rows_after(frames);
      const size_t bytes =
          static_cast<size_t>(rows_out) * static_cast<size_t>(written_by(it).dims) * sizeof(float);
      // The same bytes as one copy, from memory of that size.
      const double copy =
          time_of([&] { std::memcpy(out.get(), out.get() + bytes / sizeof(float), bytes); });
      it.times.push_back(own);
      it.copies.push_back(copy);
    }
  }
  const double mel = least(kernel_times);
  std::printf("%d rows of whisper80 (%s): %.1f ns a row\n", frames, MelKernel::target().c_str(),
              mel / frames);
  for (const Contender& it : all)
    std::printf("  %-33s %7.1f ns a row  %5.3f of the kernel  %6.2f copies of its output\n",
                it.name.c_str(), least(it.times) / frames, least(it.times) / mel,
                least(it.times) / least(it.copies));
}

int run(int argc, char** argv) {
  int rounds = 20;
  int frames = 100;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::stoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--rows") == 0) frames = std::stoi(argv[i + 1]);
  }
  measure(rounds, frames);
  return 0;
}

}  // namespace
}  // namespace npumel::bench

int main(int argc, char** argv) { return npumel::bench::run(argc, argv); }
