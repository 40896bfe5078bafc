// SPDX-License-Identifier: LGPL-2.1-or-later
// The golden vectors: outputs of the original front ends, with tolerances (tests/golden/README.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/mel/recipe.h"
#include "tests/unit/support/mel_tolerance.h"
#include "tests/unit/support/npy.h"
#include "tests/unit/support/wav.h"

namespace npumel::test {

/// How the rows of one folder of vectors come about.
struct GoldenFrontEnd {
  std::string name;
  Preset preset = Preset::whisper80;
  RecipeOverrides overrides = {};
  int rate = 16000;  ///< of presets that take any
  bool normalized = false;
  int64_t tail_silence = 0;         ///< samples
  int64_t pad_to = 0;               ///< zeros up to this length first
  std::vector<int64_t> calls = {};  ///< rows of the first and of each later normalised block
};

inline const std::vector<GoldenFrontEnd>& golden_front_ends() {
  static const std::vector<GoldenFrontEnd> kFrontEnds = {
      {.name = "whisper80", .preset = Preset::whisper80, .normalized = true},
      {.name = "whisper128", .preset = Preset::whisper128, .normalized = true},
      {.name = "whisper80_tail30s",
       .preset = Preset::whisper80,
       .normalized = true,
       .tail_silence = 480000},
      {.name = "whisper80_pad30",
       .preset = Preset::whisper80,
       .normalized = true,
       .pad_to = 480000},
      {.name = "nemo80", .preset = Preset::nemo80, .normalized = true},
      {.name = "nemo80_raw", .preset = Preset::nemo80},
      {.name = "kaldi80", .preset = Preset::kaldi80},
      {.name = "kaldi80_f64", .preset = Preset::kaldi80},
      {.name = "icefall80", .preset = Preset::icefall80},
      {.name = "librosa_power", .preset = Preset::librosa},
      {.name = "librosa_db",
       .preset = Preset::librosa,
       .overrides = {.log = LogType::db},
       .normalized = true},
      {.name = "openwakeword", .preset = Preset::openwakeword, .normalized = true},
      {.name = "openwakeword_stream",
       .preset = Preset::openwakeword,
       .normalized = true,
       .calls = {5, 8}},
      {.name = "torchaudio_power", .preset = Preset::torchaudio},
      {.name = "funasr80", .preset = Preset::funasr80},
      {.name = "wespeaker80", .preset = Preset::wespeaker80, .normalized = true},
      {.name = "seamless80", .preset = Preset::seamless80, .normalized = true},
      {.name = "s2t80", .preset = Preset::s2t80, .normalized = true},
      {.name = "ast128", .preset = Preset::ast128, .normalized = true},
      {.name = "granite80", .preset = Preset::granite80, .normalized = true},
      {.name = "voxtral_rt128", .preset = Preset::voxtral_rt128, .normalized = true},
      {.name = "vggish64", .preset = Preset::vggish64},
      {.name = "yamnet64", .preset = Preset::yamnet64},
      {.name = "gemma3n128", .preset = Preset::gemma3n128},
      {.name = "gemma4_128", .preset = Preset::gemma4_128},
      {.name = "lasr128", .preset = Preset::lasr128},
      {.name = "phi4mm80", .preset = Preset::phi4mm80},
      {.name = "clap64", .preset = Preset::clap64},
      {.name = "hifigan22_80", .preset = Preset::hifigan80, .rate = 22050},
      {.name = "hifigan16_80", .preset = Preset::hifigan80},
      {.name = "bigvgan24_100", .preset = Preset::bigvgan100},
      {.name = "bigvgan44_128", .preset = Preset::bigvgan128},
      {.name = "cosyvoice24_80", .preset = Preset::cosyvoice80},
      {.name = "cosyvoice3_24_80", .preset = Preset::cosyvoice3_80},
      {.name = "vocos24_100", .preset = Preset::vocos100},
      {.name = "f5tts24_100", .preset = Preset::f5tts100},
      {.name = "tacotron2_22_80", .preset = Preset::tacotron2_80},
      {.name = "speecht5_80", .preset = Preset::speecht5_80},
      {.name = "librosa_db_notop", .preset = Preset::librosa, .overrides = {.log = LogType::db}},
      {.name = "librosa_db_amin1e5",
       .preset = Preset::librosa,
       .overrides = {.log = LogType::db, .log_floor = 1e-5}},
      {.name = "librosa_db_refmax",
       .preset = Preset::librosa,
       .overrides = {.log = LogType::db, .ref = -1},
       .normalized = true},
      {.name = "kaldi23_energy",
       .preset = Preset::kaldi80,
       .overrides = {.mels = 23, .energy = Energy::raw}},
  };
  return kFrontEnds;
}

struct GoldenFile {
  std::filesystem::path path;
  std::filesystem::path audio;
  std::string clip;
  GoldenFrontEnd front_end;
  Tolerance tolerance;
};

/// The files that a manifest names. Throws when the folder has no manifest or an unknown front end.
inline std::vector<GoldenFile> golden_files(const std::filesystem::path& folder) {
  std::ifstream stream(folder / "manifest.json");
  if (!stream) throw std::runtime_error("no manifest.json in " + folder.string());
  const nlohmann::json manifest = nlohmann::json::parse(stream);
  std::vector<GoldenFile> files;
  for (const auto& entry : manifest.at("files")) {
    const std::string name = entry.at("front_end");
    const auto& known = golden_front_ends();
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const GoldenFrontEnd& f) { return f.name == name; });
    if (found == known.end()) throw std::runtime_error("unknown front end " + name);
    const auto& description = manifest.at("front_ends").at(name);

    GoldenFile file;
    file.path = folder / entry.at("path").get<std::string>();
    file.clip = entry.at("clip");
    file.audio = folder / "audio" / (file.clip + ".wav");
    file.front_end = *found;
    file.tolerance.max_abs = entry.at("tol").at("max_abs");
    file.tolerance.rms = entry.at("tol").at("rms");
    // A file of its own kind says so itself.
    const auto& units =
        (entry.contains("units_per_neper") ? entry : description).at("units_per_neper");
    file.tolerance.units_per_neper = units.is_null() ? 0 : units.get<double>();
    file.tolerance.linear_energy = description.at("compare_as") == "power_db";
    file.tolerance.magnitude = description.value("magnitude", false);
    files.push_back(file);
  }
  return files;
}

/// The folders to test: the repository's own vectors, and those that NPUMELSPEC_GOLDEN names.
inline std::vector<std::filesystem::path> golden_folders(const char* own) {
  std::vector<std::filesystem::path> folders = {own};
  if (const char* more = std::getenv("NPUMELSPEC_GOLDEN")) folders.emplace_back(more);
  return folders;
}

}  // namespace npumel::test
