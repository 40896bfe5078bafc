// SPDX-License-Identifier: LGPL-2.1-or-later
// Every kernel of kernels/aie2 as a package on the emulated device, through the real XRT: the rows
// are the host twin's. What the plugin serves is npu_rows.cpp's and npu_generations.cpp's matter.
#include <gtest/gtest.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_hw_context.h>
#include <xrt/xrt_kernel.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "kernels/aie2/host_twin.h"
#include "kernels/aie2/shape.h"

namespace npumel {
namespace {

struct Kernel {
  const char* package;
  const char* recipe;
  int mels;
  bool floats = false;  ///< ABI v3
};

class Kernels : public testing::TestWithParam<Kernel> {};

std::vector<char> file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool twin(const int16_t* samples, const char* recipe, int16_t* rows) {
  return aie2::twin_v2(samples, recipe, rows);
}
bool twin(const int16_t* samples, const char* recipe, float* rows) {
  return aie2::twin_rows_v3(samples, 0, aie2::kFrames, recipe, rows);
}

template <typename Row>
void compare_with_the_twin(const char* package, const char* recipe, int mels) {
  xrt::device device(0);
  EXPECT_EQ(device.get_info<xrt::info::device::name>(),
            std::string("RyzenAI-") + std::getenv("NPU_GENERATION"));
  const std::string name = std::string(TEST_PACKAGES) + "/" + package + "/" + package;
  const xrt::xclbin xclbin(name + ".xclbin");
  const std::vector<char> program = file(name + ".insts.bin");
  ASSERT_FALSE(program.empty());
  const xrt::hw_context context(device, device.register_xclbin(xclbin));
  const xrt::kernel kernel(context, "MLIR_AIE");
  xrt::bo instructions(device, program.size(), XCL_BO_FLAGS_CACHEABLE, kernel.group_id(1));
  xrt::bo input(device, aie2::kSamplesV2 * sizeof(int16_t), XRT_BO_FLAGS_HOST_ONLY,
                kernel.group_id(3));
  const auto values = static_cast<size_t>(aie2::kFrames) * static_cast<size_t>(mels);
  xrt::bo output(device, values * sizeof(Row), XRT_BO_FLAGS_HOST_ONLY, kernel.group_id(4));
  instructions.write(program.data());
  instructions.sync(XCL_BO_SYNC_BO_TO_DEVICE);

  std::mt19937 random(3);
  auto* samples = input.map<int16_t*>();
  for (int i = 0; i < aie2::kSamplesV2; ++i) {
    const int level = 1 << (i / aie2::kHop * 7 % 15);  // every frame has rows of its own
    samples[i] = static_cast<int16_t>(static_cast<int>(random() % (2U * level)) - level);
  }
  std::vector<Row> expected(values);
  ASSERT_TRUE(twin(samples, recipe, expected.data()));
  auto* rows = output.map<Row*>();
  std::fill_n(rows, values, Row{0x5a5a});
  input.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  output.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  xrt::run run(kernel);
  run.set_arg(0, uint64_t{3});
  run.set_arg(1, instructions);
  run.set_arg(2, static_cast<uint32_t>(program.size() / 4));
  run.set_arg(3, input);
  run.set_arg(4, output);
  run.start();
  ASSERT_EQ(run.wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
  output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  for (size_t i = 0; i < values; ++i)
    ASSERT_EQ(rows[i], expected[i]) << "frame " << i / static_cast<size_t>(mels);
}

TEST_P(Kernels, TheDeviceGivesTheTwinsRows) {
  const auto& [package, recipe, mels, floats] = GetParam();
  if (floats)
    compare_with_the_twin<float>(package, recipe, mels);
  else
    compare_with_the_twin<int16_t>(package, recipe, mels);
}

INSTANTIATE_TEST_SUITE_P(
    All, Kernels,
    testing::Values(Kernel{"v2-80", "whisper80", 80}, Kernel{"v2-128", "whisper128", 128},
                    Kernel{"v2-nemo80", "nemo80", 80}, Kernel{"v2-nemo128", "nemo128", 128},
                    Kernel{"v2-kaldi80", "kaldi80", 80}, Kernel{"v3-80", "whisper80", 80, true},
                    Kernel{"v3-128", "whisper128", 128, true},
                    Kernel{"v3-nemo80", "nemo80", 80, true}),
    [](const auto& kernel) {
      return std::string(kernel.param.recipe) + (kernel.param.floats ? "Floats" : "");
    });

}  // namespace
}  // namespace npumel
