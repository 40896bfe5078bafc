// SPDX-License-Identifier: LGPL-2.1-or-later
// Compares mel features in .npy files with the golden vectors.
//
// Usage: compare_mel CANDIDATES GOLDEN [FRONT_END ...]
//
// CANDIDATES/<front end>/<clip>.npy (float32, frames x mels or mels x frames) is held against every
// file that GOLDEN/manifest.json names, within the limits of that manifest and the law of
// tests/unit/support/mel_tolerance.h. A missing candidate fails. Exit status 0: all passed, and
// there was at least one.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "tests/unit/support/golden.h"

namespace {

using npumel::test::Comparison;
using npumel::test::GoldenFile;
using npumel::test::Rows;

// Frame-major whatever the file has, told by the golden shape.
Rows oriented(Rows rows, const Rows& want) {
  const bool turned = rows.mels != want.mels && rows.frames == want.mels;
  if (!turned) return rows;
  Rows result{rows.mels, want.mels, std::vector<float>(rows.values.size())};
  const auto mels = static_cast<size_t>(result.mels);
  const auto frames = static_cast<size_t>(result.frames);
  for (size_t t = 0; t < frames; ++t)
    for (size_t m = 0; m < mels; ++m) result.values[t * mels + m] = rows.values[m * frames + t];
  return result;
}

bool check(const std::filesystem::path& candidates, const GoldenFile& file) {
  const std::string name = file.front_end.name + "/" + file.clip + ".npy";
  std::string verdict;
  bool passed = false;
  try {
    const Rows want = npumel::test::read_rows(file.path);
    const Rows got = oriented(npumel::test::read_rows(candidates / name), want);
    if (got.mels != want.mels || got.frames != want.frames) {
      verdict = "shape " + std::to_string(got.frames) + " x " + std::to_string(got.mels) +
                ", want " + std::to_string(want.frames) + " x " + std::to_string(want.mels);
    } else {
      const Comparison result = npumel::test::compare_rows<float, float>(got.values, want.values,
                                                                         want.mels, file.tolerance);
      passed = result.passed;
      verdict = result.describe();
    }
  } catch (const std::exception& error) {
    verdict = error.what();
  }
  std::printf("%s %s: %s\n", passed ? "PASS" : "FAIL", name.c_str(), verdict.c_str());
  return passed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s CANDIDATES GOLDEN [FRONT_END ...]\n", argv[0]);
    return 2;
  }
  const std::vector<std::string> only(argv + 3, argv + argc);
  int passed = 0;
  int failed = 0;
  try {
    for (const GoldenFile& file : npumel::test::golden_files(argv[2])) {
      const std::string& name = file.front_end.name;
      if (!only.empty() && std::find(only.begin(), only.end(), name) == only.end()) continue;
      ++(check(argv[1], file) ? passed : failed);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
