// SPDX-License-Identifier: LGPL-2.1-or-later
// A Kaldi archive of float matrices and its script file.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "gst/tools/extract/output.h"
#include "gst/tools/extract/percent.h"

namespace npumel::extract {
namespace {

static_assert(std::endian::native == std::endian::little, "Kaldi's archives are little endian");

/// What Kaldi writes before the numbers: binary, float matrix, both sizes with their widths.
std::array<std::byte, 15> matrix_header(const Features& features) {
  std::array<std::byte, 15> header = {};
  const auto rows = static_cast<int32_t>(features.rows);
  const auto columns = static_cast<int32_t>(features.columns);
  std::memcpy(header.data(), "\0BFM \4", 6);
  std::memcpy(header.data() + 6, &rows, 4);
  std::memcpy(header.data() + 10, "\4", 1);
  std::memcpy(header.data() + 11, &columns, 4);
  return header;
}

class KaldiArchive final : public Output {
 public:
  KaldiArchive(const Folder& folder, const Shard& shard)
      : folder_(folder),
        archive_name_(shard.file_name("feats", ".ark")),
        script_name_(shard.file_name("feats", ".scp")) {}

  Place store(const Input& input, const Features& features) override {
    if (features.rows > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
      throw std::invalid_argument("too many frames for a Kaldi matrix");
    const std::string key = key_of(input.name) + " ";
    const auto header = matrix_header(features);
    Place place{archive_name_, position_ + key.size(), header.size() + features.bytes.size()};
    const std::string what = folder_.path() + "/" + archive_name_;
    write_all(archive_.get(), std::as_bytes(std::span(key)), what);
    write_all(archive_.get(), header, what);
    write_all(archive_.get(), features.bytes, what);
    position_ = place.offset + place.bytes;
    const std::string line = script_line(input.name, archive_name_, place.offset);
    write_all(script_.get(), std::as_bytes(std::span(line)), folder_.path() + "/" + script_name_);
    return place;
  }

  bool holds(const IndexLine& line) const override {
    return folder_.size_of(line.output).value_or(0) >= line.offset + line.bytes;
  }
  bool replaces() const override { return false; }

  void check(const Index& index, const std::vector<Input>&) const override {
    for (const std::string& name : {archive_name_, script_name_})
      if (!index.is_ours() && folder_.size_of(name)) refuse_foreign(folder_, name);
  }

  void begin(const Index& index) override {
    std::string script;
    for (const IndexLine& line : index.lines()) {
      // Joined shards have archives of their own.
      if (line.output == archive_name_) position_ = std::max(position_, line.offset + line.bytes);
      script += script_line(line.path, line.output, line.offset);
    }
    archive_ = folder_.append_to(archive_name_);
    // What was written after the last line of the index belongs to nothing.
    if (ftruncate(archive_.get(), static_cast<off_t>(position_)) != 0)
      throw OutputError(folder_.path() + "/" + archive_name_ + ": " + std::strerror(errno));
    folder_.replace(script_name_, script);
    script_ = folder_.append_to(script_name_);
  }

  void end() override {
    for (const Descriptor* file : {&archive_, &script_})
      if (fdatasync(file->get()) != 0)
        throw OutputError(folder_.path() + "/" + archive_name_ + ": " + std::strerror(errno));
  }

 private:
  static std::string key_of(const std::string& name) {
    return percent_encode(
        name, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
  }
  std::string script_line(const std::string& name, const std::string& archive,
                          uint64_t offset) const {
    return key_of(name) + " " + folder_.path() + "/" + archive + ":" + std::to_string(offset) +
           "\n";
  }

  const Folder& folder_;
  const std::string archive_name_, script_name_;
  Descriptor archive_, script_;
  uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Output> make_kaldi_archive(const Folder& folder, const Shard& shard) {
  return std::make_unique<KaldiArchive>(folder, shard);
}

}  // namespace npumel::extract
