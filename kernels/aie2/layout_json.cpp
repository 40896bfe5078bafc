// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what design.py and the manifest need to know of the compiled kernel, as JSON.
#include <cstdio>

#include "kernels/aie2/budget.h"
#include "kernels/aie2/tables_sha256.h"

namespace {

using namespace npumel::aie2;

template <typename Kernel>
void print(const char* separator) {
  std::printf(
      "%s    \"%s\": {\"mels\": %d, \"tables\": %zu, \"scratch\": %zu, \"input-fifo\": %zu, "
      "\"output-fifo\": %zu, \"data-size\": %zu, \"tile-bytes\": %zu,\n"
      "      \"float-rows\": {\"output-fifo\": %zu, \"row-depth\": %zu, \"tile-bytes\": %zu, "
      "\"log\": \"%s\"}}",
      separator, Kernel::Tables::recipe, Kernel::Tables::mels, kTableBytes<Kernel>,
      sizeof(typename Kernel::Scratch), kInputFifo, kOutputFifo<Kernel, int16_t>,
      kDataBytes<Kernel>, kTileBytes<Kernel>, kOutputFifo<Kernel, float>,
      row_depth<Kernel, float>(), kTileBytes<Kernel, float>,
      Kernel::Tables::natural_log ? "ln" : "log10");
}

}  // namespace

int main() {
  std::printf("{\n  \"tables-sha256\": \"%s\",\n", kTablesSha256);
  std::printf("  \"win\": %d, \"hop\": %d, \"group\": %d,\n", kWin, kHop, kGroup);
  std::printf("  \"tile-memory\": %zu, \"stack-size\": %zu, \"fifo-depth\": %zu,\n", kTileMemory,
              kStackBytes, kFifoDepth);
  std::printf("  \"cores\": %zu, \"link-depth\": %zu,\n", kCores, kLinkDepth);
  std::printf("  \"recipes\": {\n");
  const char* separator = "";
  any_kernel([&]<typename Kernel>(Kernel) {
    print<Kernel>(separator);
    separator = ",\n";
    return false;
  });
  std::printf("\n  }\n}\n");
}
