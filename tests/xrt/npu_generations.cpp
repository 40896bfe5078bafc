// SPDX-License-Identifier: LGPL-2.1-or-later
// An NPU of either generation: the element takes the package made for it, its rows are the host
// twin's, and a package for the other one is refused by name. NPU_GENERATION says what is there.
#include "kernels/aie2/host_twin.h"
#include "kernels/aie2/shape.h"
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

bool first_generation() { return std::string(std::getenv("NPU_GENERATION")) == "npu1"; }
std::string own_package() { return first_generation() ? "v2-80" : "npu4-v2-80"; }
std::string other_package() { return first_generation() ? "npu4-v2-80" : "v2-80"; }

CHECK_TEST(rows_are_the_twins) {
  // Whisper's first frame is centred on the first sample: frame 2 begins 120 samples in.
  constexpr size_t kFirst = 2;
  constexpr size_t kBefore = 120;
  const std::vector<int16_t> samples = check::audio(kBefore + aie2::kSamplesV2);
  const Result result =
      run_stream("backend=npu preset=whisper80" + kernel_path(own_package()), samples);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  for (const std::string& backend : result.backends)
    fail_unless(backend == "npu", "by %s", backend.c_str());
  std::vector<int16_t> expected(size_t{aie2::kFrames} * 80);
  fail_unless(aie2::twin_v2(samples.data() + kBefore, "whisper80", expected.data()));
  fail_unless(result.rows.size() >= (kFirst + aie2::kFrames) * 80);
  for (size_t i = 0; i < expected.size(); ++i) {
    const double code = static_cast<double>(result.rows[kFirst * 80 + i]) * 2048;
    fail_unless(code == expected[i], "value %zu is %g, the twin says %d", i, code, expected[i]);
  }
}

CHECK_TEST(a_package_for_the_other_generation_is_refused_by_name) {
  const Result result = run_stream("backend=npu preset=whisper80" + kernel_path(other_package()),
                                   std::vector<int16_t>(kBatchSamples));
  fail_unless(result.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND), "%s",
              result.error.text.c_str());
  const std::string generation = std::getenv("NPU_GENERATION");
  for (const std::string& part :
       {"no kernel package for whisper80 on " + generation, "; found: " + other_package()})
    fail_unless(result.error.text.find(part) != std::string::npos, "%s is not in: %s", part.c_str(),
                result.error.text.c_str());
}

}  // namespace
