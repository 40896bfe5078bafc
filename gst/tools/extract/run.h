// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole run: which inputs are missing, workers that make them, what is written when.
#pragma once

#include <string>
#include <vector>

#include "gst/tools/extract/extractor.h"
#include "gst/tools/extract/index.h"
#include "gst/tools/extract/output.h"

namespace npumel::extract {

struct Options {
  std::string source;  ///< see read_inputs()
  std::string output;  ///< folder
  Properties properties;
  Form form = Form::npy;
  unsigned jobs = 1;  ///< pipelines side by side
  Shard shard;
  std::vector<std::string> patterns;
  bool dry_run = false;
  unsigned interval = 10;     ///< seconds between JSON lines of progress
  unsigned idle_limit = 300;  ///< seconds without data after which a file is given up
};

/// Exit status of the program.
enum Status {
  kComplete = 0,    ///< every input has features
  kIncomplete = 1,  ///< some have none: failed.jsonl says why
  kUsage = 2,       ///< the settings cannot work; nothing was done
  kStopped = 3      ///< by a signal or the output folder; the same command goes on
};

/// SIGTERM and SIGINT must be blocked in the calling thread before any thread is started: the first
/// ends the run after the files in hand, the second gives those up.
/// Throws std::invalid_argument and std::runtime_error (kUsage), OutputError (kStopped).
Status run(const Options& options);

/// Proves that `count` shards hold every input of `options` exactly once, as features or as a
/// failure, and joins their indexes, failures and script files in the output folder. Says on
/// standard error what is missing, and writes nothing then.
Status merge(const Options& options, unsigned count);

}  // namespace npumel::extract
