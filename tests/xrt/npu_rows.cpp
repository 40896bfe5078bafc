// The rows that come out with backend=npu: to the bit those of the numeric model, and near the
// truth.
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

/// The rows of the model's 6 frames, computed by the plugin. Whisper's first frame is centred on
/// the first sample: 120 zeros before the clip put the model's frame 0 at the plugin's frame 2.
std::vector<float> plugin_rows(const std::string& clip, const std::string& properties,
                               size_t mels) {
  std::vector<int16_t> samples(120, 0);
  const std::vector<int16_t> model = npu_vector(clip + "-samples");
  samples.insert(samples.end(), model.begin(), model.end());
  const Result result = run_stream("backend=npu " + properties, samples);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  for (const std::string& backend : result.backends)
    fail_unless(backend == "npu", "by %s", backend.c_str());
  fail_unless(result.rows.size() >= (2 + kModelFrames) * mels);
  return {result.rows.begin() + static_cast<ptrdiff_t>(2 * mels),
          result.rows.begin() + static_cast<ptrdiff_t>((2 + kModelFrames) * mels)};
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

struct Errors {
  double max = 0;
  double rms = 0;
};

/// Against the double-precision reference, inside max(x, M - 8).
Errors errors(const Result& result, const std::vector<int16_t>& samples) {
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
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

void assert_near_truth(const std::string& package, const std::filesystem::path& clip, double max,
                       double rms) {
  const auto samples = test::read_wav(clip);
  const Result result =
      run_stream("backend=npu preset=whisper80 eos-mode=short" + kernel_path(package), samples);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  const Errors found = errors(result, samples);
  std::printf("%s %s: max %.4f rms %.5f\n", package.c_str(), clip.filename().c_str(), found.max,
              found.rms);
  fail_unless(found.max <= max, "%s: max %g", clip.c_str(), found.max);
  fail_unless(found.rms <= rms, "%s: rms %g", clip.c_str(), found.rms);
}

CHECK_TEST(rows_are_near_the_truth) {
  const std::filesystem::path audio = std::filesystem::path(GOLDEN_DIR) / "audio";
  assert_near_truth("v2-80", audio / "noise.wav", 0.04, 0.002);
  assert_near_truth("v2-80", audio / "sweep.wav", 0.10, 0.005);
  if (!Emulation::present()) return;  // a machine's own packages are ABI v2
  assert_near_truth("v1-80", audio / "noise.wav", 0.05, 0.015);
  assert_near_truth("v1-80", audio / "sweep.wav", 0.10, 0.015);
}

CHECK_TEST(speech_is_near_the_truth) {
  // Speech is not in the repository: NPUMELSPEC_GOLDEN names a folder that has it.
  const char* folder = std::getenv("NPUMELSPEC_GOLDEN");
  if (!folder) return;
  const std::filesystem::path clip = std::filesystem::path(folder) / "audio" / "jfk.wav";
  assert_near_truth("v2-80", clip, 0.04, 0.002);
  if (Emulation::present()) assert_near_truth("v1-80", clip, 0.05, 0.015);
}

}  // namespace
