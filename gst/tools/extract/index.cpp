// SPDX-License-Identifier: LGPL-2.1-or-later
// index.jsonl and failed.jsonl, a line an input.
#include "gst/tools/extract/index.h"

#include <glib.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "gst/tools/extract/percent.h"

namespace npumel::extract {
namespace {

using OrderedJson = nlohmann::ordered_json;

bool is_utf8(const std::string& text) {
  return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) != FALSE;
}

/// Bytes beyond ASCII, and '%', as %XX.
std::string ascii(const std::string& bytes) {
  return percent_encode(bytes, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

constexpr const char* kEncoding = "path-encoding";

void set_path(OrderedJson& json, const std::string& path, const std::string& output) {
  const bool plain = is_utf8(path) && is_utf8(output);
  json["path"] = plain ? path : ascii(path);
  if (!output.empty()) json["output"] = plain ? output : ascii(output);
  if (!plain) json[kEncoding] = "percent";
}

std::string path_field(const OrderedJson& json, const char* name) {
  const auto text = json.at(name).get<std::string>();
  return json.contains(kEncoding) ? percent_decode(text) : text;
}

template <typename Number>
void set_optional(OrderedJson& json, const char* name, const std::optional<Number>& number) {
  json[name] = number ? OrderedJson(*number) : OrderedJson(nullptr);
}

template <typename Number>
void get_optional(const OrderedJson& json, const char* name, std::optional<Number>& number) {
  if (const OrderedJson& value = json.at(name); !value.is_null()) number = value.get<Number>();
}

template <typename Parse>
auto parse_line(const std::string& line, Parse&& parse)
    -> decltype(std::optional(parse(OrderedJson()))) {
  try {
    return parse(OrderedJson::parse(line));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// Calls `take` with each line. What is refused by it, or follows the last line end without being
/// the beginning of a line of ours, was not written by npumel-extract.
template <typename Take>
void read_lines(const Folder& folder, const std::string& name, const std::string& text,
                Take&& take) {
  const std::string start = "{\"path\":";
  bool ours = true;
  size_t from = 0;
  for (size_t to = 0; (to = text.find('\n', from)) != std::string::npos; from = to + 1)
    ours = ours && take(text.substr(from, to - from));
  const std::string torn = text.substr(from, start.size());
  if (!ours || !start.starts_with(torn))
    throw std::invalid_argument(folder.path() + "/" + name +
                                " has lines that npumel-extract did not write, or another version "
                                "of it: use another output folder");
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

std::string Shard::file_name(const std::string& stem, const std::string& extension) const {
  if (count == 1) return stem + extension;
  char part[48];
  std::snprintf(part, sizeof part, ".%05u-of-%05u", number, count);
  return stem + part + extension;
}

std::string to_json(const IndexLine& line) {
  OrderedJson json;
  set_path(json, line.path, line.output);
  json["offset"] = line.offset;
  json["bytes"] = line.bytes;
  json["format"] = line.format;
  json["frames"] = line.frames;
  json["seconds"] = line.seconds;
  json["recipe-id"] = line.recipe_id;
  json["settings-id"] = line.settings_id;
  json["sha256"] = line.sha256;
  json["backend"] = line.backend;
  json["version"] = line.version;
  json["input-size"] = line.input_size;
  json["input-time"] = line.input_time;
  json["input-offset"] = line.input_offset;
  set_optional(json, "input-duration", line.input_duration);
  set_optional(json, "input-channels", line.input_channels);
  return json.dump();
}

std::optional<IndexLine> index_line(const std::string& json) {
  return parse_line(json, [](const OrderedJson& fields) {
    IndexLine line;
    line.path = path_field(fields, "path");
    line.output = path_field(fields, "output");
    fields.at("offset").get_to(line.offset);
    fields.at("bytes").get_to(line.bytes);
    fields.at("format").get_to(line.format);
    fields.at("frames").get_to(line.frames);
    fields.at("seconds").get_to(line.seconds);
    fields.at("recipe-id").get_to(line.recipe_id);
    fields.at("settings-id").get_to(line.settings_id);
    fields.at("sha256").get_to(line.sha256);
    fields.at("backend").get_to(line.backend);
    fields.at("version").get_to(line.version);
    fields.at("input-size").get_to(line.input_size);
    fields.at("input-time").get_to(line.input_time);
    fields.at("input-offset").get_to(line.input_offset);
    get_optional(fields, "input-duration", line.input_duration);
    get_optional(fields, "input-channels", line.input_channels);
    return line;
  });
}

std::string to_json(const Failure& failure) {
  OrderedJson json;
  set_path(json, failure.name, "");
  json["reason"] = is_utf8(failure.reason) ? failure.reason : ascii(failure.reason);
  return json.dump();
}

std::optional<Failure> failure_line(const std::string& json) {
  return parse_line(json, [](const OrderedJson& fields) {
    return Failure{path_field(fields, "path"), fields.at("reason").get<std::string>()};
  });
}

Index::Index(const Folder& folder, const Shard& shard)
    : folder_(folder),
      index_name_(shard.file_name("index", ".jsonl")),
      failed_name_(shard.file_name("failed", ".jsonl")) {
  const std::optional<std::string> text = folder_.read(index_name_);
  read_lines(folder_, index_name_, text.value_or(""), [this](const std::string& json) {
    const auto line = index_line(json);
    if (line) lines_.insert_or_assign(line->path, *line);
    return line.has_value();
  });
  is_ours_ = folder_.had_mark() || !lines_.empty();
  read_lines(folder_, failed_name_, folder_.read(failed_name_).value_or(""),
             [](const std::string& json) { return failure_line(json).has_value(); });
}

std::optional<IndexLine> Index::find(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(path);
  return found != lines_.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<IndexLine> Index::lines() const {
  const std::lock_guard lock(mutex_);
  std::vector<IndexLine> all;
  for (const auto& [path, line] : lines_) all.push_back(line);
  return all;
}

void Index::rewrite() {
  std::string text;
  for (const auto& [path, line] : lines_) text += to_json(line) + '\n';
  folder_.replace(index_name_, text);
  folder_.replace(failed_name_, "");
  index_ = folder_.append_to(index_name_);
  failed_ = folder_.append_to(failed_name_);
}

void Index::add(const IndexLine& line) {
  const std::lock_guard lock(mutex_);
  write_all(index_.get(), bytes_of(to_json(line) + '\n'), folder_.path() + "/" + index_name_);
}

void Index::add(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  write_all(failed_.get(), bytes_of(to_json(failure) + '\n'), folder_.path() + "/" + failed_name_);
}

}  // namespace npumel::extract
