// SPDX-License-Identifier: LGPL-2.1-or-later
// The rows that come out with backend=npu: to the bit those of the numeric model, and near the
// truth.
#include <algorithm>
#include <array>
#include <functional>
#include <numbers>

#include "tests/unit/aie2/wav.h"
#include "tests/unit/support/npy.h"
#include "tests/unit/support/wav.h"
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr int kModelFrames = 6;

std::vector<int16_t> npu_vector(const std::string& name) {
  const test::NpyArray array = test::read_npy(std::string(GOLDEN_DIR) + "/npu/" + name + ".npy");
  std::vector<int16_t> values(array.bytes.size() / sizeof(int16_t));
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

/// 1 least significant bit is what the bfloat16 stages may differ by on silicon (host_twin.h).
int allowed_codes() { return Emulation::present() ? 0 : 1; }

/// Where the model's frame 0 is put. The first frame of Whisper and NeMo is centred on the first
/// sample: 120 zeros before the clip make it the plugin's frame 2.
struct Place {
  size_t before = 120;
  size_t first = 2;
};

/// The rows of the model's 6 frames, computed by the plugin.
std::vector<float> plugin_rows(const std::string& clip, const std::string& properties, size_t mels,
                               const Place& place = {}) {
  std::vector<int16_t> samples(place.before, 0);
  const std::vector<int16_t> model = npu_vector(clip + "-samples");
  // More of it completes a batch: the last one of NeMo's is software's.
  for (int i = 0; i < 20; ++i) samples.insert(samples.end(), model.begin(), model.end());
  const Result result = run_stream("backend=npu " + properties, samples);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  fail_unless(result.backends.at(0) == "npu", "by %s", result.backends.at(0).c_str());
  fail_unless(result.rows.size() >= (place.first + kModelFrames) * mels);
  return {result.rows.begin() + static_cast<ptrdiff_t>(place.first * mels),
          result.rows.begin() + static_cast<ptrdiff_t>((place.first + kModelFrames) * mels)};
}

void assert_v2(const char* preset, const std::string& package, size_t mels) {
  for (const std::string clip : {"loud", "quiet", "vowel"}) {
    const auto want = npu_vector(clip + "-rows" + std::to_string(mels));
    const auto got =
        plugin_rows(clip, std::string("preset=") + preset + kernel_path(package), mels);
    for (size_t i = 0; i < want.size(); ++i) {
      const double codes = static_cast<double>(got[i]) * 2048;
      fail_unless(std::abs(codes - want[i]) <= allowed_codes(),
                  "%s %s: value %zu is %g, the model says %d", package.c_str(), clip.c_str(), i,
                  codes, want[i]);
    }
  }
}

CHECK_TEST(rows_of_abi_v2_are_the_models_80) { assert_v2("whisper80", "v2-80", 80); }

CHECK_TEST(rows_of_abi_v2_are_the_models_128) { assert_v2("whisper128", "v2-128", 128); }

CHECK_TEST(rows_of_abi_v3_are_the_models) {
  if (!Emulation::present()) return;  // a machine's own packages may be ABI v2
  assert_v2("whisper80", "v3-80", 80);
  assert_v2("whisper128", "v3-128", 128);
}

CHECK_TEST(rows_of_abi_v1_are_the_models_in_steps_of_a_twentieth) {
  if (!Emulation::present()) return;  // a machine's own packages are ABI v2
  for (const std::string clip : {"loud", "quiet", "vowel"}) {
    const auto model = npu_vector(clip + "-rows80");
    const auto got = plugin_rows(clip, "preset=whisper80" + kernel_path("v1-80"), 80);
    for (size_t i = 0; i < model.size(); ++i) {
      const double exact = 20 * (model[i] / 2048.0 + 3.7);
      const double code = (static_cast<double>(got[i]) + 3.7) * 20;
      fail_unless(std::abs(code - std::rint(code)) < 1e-4, "%g is no step of 1/20",
                  static_cast<double>(got[i]));
      fail_unless(std::abs(code - std::clamp(exact, -128.0, 127.0)) <= 0.5001,
                  "%s: value %zu is %g, the model says %g", clip.c_str(), i, code, exact);
    }
  }
}

/// Natural logarithms.
void assert_natural(const char* preset, size_t mels) {
  for (const std::string clip : {"loud", "quiet", "vowel"}) {
    const auto want = npu_vector(clip + "-rows-" + preset);
    const auto got = plugin_rows(
        clip, std::string("preset=") + preset + kernel_path(std::string("v2-") + preset), mels,
        std::string(preset) == "kaldi80" ? Place{0, 0} : Place{});
    for (size_t i = 0; i < want.size(); ++i) {
      constexpr std::array<size_t, 3> kFrames = {0, 3, 5};  // those that the model has
      const size_t at = kFrames.at(i / mels) * mels + i % mels;
      const double codes = static_cast<double>(got.at(at)) / std::numbers::ln10 * 2048;
      fail_unless(std::abs(codes - want[i]) <= allowed_codes() + 0.01,
                  "%s %s: value %zu is %g, the model says %d", preset, clip.c_str(), i, codes,
                  want[i]);
    }
  }
}

CHECK_TEST(rows_of_nemo_are_the_models_80) { assert_natural("nemo80", 80); }
CHECK_TEST(rows_of_nemo_are_the_models_128) { assert_natural("nemo128", 128); }
CHECK_TEST(rows_of_kaldi_are_the_models) { assert_natural("kaldi80", 80); }

/// 16-bit and float samples are the same to the device.
CHECK_TEST(float_samples_of_nemo_give_the_same_rows) {
  const auto samples = check::audio(3 * kBatchSamples);
  const std::string properties = "backend=npu preset=nemo128" + kernel_path("v2-nemo128");
  const Result as_int = run_stream(properties, samples);
  const Result as_float = run_stream(properties, check::as_float(samples),
                                     {.caps = "audio/x-raw,format=F32LE,rate=16000"});
  fail_unless(as_float.error.code < 0, "%s", as_float.error.text.c_str());
  // The batch that reaches beyond the end is software's.
  fail_unless(as_float.npu_batches >= 2);
  for (size_t i = 0; i < size_t{200} * 128; ++i)
    fail_unless(as_float.rows.at(i) == as_int.rows.at(i), "value %zu", i);
}

struct Errors {
  double max = 0;
  double rms = 0;
};

/// Against the double-precision reference, inside max(x, M - 8).
Errors errors(const Result& result, Preset preset, const std::vector<int16_t>& samples) {
  const Recipe recipe = resolve(preset, {}, 16000);
  const std::vector<double> truth = reference_rows(recipe, check::as_double(samples));
  fail_unless(truth.size() == result.rows.size(), "%zu values, the reference has %zu",
              result.rows.size(), truth.size());
  const double floor = *std::max_element(truth.begin(), truth.end()) - 8;
  Errors found;
  double squares = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double error =
        std::max(static_cast<double>(result.rows[i]), floor) - std::max(truth[i], floor);
    found.max = std::max(found.max, std::abs(error));
    squares += error * error;
  }
  found.rms = std::sqrt(squares / static_cast<double>(truth.size()));
  return found;
}

struct Limits {
  double max, rms, max_v1, rms_v1;
};
constexpr Limits kSpeech{0.04, 0.002, 0.05, 0.015};     ///< speech and noise
constexpr Limits kSynthetic{0.10, 0.005, 0.10, 0.015};  ///< sweep, tones, square, impulses

void assert_near_truth(const std::string& name, Preset preset, const std::string& package,
                       const std::vector<int16_t>& samples, double max, double rms) {
  const Result result = run_stream(
      std::string("backend=npu eos-mode=short preset=") + nick(preset) + kernel_path(package),
      samples);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  for (const std::string& backend : result.backends)
    fail_unless(backend == "npu", "by %s", backend.c_str());
  const Errors found = errors(result, preset, samples);
  std::printf("%-6s %-22s max %.4f rms %.5f\n", package.c_str(), name.c_str(), found.max,
              found.rms);
  fail_unless(found.max <= max, "%s, %s: max %g", package.c_str(), name.c_str(), found.max);
  fail_unless(found.rms <= rms, "%s, %s: rms %g", package.c_str(), name.c_str(), found.rms);
}

void assert_near_truth(const std::string& name, const std::vector<int16_t>& samples,
                       const Limits& limits) {
  fail_unless(!samples.empty(), "%s is empty", name.c_str());
  assert_near_truth(name, Preset::whisper80, "v2-80", samples, limits.max, limits.rms);
  assert_near_truth(name, Preset::whisper128, "v2-128", samples, limits.max, limits.rms);
  if (!Emulation::present()) return;  // a machine's own packages are ABI v2
  assert_near_truth(name, Preset::whisper80, "v1-80", samples, limits.max_v1, limits.rms_v1);
}

/// 2 seconds; 1 is full scale, beyond it is clipped.
std::vector<int16_t> generate(const std::function<double(double seconds)>& wave) {
  std::vector<int16_t> samples(2 * kBatchSamples);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<int16_t>(
        std::clamp(std::rint(32767 * wave(static_cast<double>(i) / 16000)), -32768.0, 32767.0));
  return samples;
}

double sine(double hz, double t) { return std::sin(2 * std::numbers::pi * hz * t); }

std::vector<int16_t> golden_clip(const std::string& name) {
  return test::read_wav(std::filesystem::path(GOLDEN_DIR) / "audio" / (name + ".wav"));
}

CHECK_TEST(noise_is_near_the_truth) {
  assert_near_truth("noise.wav", golden_clip("noise"), kSpeech);
  std::vector<int16_t> quiet = golden_clip("noise");
  for (int16_t& sample : quiet) sample = static_cast<int16_t>(sample / 1000);
  assert_near_truth("noise.wav -60 dB", quiet, kSpeech);
}

/// Syllables of a gliding voice with breath and pauses: made up, so it can be in the repository.
CHECK_TEST(a_made_up_voice_is_near_the_truth) {
  uint32_t random = 7;
  const auto breath = [&] {
    random = random * 1664525U + 1013904223U;
    return static_cast<double>(random >> 16U) / 32768 - 1;
  };
  assert_near_truth("voice", generate([&](double t) {
                      const double syllable = std::fmod(t, 0.4);
                      const double loudness =
                          syllable < 0.3 ? std::sin(std::numbers::pi * syllable / 0.3) : 0;
                      const double pitch = 130 * t - 6 * std::cos(5 * t);
                      const double formant = 500 + 400 * std::sin(7 * t);
                      double voice = 0;
                      for (int h = 1; h <= 40; ++h) {
                        const double away = (130.0 * h - formant) / 300;
                        voice += sine(h, pitch) * (1.0 / h + 0.5 * std::exp(-away * away));
                      }
                      return 0.2 * loudness * voice + 0.003 * breath();
                    }),
                    kSpeech);
}

void assert_tone(double hz, double level, const Limits& limits) {
  char name[32];
  std::snprintf(name, sizeof name, "%g Hz x%g", hz, level);
  assert_near_truth(name, generate([=](double t) { return level * sine(hz, t); }), limits);
}

CHECK_TEST(sweep_tones_square_and_impulses_are_near_the_truth) {
  assert_near_truth("sweep.wav", golden_clip("sweep"), kSynthetic);
  for (const double level : {1e-3, 1.0})
    for (const double hz : {100.0, 440.0, 1000.0, 1003.7, 3777.0, 7000.0})
      assert_tone(hz, level, kSynthetic);
  assert_near_truth(
      "300 Hz + 3 kHz -70 dB",
      generate([](double t) { return 0.99 * sine(300, t) + 3.16e-4 * sine(3000, t); }), kSynthetic);
  assert_near_truth("square 500 Hz",
                    generate([](double t) { return sine(500, t + 1e-5) > 0 ? 2 : -2; }),
                    kSynthetic);
  assert_near_truth("impulses", generate([](double t) {
                      return std::fmod(std::rint(t * 16000), 1000) == 0 ? 1 : 0;
                    }),
                    kSynthetic);
}

CHECK_TEST(speech_of_the_systems_sound_test_is_near_the_truth) {
  // Of the package alsa-utils; run.sh shows it to the root.
  const char* path = "/usr/share/sounds/alsa/Front_Center.wav";
  if (!std::filesystem::exists(path)) return;
  assert_near_truth("Front_Center.wav", test::decimate_by_3(test::read_wav(path, 48000)), kSpeech);
}

CHECK_TEST(speech_is_near_the_truth) {
  // Not in the repository: NPUMELSPEC_GOLDEN names a folder that has it.
  const char* folder = std::getenv("NPUMELSPEC_GOLDEN");
  if (!folder) return;
  assert_near_truth("jfk.wav", test::read_wav(std::filesystem::path(folder) / "audio" / "jfk.wav"),
                    kSpeech);
}

}  // namespace
