// SPDX-License-Identifier: LGPL-2.1-or-later
// Executes one kernel start: checks what the host prepared as the hardware and its firmware would
// need it, runs the program, and spoils the result if a fault says so.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "tests/xrt/emulator/buffers.h"
#include "tests/xrt/emulator/faults.h"
#include "tests/xrt/emulator/packet.h"
#include "tests/xrt/emulator/programs.h"

namespace npumel::emu {

class Runner {
 public:
  Runner(Report& report, Buffers& buffers, Program program);

  /// Runs the kernel start in `packet`. `pinned` are the buffers the submission named; the device
  /// may touch no others. `fault.what` of the output kinds is honoured here. completed or error.
  State run(const Packet& packet, const std::set<uint32_t>& pinned, const Fault& fault);

 private:
  bool instructions_valid(const Packet& packet);
  bool compute(std::span<const uint8_t> input, std::vector<uint8_t>& rows);
  void spoil(std::span<uint8_t> rows, const Fault& fault);

  Report& report_;
  Buffers& buffers_;
  Program program_;
  /// The same input gives the same rows: long streams of a test that repeats itself cost little.
  struct Known {
    std::vector<uint8_t> input;
    std::vector<uint8_t> rows;
  };
  std::array<Known, 4> known_;
  size_t next_known_ = 0;
  std::vector<uint8_t> previous_;  ///< rows of the run before: what "stale" gives again
  uint32_t noise_ = 1;
};

}  // namespace npumel::emu
