// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON-lines manifests of NeMo and lhotse.
#include "gst/tools/extract/manifest.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace fs = std::filesystem;

namespace npumel::extract {
namespace {

using Json = nlohmann::json;

double seconds(const Json& entry, const char* key) {
  const double value = entry.at(key).get<double>();
  if (!(value >= 0 && value < 1e9)) throw std::runtime_error(std::string(key) + " is no time");
  return value;
}

void set_range(Input& input, const Json& entry, const char* start) {
  if (entry.contains(start) && !entry[start].is_null()) input.offset = seconds(entry, start);
  if (entry.contains("duration") && !entry["duration"].is_null())
    input.duration = seconds(entry, "duration");
}

Input read_nemo(const Json& entry, const fs::path& folder) {
  const fs::path path = entry.at("audio_filepath").get<std::string>();
  Input input{(folder / path).string(), path.string()};
  if (const fs::path normal = path.lexically_normal(); *normal.begin() == "..")
    input.name = fs::absolute(folder / path).string();
  set_range(input, entry, "offset");
  if (input.offset > 0) {
    char range[64];
    std::snprintf(range, sizeof range, "_%.3f_%.3f", input.offset, input.duration.value_or(0));
    input.name += range;
  }
  return input;
}

/// The only source of a lhotse recording.
std::string file_of(const Json& recording) {
  const Json& sources = recording.at("sources");
  if (sources.size() != 1 || sources[0].at("type") != "file")
    throw std::runtime_error("only recordings with one source of type \"file\" can be read");
  return sources[0].at("source").get<std::string>();
}

Input read_lhotse(const Json& entry) {
  Input input;
  input.name = entry.at("id").get<std::string>();
  if (entry.contains("recording")) {
    input.file = file_of(entry["recording"]);
    set_range(input, entry, "start");
  } else {
    input.file = file_of(entry);
  }
  return input;
}

}  // namespace

std::vector<Input> read_manifest(const std::string& path) {
  std::vector<Input> inputs;
  std::ifstream file(path);
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const Json entry = Json::parse(line);
      inputs.push_back(entry.contains("audio_filepath")
                           ? read_nemo(entry, fs::path(path).parent_path())
                           : read_lhotse(entry));
    } catch (const std::exception& error) {
      throw std::runtime_error(path + ", line " + std::to_string(number) + ": " + error.what() +
                               " (a line of NeMo's or lhotse's manifests is expected)");
    }
  }
  return inputs;
}

}  // namespace npumel::extract
