// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of inputs: made safe, put in order, divided into shards.
#include "gst/tools/extract/input.h"

#include <fnmatch.h>
#include <glib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "gst/tools/extract/folder.h"
#include "gst/tools/extract/manifest.h"

namespace fs = std::filesystem;

namespace npumel::extract {
namespace {

// NAME_MAX is 255; ".npy" and a sample's suffix have to fit behind the name.
constexpr size_t kLongestPart = 240;

/// Adds what is in `folder`, a folder below `top` or itself.
void read_folder(const fs::path& folder, const fs::path& top, const fs::path& skip,
                 InputList& list) {
  std::error_code error, ignored;
  const auto name = [&](const fs::path& path) { return path.lexically_relative(top).string(); };
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    const bool is_link = entry->is_symlink(ignored), is_folder = entry->is_directory(ignored);
    const auto is_output = [&] {
      return fs::equivalent(path, skip, ignored) || fs::exists(path / kLockFile, ignored);
    };
    if (is_folder && !is_link && !is_output()) read_folder(path, top, skip, list);
    // A link that leads nowhere is an input, too: it fails with the reason.
    if (!is_folder && (is_link || entry->is_regular_file(ignored)))
      list.inputs.push_back({path.string(), name(path)});
  }
  if (!error) return;
  if (folder == top) throw std::runtime_error(top.string() + ": " + error.message());
  list.refused.push_back({name(folder), "the folder cannot be read: " + error.message()});
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
  bool first = true;
  for (std::string line; std::getline(file, line); first = false) {
    if (first && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) inputs.push_back({line, line});
  }
  return inputs;
}

/// Whether a text begins as a JSON array does, and not as a path such as [1].wav.
bool is_json_array(const std::string& text, size_t first) {
  if (text[first] != '[') return false;
  const size_t next = text.find_first_not_of(" \t\r\n", first + 1);
  return next == std::string::npos || std::strchr("{[]\"", text[next]) != nullptr;
}

InputList read_source(const std::string& source, const std::string& skip) {
  std::error_code error;
  const fs::file_status status = fs::status(source, error);
  if (fs::is_directory(status)) {
    InputList list;
    read_folder(source, source, skip, list);
    return list;
  }
  if (!fs::is_regular_file(status))
    throw std::runtime_error(source + (error ? ": " + error.message() : " is no file or folder"));
  const std::string head = head_of(source);
  if (head.starts_with("\x1f\x8b"))
    throw std::runtime_error(source + " is compressed: unpack it first (gunzip)");
  if (!is_text(head)) return {{{source, fs::path(source).filename().string()}}, {}};
  const size_t mark = head.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  const size_t first = head.find_first_not_of(" \t\r\n", mark);
  if (first != std::string::npos && is_json_array(head, first))
    throw std::runtime_error(source + " is a JSON array: one JSON object a line is expected");
  const bool is_manifest = first != std::string::npos && head[first] == '{';
  return {is_manifest ? read_manifest(source) : read_list(source), {}};
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
  InputList list, all = read_source(source, skip);
  list.refused = std::move(all.refused);
  for (Input& input : all.inputs) {
    const std::optional<std::string> name = safe_name(input.name);
    if (!name) {
      list.refused.push_back({input.name, "no usable name: empty, or a part of over 240 bytes"});
    } else if (matches(*name, patterns)) {
      input.name = *name;
      list.inputs.push_back(std::move(input));
    }
  }
  if (list.inputs.empty() && !all.inputs.empty() && list.refused.empty())
    throw std::runtime_error("--include: no name of " + source + " is like " + patterns.front());
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
