// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the openwakeword vectors of tests/golden from the double-precision reference.
//
// Usage: make_openwakeword GOLDEN_FOLDER
//
// openWakeWord's own vectors come out of a model file with a non-commercial licence, so they are
// not in the repository. The reference was held against them (set NPUMELSPEC_GOLDEN to a folder
// that has them and run test_mel).
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/support/golden_reference.h"

namespace {

namespace fs = std::filesystem;
using npumel::Preset;

void write_rows(const fs::path& path, const std::vector<double>& rows, int mels) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows.size() / static_cast<size_t>(mels)) + ", " +
                       std::to_string(mels) + "), }";
  header.resize(128 - 10 - 1, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00\x76\x00", 10);
  file << header;
  for (const double value : rows) {
    const auto single = static_cast<float>(value);
    file.write(reinterpret_cast<const char*>(&single), sizeof single);
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write_all(const fs::path& folder) {
  for (const auto& front_end : npumel::test::golden_front_ends()) {
    if (front_end.preset != Preset::openwakeword) continue;
    // The definition's truth, without the noise that the model's rows hold in places.
    npumel::Recipe recipe = npumel::test::golden_recipe(front_end);
    recipe.dft = npumel::Dft::exact;
    fs::create_directories(folder / front_end.name);
    for (const auto& audio : fs::directory_iterator(folder / "audio")) {
      const auto samples = npumel::test::unit_samples(npumel::test::read_wav(audio.path()));
      write_rows(folder / front_end.name / audio.path().stem().replace_extension(".npy"),
                 npumel::test::golden_reference(front_end, recipe, samples), recipe.mels);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s GOLDEN_FOLDER\n", argv[0]);
    return 2;
  }
  try {
    write_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
