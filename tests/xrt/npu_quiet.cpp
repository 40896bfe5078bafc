// SPDX-License-Identifier: LGPL-2.1-or-later
// Signals that could fool a check into retiring a healthy NPU.
#include <numbers>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

const Feed kFloat = {.caps = "audio/x-raw,format=F32LE,rate=16000"};

void assert_trusted(const Result& result, guint64 batches, const char* what) {
  fail_unless(result.error.code < 0, "%s: %s", what, result.error.text.c_str());
  fail_unless(result.suspect_batches.empty(), "%s: %s", what, result.reason.c_str());
  ASSERT_EQUAL(result.verify_failures, 0);
  ASSERT_EQUAL(result.warnings, 0);
  fail_unless(result.active == "npu", "%s: ended on %s", what, result.active.c_str());
  fail_unless(result.npu_batches >= batches, "%s: only %d batches on the NPU", what,
              static_cast<int>(result.npu_batches));
}

std::vector<float> scaled(size_t count, float gain) {
  std::vector<float> samples = check::as_float(check::audio(count));
  for (float& sample : samples) sample *= gain;
  return samples;
}

/// An hour made a second at a time, `second(number)`; rows are checked by the element only.
template <typename Second>
Result run_hour(const char* caps, const Second& second) {
  MelStream stream(
      "backend=auto preset=whisper80 processing-latency=20000000000" + kernel_path("v2-80"), caps);
  for (size_t i = 0; i < 3600; ++i) {
    ASSERT_EQUAL(stream.push(second(i), check::time_of(i * kBatchSamples)), GST_FLOW_OK);
    stream.forget();
  }
  fail_unless(stream.eos());
  return summary(stream);
}

// verify-interval=1: every frame of every batch is compared, so one false alarm in any shows.
const std::string kStrict =
    "backend=auto preset=whisper80 verify-interval=1" + kernel_path("v2-80");

CHECK_TEST(quiet_float_audio_is_trusted) {
  for (const float gain : {1e-2F, 1e-3F, 3e-5F, 1e-7F})
    assert_trusted(run_stream(kStrict, scaled(20 * kBatchSamples, gain), kFloat), 20, "quiet");
}

CHECK_TEST(float_audio_beyond_full_scale_goes_to_software_without_alarm) {
  std::vector<float> samples = scaled(20 * kBatchSamples, 1);
  for (size_t i = 5 * kBatchSamples + 800; i < 6 * kBatchSamples; ++i) samples[i] *= 100;
  const Result result = run_stream(kStrict, samples, kFloat);
  assert_trusted(result, 15, "beyond full scale");
  fail_unless(result.npu_batches < 20, "a batch beyond full scale ran on the NPU");
}

CHECK_TEST(pure_tones_are_trusted) {
  for (const double hz : {50.0, 440.0, 1000.0, 3999.0, 7900.0})
    for (const double level : {32767.0, 300.0, 2.0}) {
      std::vector<int16_t> samples(10 * kBatchSamples);
      for (size_t i = 0; i < samples.size(); ++i)
        samples[i] = static_cast<int16_t>(std::lround(
            level * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000)));
      assert_trusted(run_stream(kStrict, samples), 10, "tone");
    }
}

CHECK_TEST(square_waves_and_clipping_are_trusted) {
  std::vector<int16_t> samples(10 * kBatchSamples);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = i / 40 % 2 ? 32767 : -32768;
  assert_trusted(run_stream(kStrict, samples), 10, "square");
}

/// Of the other kernels: what the float kernel compares in spot checks, 14 batches of which are all
/// rows, and what the twin compares in full ones.
void assert_trusted_by_both_checks(const std::string& preset, const std::vector<int16_t>& samples,
                                   const char* what) {
  for (const char* interval : {"0", "1"}) {
    const Result result =
        run_stream("backend=auto preset=" + preset + " verify-interval=" + interval +
                       kernel_path("v2-" + preset),
                   samples);
    assert_trusted(result, 14, (preset + ", " + what).c_str());
  }
}

CHECK_TEST(signals_of_all_kinds_are_trusted_with_every_kernel) {
  if (!Emulation::present()) return;  // a machine may have some packages only
  constexpr size_t kCount = 14 * kBatchSamples + 400;
  for (const std::string preset : {"nemo80", "nemo128", "kaldi80"}) {
    const std::vector<int16_t> audio = check::audio(kCount);
    assert_trusted_by_both_checks(preset, audio, "audio");
    std::vector<int16_t> samples(kCount);
    assert_trusted_by_both_checks(preset, samples, "silence");
    for (size_t i = 0; i < kCount; ++i) samples[i] = static_cast<int16_t>(audio[i] / 1000);
    assert_trusted_by_both_checks(preset, samples, "quiet audio");
    for (size_t i = 0; i < kCount; ++i) samples[i] = i / 40 % 2 ? 32767 : -32768;
    assert_trusted_by_both_checks(preset, samples, "square");
    for (size_t i = 0; i < kCount; ++i) samples[i] = i % 2 ? 32767 : -32768;
    assert_trusted_by_both_checks(preset, samples, "Nyquist");
    for (size_t i = 0; i < kCount; ++i) samples[i] = i % 1000 ? 0 : 32767;
    assert_trusted_by_both_checks(preset, samples, "impulses");
    for (const double hz : {50.0, 1000.0, 7800.0})
      for (const double level : {32767.0, 2.0}) {
        for (size_t i = 0; i < kCount; ++i)
          samples[i] = static_cast<int16_t>(std::lround(
              level * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000)));
        assert_trusted_by_both_checks(preset, samples, "tone");
      }
  }
}

// The spot checks of every batch and the default full check of every 64th, for an hour each.

CHECK_TEST(an_hour_of_quiet_float_audio_is_trusted) {
  const std::vector<float> loud = scaled(60 * kBatchSamples, 1);
  const auto second = [&](size_t i) {
    // From -40 dB to far below the step of 16 bits, another level each minute.
    const float gain = std::pow(10.0F, -2 - static_cast<float>(i / 60 % 6));
    const std::span part = std::span(loud).subspan(i % 60 * kBatchSamples, kBatchSamples);
    std::vector<float> samples(part.begin(), part.end());
    for (float& sample : samples) sample *= gain;
    return samples;
  };
  const Result result = run_hour(kFloat.caps, second);
  assert_trusted(result, 3600, "quiet");
}

CHECK_TEST(an_hour_of_float_audio_beyond_full_scale_is_no_alarm) {
  const std::vector<float> once = scaled(60 * kBatchSamples, 1);
  const auto second = [&](size_t i) {
    const std::span part = std::span(once).subspan(i % 60 * kBatchSamples, kBatchSamples);
    std::vector<float> samples(part.begin(), part.end());
    // Every fourth second is 40 dB louder; the batches before and after it see some of it, too.
    if (i % 4 == 1)
      for (float& sample : samples) sample *= 100;
    return samples;
  };
  const Result result = run_hour(kFloat.caps, second);
  assert_trusted(result, 900, "beyond full scale");
  ASSERT_EQUAL(result.npu_batches, 900);
}

CHECK_TEST(an_hour_of_pure_tones_is_trusted) {
  double phase = 0;
  const auto second = [&](size_t i) {
    // Semitones from 27.5 Hz to 7.5 kHz, at full scale, -40 dB and 2 steps of 16 bits.
    const double hz = 27.5 * std::exp2(static_cast<double>(i / 3 % 98) / 12);
    const double level = i % 3 == 0 ? 32767 : i % 3 == 1 ? 300 : 2;
    std::vector<int16_t> samples(kBatchSamples);
    for (int16_t& sample : samples) {
      sample = static_cast<int16_t>(std::lround(level * std::sin(phase)));
      phase = std::fmod(phase + 2 * std::numbers::pi * hz / 16000, 2 * std::numbers::pi);
    }
    return samples;
  };
  const Result result = run_hour("audio/x-raw,format=S16LE,rate=16000", second);
  assert_trusted(result, 3600, "tones");
}

CHECK_TEST(an_hour_of_digital_silence_is_trusted) {
  const std::vector<int16_t> samples(3600 * kBatchSamples, 0);
  const Result result = run_stream("backend=auto preset=whisper80" + kernel_path("v2-80"), samples);
  assert_trusted(result, 3600, "silence");
  for (const float value : result.rows)
    fail_unless(value == -10, "silence reads as %g", static_cast<double>(value));
}

}  // namespace
