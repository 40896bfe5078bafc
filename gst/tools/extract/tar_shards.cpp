// SPDX-License-Identifier: LGPL-2.1-or-later
// Tar files that training code reads from front to back, written by libarchive.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>

#include "gst/tools/extract/output.h"
#include "gst/tools/extract/percent.h"

namespace npumel::extract {
namespace {

constexpr uint64_t kBlock = 512;

uint64_t end_of(const IndexLine& line) {
  return (line.offset + line.bytes + kBlock - 1) / kBlock * kBlock;
}

/// One tar file that is being written. No exception crosses libarchive: its callback keeps it.
class TarFile {
 public:
  TarFile(Descriptor file, std::string what, uint64_t end)
      : file_(std::move(file)),
        what_(std::move(what)),
        position_(end),
        archive_(archive_write_new()) {
    archive_write_set_format_pax_restricted(archive_.get());
    archive_write_set_bytes_per_block(archive_.get(), 0);  // nothing is held back
    archive_write_set_bytes_in_last_block(archive_.get(), 1);
    check(archive_write_open2(archive_.get(), this, nullptr, write_some, nullptr, nullptr));
  }

  /// A file that was not finished gets no end of archive: another run goes on with it.
  ~TarFile() { discards_ = true; }
  TarFile(const TarFile&) = delete;
  TarFile& operator=(const TarFile&) = delete;

  /// Returns where the data begins.
  uint64_t add(const std::string& name, std::initializer_list<std::span<const std::byte>> parts) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    int64_t size = 0;
    for (const auto& bytes : parts) size += static_cast<int64_t>(bytes.size());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), size);
    // The time would be the only thing that differs between two runs.
    archive_entry_set_mtime(entry.get(), 0, 0);
    check(archive_write_header(archive_.get(), entry.get()));
    const uint64_t start = position_;
    for (const auto& bytes : parts)
      if (archive_write_data(archive_.get(), bytes.data(), bytes.size()) < 0) check(ARCHIVE_FATAL);
    check(archive_write_finish_entry(archive_.get()));
    return start;
  }

  void finish() {
    check(archive_write_close(archive_.get()));
    if (fdatasync(file_.get()) != 0) throw OutputError(what_ + ": " + std::strerror(errno));
  }

  uint64_t position() const { return position_; }

 private:
  struct Free {
    void operator()(struct archive* archive) const { archive_write_free(archive); }
  };

  static la_ssize_t write_some(struct archive* archive, void* self, const void* data, size_t size) {
    auto* file = static_cast<TarFile*>(self);
    if (file->discards_) return static_cast<la_ssize_t>(size);
    try {
      write_all(file->file_.get(), {static_cast<const std::byte*>(data), size}, file->what_);
      file->position_ += size;
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      file->error_ = std::current_exception();
      archive_set_error(archive, EIO, "write");
      return -1;
    }
  }

  void check(int result) {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (result < ARCHIVE_WARN)
      throw OutputError(what_ + ": " + archive_error_string(archive_.get()));
  }

  Descriptor file_;
  std::string what_;
  uint64_t position_;
  bool discards_ = false;  ///< nothing is written any more
  std::exception_ptr error_;
  std::unique_ptr<struct archive, Free> archive_;
};

class TarShards final : public Output {
 public:
  TarShards(const Folder& folder, const Shard& shard, uint64_t limit)
      : folder_(folder), shard_(shard), limit_(limit) {}

  Place store(const Input& input, const Features& features) override {
    if (tar_ && tar_->position() >= limit_) finish();
    if (!tar_) open(0);
    const std::string key = key_of(input.name);
    const std::string header = npy_header(features);
    const std::string about = about_text(input, features);
    Place place{file_name(number_), 0, header.size() + features.bytes.size()};
    tar_->add(key + ".json", {std::as_bytes(std::span(about))});
    place.offset =
        tar_->add(key + ".npy", {std::as_bytes(std::span(header)), std::span(features.bytes)});
    return place;
  }

  bool holds(const IndexLine& line) const override {
    const auto whole = folder_.size_of(line.output);
    const auto part = folder_.size_of(line.output + ".part");
    return std::max(whole.value_or(0), part.value_or(0)) >= end_of(line);
  }
  bool replaces() const override { return false; }

  void check(const Index& index, const std::vector<Input>&) const override {
    unsigned number = 0;
    while (folder_.size_of(file_name(number))) ++number;
    const std::string part = file_name(number) + ".part";
    if (!index.is_ours() && folder_.size_of(part)) refuse_foreign(folder_, part);
  }

  void begin(const Index& index) override {
    while (folder_.size_of(file_name(number_))) ++number_;
    uint64_t end = 0;
    for (const IndexLine& line : index.lines())
      if (line.output == file_name(number_)) end = std::max(end, end_of(line));
    const std::string part = file_name(number_) + ".part";
    if (!folder_.size_of(part)) return;
    // What was written after the last line of the index belongs to nothing.
    if (end > 0)
      open(end);
    else
      folder_.remove(part);
  }

  void end() override { finish(); }

 private:
  static std::string key_of(const std::string& name) {
    const size_t base = name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1;
    return percent_encode(name.substr(0, base), [](char) { return false; }) +
           percent_encode(name.substr(base), [](char c) { return c == '.'; });
  }

  static std::string about_text(const Input& input, const Features& features) {
    const nlohmann::ordered_json about = {{"path", input.name},
                                          {"frames", features.frames},
                                          {"seconds", features.seconds},
                                          {"recipe-id", features.recipe_id}};
    // A name that is no UTF-8 is in the index; here it is for reading only.
    return about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  std::string file_name(unsigned number) const {
    char text[16];
    std::snprintf(text, sizeof text, "-%06u.tar", number);
    return shard_.file_name("features", text);
  }

  void open(uint64_t end) {
    const std::string name = file_name(number_) + ".part";
    Descriptor file = folder_.append_to(name);
    if (ftruncate(file.get(), static_cast<off_t>(end)) != 0)
      throw OutputError(folder_.path() + "/" + name + ": " + std::strerror(errno));
    tar_ = std::make_unique<TarFile>(std::move(file), folder_.path() + "/" + name, end);
  }

  void finish() {
    if (!tar_) return;
    tar_->finish();
    tar_.reset();
    folder_.rename(file_name(number_) + ".part", file_name(number_));
    ++number_;
  }

  const Folder& folder_;
  const Shard shard_;
  const uint64_t limit_;
  unsigned number_ = 0;
  std::unique_ptr<TarFile> tar_;
};

}  // namespace

std::unique_ptr<Output> make_tar_shards(const Folder& folder, const Shard& shard, uint64_t limit) {
  return std::make_unique<TarShards>(folder, shard, limit);
}

}  // namespace npumel::extract
