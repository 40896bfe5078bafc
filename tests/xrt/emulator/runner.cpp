// SPDX-License-Identifier: LGPL-2.1-or-later
// Executes one kernel start, with the checks of hardware and firmware.
#include "tests/xrt/emulator/runner.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace npumel::emu {
namespace {

// The register map of an MLIR_AIE kernel.
constexpr size_t kOpcode = 0x00;
constexpr size_t kInstructions = 0x08;
constexpr size_t kInstructionWords = 0x10;
constexpr size_t kInput = 0x14;
constexpr size_t kOutput = 0x1c;
constexpr uint64_t kRunTransaction = 3;

}  // namespace

Runner::Runner(Report& report, Buffers& buffers, Program program)
    : report_(report), buffers_(buffers), program_(std::move(program)) {}

bool Runner::instructions_valid(const Packet& packet) {
  const auto place = buffers_.at(packet.argument<uint64_t>(kInstructions));
  const uint64_t words = packet.argument<uint32_t>(kInstructionWords);
  if (!place.buffer || words < 4 || place.bytes.size() < 4 * words) return false;
  // A transaction starts with a version and ends its 16-byte header with its size in bytes.
  uint32_t size = 0;
  std::memcpy(&size, place.bytes.data() + 12, sizeof size);
  return place.bytes[0] == 0 && place.bytes[1] == 1 && size == 4 * words;
}

State Runner::run(const Packet& packet, const std::set<uint32_t>& pinned, const Fault& fault) {
  if (!packet.has_argument(kOutput, sizeof(uint64_t)) ||
      packet.argument<uint64_t>(kOpcode) != kRunTransaction) {
    report_.violation("start without the arguments of an MLIR_AIE kernel");
    return State::error;
  }
  if (!instructions_valid(packet)) {
    report_.violation("instruction buffer holds no valid transaction (never synced?)");
    return State::error;
  }
  const auto input = buffers_.at(packet.argument<uint64_t>(kInput));
  const auto output = buffers_.at(packet.argument<uint64_t>(kOutput));
  if (!input.buffer || !output.buffer || !pinned.contains(input.buffer->handle) ||
      !pinned.contains(output.buffer->handle)) {
    report_.violation("kernel argument is no buffer that this submission named");
    return State::error;
  }
  if (input.bytes.size() < program_.input_bytes || output.bytes.size() < program_.output_bytes) {
    report_.violation("buffer smaller than the kernel reads or writes");
    return State::error;
  }
  output.buffer->is_output = true;
  // The real kernel streams its rows out while it reads: computing beside the buffer keeps a wrong
  // program from reading its own result.
  std::vector<uint8_t> rows;
  if (!compute(input.bytes.first(program_.input_bytes), rows)) return State::error;
  std::vector<uint8_t> right = rows;
  spoil(rows, fault);
  if (fault.what != "unwritten") std::copy(rows.begin(), rows.end(), output.bytes.begin());
  previous_ = std::move(right);
  return State::completed;
}

bool Runner::compute(std::span<const uint8_t> input, std::vector<uint8_t>& rows) {
  for (const Known& known : known_)
    if (std::equal(input.begin(), input.end(), known.input.begin(), known.input.end())) {
      rows = known.rows;
      return true;
    }
  rows.resize(program_.output_bytes);
  if (!program_.run(input.data(), rows.data())) return false;
  Known& oldest = known_[next_known_++ % known_.size()];
  oldest.input.assign(input.begin(), input.end());
  oldest.rows = rows;
  return true;
}

void Runner::spoil(std::span<uint8_t> rows, const Fault& fault) {
  const size_t row = program_.row_bytes;
  const size_t count = rows.size() / row;
  if (fault.what == "zero") {
    std::fill(rows.begin(), rows.end(), 0);
  } else if (fault.what == "row0") {
    for (size_t i = 1; i < count; ++i) std::copy_n(rows.begin(), row, rows.begin() + i * row);
  } else if (fault.what == "stale") {
    if (previous_.empty()) previous_.assign(rows.size(), 0);
    std::copy(previous_.begin(), previous_.end(), rows.begin());
  } else if (fault.what == "garbage") {
    for (uint8_t& byte : rows)
      byte = static_cast<uint8_t>((noise_ = noise_ * 1664525U + 1013904223U) >> 24);
  } else if (fault.what == "shift") {
    std::move_backward(rows.begin(), rows.end() - static_cast<ptrdiff_t>(row), rows.end());
  } else if (fault.what == "row") {
    const size_t index = std::min(static_cast<size_t>(fault.value), count - 1);
    std::fill_n(rows.begin() + static_cast<ptrdiff_t>(index * row), row, 0);
  }
}

}  // namespace npumel::emu
