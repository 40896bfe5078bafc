// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON-lines manifests of NeMo and lhotse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gst/tools/extract/input.h"

namespace npumel::extract {

/// What editors of some systems put before a text.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// One input a line. NeMo: audio_filepath (relative to the manifest), offset, duration; the name is
/// the path, with _OFFSET_DURATION in seconds where an offset is given or another entry has the
/// same file. lhotse: a recording (id, sources) or a cut (id, start, duration, recording) whose
/// only source is a file; where it names channels, they must be all that the file has. Throws
/// std::runtime_error with the line's number for a line that is neither.
std::vector<Input> read_manifest(const std::string& path);

}  // namespace npumel::extract
