// SPDX-License-Identifier: LGPL-2.1-or-later
// What there is to extract: a folder, a list of paths or a JSON-lines manifest, as one list of
// inputs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace npumel::extract {

/// One array of features to be made. File names are bytes, as the file system has them.
struct Input {
  std::string file;                    ///< what to open
  std::string name;                    ///< its name below the output folder, unique in a list
  double offset = 0;                   ///< seconds into the file
  std::optional<double> duration{};    ///< seconds; none = to the end
  std::optional<unsigned> channels{};  ///< that the file must have; none = any
  std::string refusal{};               ///< why a manifest's entry cannot have features, or nothing

  bool operator==(const Input&) const = default;
};

/// An input that has no features, and why, in words.
struct Failure {
  std::string name;
  std::string reason;
};

struct InputList {
  std::vector<Input> inputs;     ///< sorted by name
  std::vector<Failure> refused;  ///< no usable name, a name that occurs twice, unreadable folders
};

/// Reads `source`:
///  a folder         every regular file below it, sorted; links to files are followed, links to
///                   folders are not; name = path below the folder. `skip`, the output folder,
///                   and every other output folder of npumel-extract are left out.
///  JSON lines       NeMo's manifest (audio_filepath, offset, duration; relative paths are relative
///                   to the manifest) and lhotse's recordings and cuts with one file (name = id)
///  lines of text    paths, relative ones to the working directory; empty lines are left out
///  any other file   itself
/// Patterns (fnmatch(3), on the name) keep only names that match one of them; none keeps all.
/// Throws std::runtime_error naming `source` when it cannot be read.
InputList read_inputs(const std::string& source, const std::string& skip,
                      const std::vector<std::string>& patterns);

/// A path as a name below the output folder: relative, without "." and ".." (resolved as text; what
/// leads above the working directory is taken from the root), without a slash in front.
/// None when nothing is left or a part is too long for a file name with a suffix.
std::optional<std::string> safe_name(std::string_view path);

/// Which of `count` shards (0 to count-1) a name belongs to: the first 64 bits of its SHA-256
/// modulo count, so that it depends on neither the order nor the number of inputs.
unsigned shard_of(std::string_view name, unsigned count);

}  // namespace npumel::extract
