// SPDX-License-Identifier: LGPL-2.1-or-later
// Text as the manifest of a kernel package: it is taken with sane numbers, or refused in one
// printable line.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gst/backend/packages/kernel_package.h"

using namespace npumel;

namespace {

void demand(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) { return 0; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const KernelManifest manifest = parse_manifest("/folder", "name", text);
    demand(manifest.input_bytes() > 0 && manifest.output_bytes() > 0, "sizes");
    demand(manifest.xclbin_sha256.size() == 64 && manifest.instructions_sha256.size() == 64,
           "digests");
    demand(manifest.instruction_words * 4 <= kMaxInstructionBytes, "instructions in bounds");
  } catch (const BackendError& error) {
    const std::string_view said = error.what();
    demand(!said.empty() && said.size() < 1000, "a line of reasonable length");
    for (const char c : said)
      demand(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control character");
  }
  return 0;
}
