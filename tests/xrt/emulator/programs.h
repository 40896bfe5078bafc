// SPDX-License-Identifier: LGPL-2.1-or-later
// What the emulated NPU can compute. The bytes of a test package's PDI name the program.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace npumel::emu {

struct Program {
  std::string name;
  size_t input_bytes = 0;
  size_t output_bytes = 0;
  size_t row_bytes = 0;  ///< of one output row; faults that work on rows use it
  std::function<bool(const uint8_t* input, uint8_t* output)> run;
};

/// Finds the program a PDI names: "npumelspec-test-pdi NAME\n". Names: v1-80, v2-80, v2-80-1000,
/// v2-128, v2-nemo80, v2-nemo128, v2-kaldi80, v3-80, v3-80-1000, v3-128, v3-nemo80 (the kernels'
/// host twins), wrong-80 (as v2-80, with other numbers) and increment (adds 1 to each of 4096
/// bytes; for the emulator's own tests).
std::optional<Program> find_program(std::span<const uint8_t> pdi);

}  // namespace npumel::emu
