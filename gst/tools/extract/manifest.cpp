// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON-lines manifests of NeMo and lhotse.
#include "gst/tools/extract/manifest.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
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

/// Milliseconds as a rule, and the digits that it takes where those are not enough.
std::string text_of(double seconds) {
  char text[400];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  if (std::strtod(text, nullptr) == seconds) return text;
  const auto end = std::to_chars(text, text + sizeof text, seconds, std::chars_format::fixed).ptr;
  return {text, end};
}

/// Adds _OFFSET_DURATION to the name.
void name_range(Input& input) {
  input.name += "_" + text_of(input.offset) + "_" + text_of(input.duration.value_or(0));
}

Input read_nemo(const Json& entry, const fs::path& folder) {
  const fs::path path = entry.at("audio_filepath").get<std::string>();
  Input input{(folder / path).string(), path.string()};
  if (const fs::path normal = path.lexically_normal(); *normal.begin() == "..")
    input.name = fs::absolute(folder / path).string();
  set_range(input, entry, "offset");
  if (entry.contains("offset") && !entry["offset"].is_null()) name_range(input);
  return input;
}

/// What occurs twice is several parts of a file, of which the first need not say its offset.
void name_parts(std::vector<Input>& inputs, const std::set<size_t>& unnamed) {
  std::map<std::string, unsigned> entries;
  const auto file = [](const Input& input) { return fs::path(input.file).lexically_normal(); };
  for (const Input& input : inputs) ++entries[file(input)];
  for (const size_t i : unnamed)
    if (entries[file(inputs[i])] > 1) name_range(inputs[i]);
}

/// The only source of a lhotse recording.
std::string file_of(const Json& recording) {
  const Json& sources = recording.at("sources");
  if (sources.size() != 1 || sources[0].at("type") != "file")
    throw std::runtime_error("only recordings with one source of type \"file\" can be read");
  return sources[0].at("source").get<std::string>();
}

/// The channels that one of an entry's fields names, in order; none where it names none.
std::optional<std::set<unsigned>> channels_of(const Json& entry, const char* key) {
  if (!entry.contains(key) || entry[key].is_null()) return std::nullopt;
  if (entry[key].is_array()) return entry[key].get<std::set<unsigned>>();
  return std::set<unsigned>{entry[key].get<unsigned>()};
}

/// Changes of the sound that lhotse makes when it loads it.
void refuse_transforms(Input& input, const Json& recording) {
  if (recording.contains("transforms") && !recording["transforms"].empty())
    input.refusal = "the manifest's transforms are not applied";
}

/// All channels of a file are mixed: an entry must name all of them, or none.
void set_channels(Input& input, const Json& entry, const Json& recording) {
  for (const auto& channels :
       {channels_of(entry, "channel"), channels_of(entry, "channel_ids"),
        channels_of(recording, "channel_ids"), channels_of(recording["sources"][0], "channels")}) {
    if (!channels) continue;
    const auto count = static_cast<unsigned>(channels->size());
    const bool first_ones = count > 0 && *channels->rbegin() == count - 1;
    if (!first_ones || (input.channels && *input.channels != count))
      input.refusal = "the manifest names some channels of a file: channels are mixed, not chosen";
    input.channels = count;
  }
}

Input read_lhotse(const Json& entry) {
  Input input;
  input.name = entry.at("id").get<std::string>();
  if (entry.contains("recording")) {
    input.file = file_of(entry["recording"]);
    set_range(input, entry, "start");
    set_channels(input, entry, entry["recording"]);
    refuse_transforms(input, entry["recording"]);
  } else {
    input.file = file_of(entry);
    set_channels(input, entry, entry);
    refuse_transforms(input, entry);
  }
  return input;
}

}  // namespace

std::vector<Input> read_manifest(const std::string& path) {
  std::vector<Input> inputs;
  std::ifstream file(path);
  size_t number = 0;
  std::set<size_t> unnamed;  // parts of a file whose name does not say which
  for (std::string line; std::getline(file, line);) {
    if (++number == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const Json entry = Json::parse(line);
      if (entry.contains("audio_filepath")) {
        inputs.push_back(read_nemo(entry, fs::path(path).parent_path()));
        const bool has_offset = entry.contains("offset") && !entry["offset"].is_null();
        if (!has_offset && inputs.back().duration) unnamed.insert(inputs.size() - 1);
      } else {
        inputs.push_back(read_lhotse(entry));
      }
    } catch (const std::exception& error) {
      throw std::runtime_error(path + ", line " + std::to_string(number) + ": " + error.what() +
                               " (a line of NeMo's or lhotse's manifests is expected)");
    }
  }
  name_parts(inputs, unnamed);
  return inputs;
}

}  // namespace npumel::extract
