// Signals that could fool a check into retiring a healthy NPU.
#include <numbers>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

const Feed kFloat = {.caps = "audio/x-raw,format=F32LE,rate=16000"};

void assert_trusted(const Result& result, guint64 batches, const char* what) {
  fail_unless(result.error.code < 0, "%s: %s", what, result.error.text.c_str());
  ASSERT_EQUAL(result.verify_failures, 0);
  ASSERT_EQUAL(result.warnings, 0);
  fail_unless(result.suspect_batches.empty(), "%s: %s", what, result.reason.c_str());
  fail_unless(result.active == "npu", "%s: ended on %s", what, result.active.c_str());
  fail_unless(result.npu_batches >= batches, "%s: only %d batches on the NPU", what,
              static_cast<int>(result.npu_batches));
}

std::vector<float> scaled(size_t count, float gain) {
  std::vector<float> samples = check::as_float(check::audio(count));
  for (float& sample : samples) sample *= gain;
  return samples;
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

CHECK_TEST(an_hour_of_digital_silence_is_trusted) {
  const std::vector<int16_t> samples(3600 * kBatchSamples, 0);
  const Result result = run_stream("backend=auto preset=whisper80" + kernel_path("v2-80"), samples);
  assert_trusted(result, 3600, "silence");
  for (const float value : result.rows)
    fail_unless(value == -10, "silence reads as %g", static_cast<double>(value));
}

}  // namespace
