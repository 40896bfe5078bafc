// SPDX-License-Identifier: LGPL-2.1-or-later
// What the emulated NPU can compute.
#include "tests/xrt/emulator/programs.h"

#include <algorithm>
#include <string_view>

#include "kernels/aie2/host_twin.h"

namespace npumel::emu {
namespace {

constexpr int kFrames = 100;

Program twin_v2(const std::string& name, const std::string& recipe, int mels,
                int frames = kFrames) {
  const size_t row = static_cast<size_t>(mels) * sizeof(int16_t);
  const auto count = static_cast<size_t>(frames);
  return {name, ((count - 1) * 160 + 400) * sizeof(int16_t), count * row, row,
          [recipe, frames](const uint8_t* input, uint8_t* output) {
            return aie2::twin_rows_v2(reinterpret_cast<const int16_t*>(input), 0, frames, recipe,
                                      reinterpret_cast<int16_t*>(output));
          }};
}

Program twin_v3(const std::string& name, const std::string& recipe, int mels,
                int frames = kFrames) {
  Program program = twin_v2(name, recipe, mels, frames);
  program.row_bytes = static_cast<size_t>(mels) * sizeof(float);
  program.output_bytes = static_cast<size_t>(frames) * program.row_bytes;
  program.run = [recipe, frames](const uint8_t* input, uint8_t* output) {
    return aie2::twin_rows_v3(reinterpret_cast<const int16_t*>(input), 0, frames, recipe,
                              reinterpret_cast<float*>(output));
  };
  return program;
}

/// What a kernel computes that was built for another NPU: rows, but not these.
Program wrong_v2() {
  Program program = twin_v2("v2-80", "whisper80", 80);
  program.name = "wrong-80";
  program.run = [right = program.run, size = program.output_bytes](const uint8_t* input,
                                                                   uint8_t* output) {
    if (!right(input, output)) return false;
    auto* rows = reinterpret_cast<int16_t*>(output);
    for (size_t i = 0; i < size / sizeof(int16_t); ++i)
      rows[i] = static_cast<int16_t>(rows[i] + 700);
    return true;
  };
  return program;
}

Program twin_v1() {
  return {"v1-80", kFrames * 400 * sizeof(int16_t), kFrames * 80, 80,
          [](const uint8_t* input, uint8_t* output) {
            return aie2::twin_v1(reinterpret_cast<const int16_t*>(input),
                                 reinterpret_cast<int8_t*>(output));
          }};
}

Program increment() {
  constexpr size_t kBytes = 4096;
  return {"increment", kBytes, kBytes, kBytes / kFrames, [](const uint8_t* input, uint8_t* output) {
            std::transform(input, input + kBytes, output,
                           [](uint8_t byte) { return static_cast<uint8_t>(byte + 1); });
            return true;
          }};
}

}  // namespace

std::optional<Program> find_program(std::span<const uint8_t> pdi) {
  constexpr std::string_view kMagic = "npumelspec-test-pdi ";
  const std::string_view text(reinterpret_cast<const char*>(pdi.data()), pdi.size());
  if (!text.starts_with(kMagic)) return std::nullopt;
  const std::string_view rest = text.substr(kMagic.size());
  const std::string_view name = rest.substr(0, rest.find('\n'));
  if (name == "v1-80") return twin_v1();
  if (name == "v2-80") return twin_v2("v2-80", "whisper80", 80);
  if (name == "v2-80-1000") return twin_v2("v2-80-1000", "whisper80", 80, 1000);
  if (name == "v2-128") return twin_v2("v2-128", "whisper128", 128);
  if (name == "v2-nemo80") return twin_v2("v2-nemo80", "nemo80", 80);
  if (name == "v2-nemo128") return twin_v2("v2-nemo128", "nemo128", 128);
  if (name == "v2-kaldi80") return twin_v2("v2-kaldi80", "kaldi80", 80);
  if (name == "v3-80") return twin_v3("v3-80", "whisper80", 80);
  if (name == "v3-80-1000") return twin_v3("v3-80-1000", "whisper80", 80, 1000);
  if (name == "v3-128") return twin_v3("v3-128", "whisper128", 128);
  if (name == "v3-nemo80") return twin_v3("v3-nemo80", "nemo80", 80);
  if (name == "wrong-80") return wrong_v2();
  if (name == "increment") return increment();
  return std::nullopt;
}

}  // namespace npumel::emu
