// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what design.py and the manifest need to know of the compiled kernel, as JSON.
#include <cstdio>

#include "kernels/aie2/budget.h"
#include "kernels/aie2/tables_sha256.h"

namespace {

using namespace npumel::aie2;

template <typename Tables>
void print(const char* end) {
  std::printf(
      "    \"%d\": {\"tables\": %zu, \"scratch\": %zu, \"input-fifo\": %zu, \"output-fifo\": %zu, "
      "\"data-size\": %zu}%s\n",
      Tables::mels, kTableBytes<Tables>, sizeof(Scratch), kInputFifo, kOutputFifo<Tables>,
      kDataBytes<Tables>, end);
}

}  // namespace

int main() {
  std::printf("{\n  \"tables-sha256\": \"%s\",\n", kTablesSha256);
  std::printf("  \"frames\": %d, \"win\": %d, \"hop\": %d, \"group\": %d,\n", kFrames, kWin, kHop,
              kGroup);
  std::printf("  \"tile-memory\": %zu, \"stack-size\": %zu, \"fifo-depth\": %zu,\n", kTileMemory,
              kStackBytes, kFifoDepth);
  std::printf("  \"mels\": {\n");
  print<MelTables80>(",");
  print<MelTables128>("");
  std::printf("  }\n}\n");
}
