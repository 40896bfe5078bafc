// SPDX-License-Identifier: LGPL-2.1-or-later
// index.jsonl and failed.jsonl: what has features, where, and what has none, and why.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gst/tools/extract/folder.h"
#include "gst/tools/extract/input.h"

namespace npumel::extract {

/// Shard `number` of `count`, from 0; count 1 = all there is.
struct Shard {
  unsigned number = 0, count = 1;
  /// "feats.jsonl" of shard 3 of 16 is "feats.00003-of-00016.jsonl".
  std::string file_name(const std::string& stem, const std::string& extension) const;
};

/// One line of index.jsonl: an input that has features.
struct IndexLine {
  std::string path;     ///< Input::name
  std::string output;   ///< file below the output folder
  uint64_t offset = 0;  ///< of the array in that file, in bytes
  uint64_t bytes = 0;   ///< length of the array as it stands there, with its header
  std::string format;   ///< npy, tar or ark
  uint64_t frames = 0;
  double seconds = 0;
  std::string recipe_id, settings_id;
  std::string sha256;  ///< of the numbers alone, 64 hex digits
  std::string backend, version;
  uint64_t input_size = 0;
  int64_t input_time = 0;                    ///< modification time, ns since 1970
  double input_offset = 0;                   ///< Input::offset
  std::optional<double> input_duration{};    ///< Input::duration
  std::optional<unsigned> input_channels{};  ///< Input::channels

  bool operator==(const IndexLine&) const = default;
};

/// JSON has no other text than UTF-8: other bytes of `path` and `output` are written as %XX, '%' as
/// %25, and a field path-encoding says so.
std::string to_json(const IndexLine& line);
/// None when the line is not whole.
std::optional<IndexLine> index_line(const std::string& json);
std::string to_json(const Failure& failure);
std::optional<Failure> failure_line(const std::string& json);

/// The two files of one shard. Methods throw OutputError. Any thread.
class Index {
 public:
  /// Reads what earlier runs left. A last line that was being written is forgotten. Throws
  /// std::invalid_argument when one of the files has lines that npumel-extract did not write.
  Index(const Folder& folder, const Shard& shard);

  /// Whether the folder holds work of earlier runs: one of them marked it, or left lines here.
  bool is_ours() const { return is_ours_; }

  /// What earlier runs left, until forget(). Lines of this run are only written.
  std::optional<IndexLine> find(const std::string& path) const;
  std::vector<IndexLine> lines() const;
  /// Keeps only lines for which `keep` is true, and starts failed.jsonl anew.
  template <typename Keep>
  void begin(Keep&& keep) {
    std::erase_if(lines_, [&](const auto& item) { return !keep(item.second); });
    rewrite();
  }
  /// Frees what earlier runs left: a corpus has millions of lines.
  void forget() { lines_.clear(); }
  void add(const IndexLine& line);
  void add(const Failure& failure);

 private:
  void rewrite();

  const Folder& folder_;
  std::string index_name_, failed_name_;
  bool is_ours_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, IndexLine> lines_;  ///< by path
  Descriptor index_, failed_;
};

}  // namespace npumel::extract
