// SPDX-License-Identifier: LGPL-2.1-or-later
// Where features go: a tree of .npy files, tar shards of them, or a Kaldi archive.
#pragma once

#include <memory>
#include <string>

#include "gst/tools/extract/extractor.h"
#include "gst/tools/extract/folder.h"
#include "gst/tools/extract/index.h"

namespace npumel::extract {

/// Where an array was stored: IndexLine's fields of the same names.
struct Place {
  std::string output;
  uint64_t offset = 0, bytes = 0;
};

/// Methods throw OutputError when the folder cannot be written any more and std::invalid_argument
/// when this one array cannot be stored. Where replaces() is false: one thread at a time, which
/// writes the line of the index before the next store(), so that a file is complete only when the
/// index has everything in it.
class Output {
 public:
  virtual ~Output() = default;
  virtual Place store(const Input& input, const Features& features) = 0;
  /// Whether what the index says is there.
  virtual bool holds(const IndexLine& line) const = 0;
  /// Whether an array can be stored again under its name. Where not, changed inputs need a folder
  /// of their own.
  virtual bool replaces() const = 0;
  /// Throws std::invalid_argument when a file that this would go on with or replace is not ours.
  /// Writes nothing. To be called before the index begins.
  virtual void check(const Index& index, const std::vector<Input>& inputs) const = 0;
  /// Takes up after what `index` holds. To be called once, before store().
  virtual void begin(const Index& index) = 0;
  /// Completes the files of this run.
  virtual void end() = 0;
};

enum class Form { npy, tar, ark };
/// As in IndexLine::format.
const char* name_of(Form form);
/// Throws std::invalid_argument, for Output::check(): `name` was not written by npumel-extract.
[[noreturn]] void refuse_foreign(const Folder& folder, const std::string& name);

/// `settings` must fit the form: std::invalid_argument says what does not. (A Kaldi matrix holds
/// float32 frames.)
std::unique_ptr<Output> make_output(Form form, const Folder& folder, const Shard& shard,
                                    const Properties& settings);

std::unique_ptr<Output> make_npy_tree(const Folder& folder);
/// Uncompressed tar files of about 256 MB, features-000000.tar and so on, in WebDataset's
/// convention: for each array KEY.json, which says where it comes from, then KEY.npy. KEY is the
/// name with '%' and the dots of its last part percent-encoded, because the first dot ends a key. A
/// file has the suffix .part until it is complete. `limit`: bytes after which a file is complete.
std::unique_ptr<Output> make_tar_shards(const Folder& folder, const Shard& shard,
                                        uint64_t limit = uint64_t{256} << 20);
/// feats.ark and feats.scp: uncompressed float32 matrices. Utterance ids are names with blanks,
/// control characters and '%' percent-encoded.
std::unique_ptr<Output> make_kaldi_archive(const Folder& folder, const Shard& shard);

/// The header of a .npy file (version 1.0, padded to 64 bytes) for these features.
std::string npy_header(const Features& features);

}  // namespace npumel::extract
