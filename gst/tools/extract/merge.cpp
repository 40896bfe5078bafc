// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins the indexes of shards, once every input is accounted for exactly once.
#include <glib.h>

#include <map>
#include <sstream>

#include "gst/tools/extract/run.h"

namespace npumel::extract {
namespace {

class Ledger {
 public:
  explicit Ledger(unsigned count) : count_(count) {}

  void read(const Folder& folder, const Shard& shard) {
    const Index index(folder, shard);
    for (const IndexLine& line : index.lines()) {
      if (!first_) first_ = line;
      if (line.settings_id != first_->settings_id || line.format != first_->format)
        throw std::invalid_argument("shard " + std::to_string(shard.number) +
                                    " was made with other settings or in another form than " +
                                    first_->path + ": shards of one corpus have the same");
      shards_[line.path].push_back(shard.number);
      index_ += to_json(line) + '\n';
    }
    std::istringstream failed(folder.read(shard.file_name("failed", ".jsonl")).value_or(""));
    for (std::string text; std::getline(failed, text);) {
      const auto failure = failure_line(text);
      if (!failure) continue;
      shards_[failure->name].push_back(shard.number);
      failed_ += text + '\n';
      ++failures_;
    }
    script_ += folder.read(shard.file_name("feats", ".scp")).value_or("");
  }

  /// What was joined before is replaced, but not by another form: its archives would be lost.
  void compare(const Index& joined) const {
    for (const IndexLine& line : joined.lines())
      if (first_ && line.format != first_->format)
        throw std::invalid_argument("the output folder holds features in the form " + line.format +
                                    ": use another one");
  }

  /// The number of inputs that are missing, or there more than once or in the wrong shard.
  size_t problems(const InputList& list) {
    size_t found = 0;
    for (const Input& input : list.inputs) {
      const std::vector<unsigned>& shards = shards_[input.name];
      const unsigned own = shard_of(input.name, count_);
      if (shards.size() == 1 && shards[0] == own) continue;
      ++found;
      if (shards.empty())
        g_printerr("%s: missing, run shard %u again\n", input.name.c_str(), own);
      else
        g_printerr("%s: accounted for %zu times, belongs to shard %u\n", input.name.c_str(),
                   shards.size(), own);
    }
    return found;
  }

  Status write(const Folder& folder) const {
    folder.replace("index.jsonl", index_);
    folder.replace("failed.jsonl", failed_);
    if (!script_.empty()) folder.replace("feats.scp", script_);
    return failures_ > 0 ? kIncomplete : kComplete;
  }

 private:
  const unsigned count_;
  std::map<std::string, std::vector<unsigned>> shards_;  ///< that have a line about an input
  std::optional<IndexLine> first_;                       ///< of all lines
  std::string index_, failed_, script_;
  size_t failures_ = 0;
};

}  // namespace

Status merge(const Options& options, unsigned count) {
  const Folder folder(options.output, "", Folder::Missing::leave);
  if (!folder.exists())
    throw std::invalid_argument(folder.path() + ": there is no such folder, and no shard");
  const Descriptor lock = folder.lock(kLockFile, false);
  if (!lock) throw OutputError(folder.path() + ": a shard is still being written");
  const Index joined(folder, {});
  if (joined.lines().empty() && folder.size_of("feats.scp")) refuse_foreign(folder, "feats.scp");
  Ledger ledger(count);
  for (unsigned number = 0; number < count; ++number) ledger.read(folder, {number, count});
  const InputList list = read_inputs(options.source, options.output, options.patterns);
  ledger.compare(joined);
  const size_t problems = ledger.problems(list);
  if (problems > 0) {
    g_printerr("%zu of %zu inputs are not accounted for exactly once: nothing was joined\n",
               problems, list.inputs.size());
    return kStopped;
  }
  const Status status = ledger.write(folder);
  g_printerr("%zu inputs, each accounted for exactly once\n", list.inputs.size());
  return status;
}

}  // namespace npumel::extract
