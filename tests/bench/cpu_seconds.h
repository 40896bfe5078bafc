// SPDX-License-Identifier: LGPL-2.1-or-later
// The processor time that benchmarks of pipelines compare.
#pragma once

#include <sys/resource.h>

namespace npumel {

/// Of all threads of this process so far, in user and system mode.
inline double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace npumel
