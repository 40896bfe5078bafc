// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON-lines manifests of NeMo and lhotse.
#pragma once

#include <string>
#include <vector>

#include "gst/tools/extract/input.h"

namespace npumel::extract {

/// One input a line. NeMo: audio_filepath (relative to the manifest), offset, duration; the name is
/// the path, with _OFFSET_DURATION in seconds where an offset is given. lhotse: a recording (id,
/// sources) or a mono cut (id, start, duration, recording) whose only source is a file.
/// Throws std::runtime_error with the line's number for a line that is neither.
std::vector<Input> read_manifest(const std::string& path);

}  // namespace npumel::extract
