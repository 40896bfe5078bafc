// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulated driver's own tests: one context with one kernel, as the plugin's module makes it,
// and the driver's controls.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_hw_context.h>
#include <xrt/xrt_kernel.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/xrt/emulator/control.h"

namespace npumel::emulator_test {

using emu::Counters;

inline constexpr size_t kBytes = 4096;

// The control functions live in the preloaded library.
inline auto* const kSetFaults = reinterpret_cast<decltype(&npumel_emu_set_faults)>(
    dlsym(RTLD_DEFAULT, "npumel_emu_set_faults"));
inline auto* const kCounters =
    reinterpret_cast<decltype(&npumel_emu_counters)>(dlsym(RTLD_DEFAULT, "npumel_emu_counters"));

inline auto* const kSet =
    reinterpret_cast<decltype(&npumel_emu_set)>(dlsym(RTLD_DEFAULT, "npumel_emu_set"));

inline Counters counters() {
  Counters now{};
  kCounters(&now);
  return now;
}

inline std::vector<char> instructions() {
  std::ifstream file(std::string(TEST_PACKAGES) + "/increment/increment.insts.bin",
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// One context with one kernel and its buffers, as the plugin's module makes them.
struct Session {
  explicit Session(xrt::device& device)
      : xclbin(std::string(TEST_PACKAGES) + "/increment/increment.xclbin"),
        context(device, device.register_xclbin(xclbin)),
        kernel(context, "MLIR_AIE"),
        program(instructions()),
        instruction(device, program.size(), XCL_BO_FLAGS_CACHEABLE, kernel.group_id(1)),
        input(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, kernel.group_id(3)),
        output(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, kernel.group_id(4)) {
    instruction.write(program.data());
    instruction.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    in = input.map<uint8_t*>();
    out = output.map<uint8_t*>();
    run = new_run();
  }

  xrt::run new_run() { return new_run(input, output); }
  xrt::run new_run(const xrt::bo& from, const xrt::bo& to) {
    xrt::run fresh(kernel);
    fresh.set_arg(0, uint64_t{3});
    fresh.set_arg(1, instruction);
    fresh.set_arg(2, static_cast<uint32_t>(program.size() / 4));
    fresh.set_arg(3, from);
    fresh.set_arg(4, to);
    return fresh;
  }

  /// Fills the input with `value`, runs, and says whether every output byte is value + 1.
  bool round_trip(uint8_t value) {
    std::fill_n(in, kBytes, value);
    input.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    run.start();
    if (run.wait(std::chrono::milliseconds(5000)) != ERT_CMD_STATE_COMPLETED) return false;
    output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    return std::all_of(out, out + kBytes,
                       [&](uint8_t byte) { return byte == static_cast<uint8_t>(value + 1); });
  }

  xrt::xclbin xclbin;
  xrt::hw_context context;
  xrt::kernel kernel;
  std::vector<char> program;
  xrt::bo instruction;
  xrt::bo input;
  xrt::bo output;
  uint8_t* in = nullptr;
  uint8_t* out = nullptr;
  xrt::run run;
};

class Emulator : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(kSetFaults, nullptr) << "run this test under with-npu.sh";
    ASSERT_TRUE(kSetFaults(""));
    device = xrt::device(0);
  }
  void TearDown() override {
    if (!kSetFaults) return;
    kSetFaults("");
    for (const auto& [name, value] :
         std::initializer_list<std::pair<const char*, uint64_t>>{{"commands", 4},
                                                                 {"interruptible", 0},
                                                                 {"partitions", 0},
                                                                 {"slice-ms", 5},
                                                                 {"memlock", 0}})
      kSet(name, value);
  }
  xrt::device device;
};

}  // namespace npumel::emulator_test
