// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of inputs: made safe, put in order, divided into shards.
#include "gst/tools/extract/input.h"

#include <fnmatch.h>
#include <glib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "gst/tools/extract/manifest.h"

namespace fs = std::filesystem;

namespace npumel::extract {
namespace {

// NAME_MAX is 255; ".npy" and a sample's suffix have to fit behind the name.
constexpr size_t kLongestPart = 240;

std::vector<Input> read_folder(const fs::path& folder, const fs::path& skip) {
  std::vector<Input> inputs;
  auto entry = fs::recursive_directory_iterator(folder);
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    if (!skip.empty() && entry->is_directory() && entry->path() == skip) {
      entry.disable_recursion_pending();
      continue;
    }
    // A link that leads nowhere is an input, too: it fails with the reason.
    if (entry->is_regular_file() || (entry->is_symlink() && !entry->is_directory()))
      inputs.push_back({entry->path().string(), entry->path().lexically_relative(folder).string()});
  }
  return inputs;
}

/// The beginning of a file, to tell text from audio.
std::string head_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(size_t{64} << 10, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (file.bad()) throw std::runtime_error(path + " cannot be read");
  head.resize(static_cast<size_t>(file.gcount()));
  return head;
}

bool is_text(const std::string& head) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\t' && c != '\r';
  };
  return !head.empty() && std::none_of(head.begin(), head.end(), is_control);
}

std::vector<Input> read_list(const std::string& path) {
  std::vector<Input> inputs;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) inputs.push_back({line, line});
  }
  return inputs;
}

std::vector<Input> read_source(const std::string& source, const std::string& skip) {
  std::error_code error;
  const fs::file_status status = fs::status(source, error);
  if (fs::is_directory(status)) return read_folder(fs::path(source), skip);
  if (!fs::is_regular_file(status))
    throw std::runtime_error(source + (error ? ": " + error.message() : " is no file or folder"));
  const std::string head = head_of(source);
  if (!is_text(head)) return {{source, fs::path(source).filename().string()}};
  const size_t first = head.find_first_not_of(" \t\r\n");
  return first != std::string::npos && head[first] == '{' ? read_manifest(source)
                                                          : read_list(source);
}

bool matches(const std::string& name, const std::vector<std::string>& patterns) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return fnmatch(pattern.c_str(), name.c_str(), FNM_CASEFOLD) == 0;
         });
}

}  // namespace

std::optional<std::string> safe_name(std::string_view path) {
  fs::path normal = fs::path(path).lexically_normal();
  if (!normal.empty() && *normal.begin() == "..")
    normal = (fs::current_path() / normal).lexically_normal();
  std::string name;
  for (const fs::path& part : normal.relative_path()) {
    const std::string& text = part.native();
    if (text.empty() || text == "." || text == "..") continue;
    if (text.size() > kLongestPart) return std::nullopt;
    if (!name.empty()) name += '/';
    name += text;
  }
  if (name.empty()) return std::nullopt;
  return name;
}

unsigned shard_of(std::string_view name, unsigned count) {
  const std::unique_ptr<gchar, decltype(&g_free)> digits(
      g_compute_checksum_for_data(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(name.data()),
                                  name.size()),
      g_free);
  return static_cast<unsigned>(std::stoull(std::string(digits.get(), 16), nullptr, 16) % count);
}

InputList read_inputs(const std::string& source, const std::string& skip,
                      const std::vector<std::string>& patterns) {
  InputList list;
  for (Input& input : read_source(source, skip)) {
    const std::optional<std::string> name = safe_name(input.name);
    if (!name) {
      list.refused.push_back({input.name, "no usable name: empty, or a part of over 240 bytes"});
    } else if (matches(*name, patterns)) {
      input.name = *name;
      list.inputs.push_back(std::move(input));
    }
  }
  std::stable_sort(list.inputs.begin(), list.inputs.end(),
                   [](const Input& a, const Input& b) { return a.name < b.name; });
  const auto same = [](const Input& a, const Input& b) { return a.name == b.name; };
  std::vector<Input> kept;
  for (Input& input : list.inputs) {
    if (kept.empty() || !same(kept.back(), input))
      kept.push_back(std::move(input));
    else if (!(kept.back() == input))  // the very same entry twice is one
      list.refused.push_back({input.name, "another entry of the list has this name"});
  }
  list.inputs = std::move(kept);
  return list;
}

}  // namespace npumel::extract
