// SPDX-License-Identifier: LGPL-2.1-or-later
// Routes what the backend logs to the debug category npumelspec-backend.
#pragma once

#include <gst/gst.h>

#include "gst/backend/types.h"

namespace npumel {

/// Any thread. Not for longer than the object that lines are attributed to.
class BackendLog final : public BackendLogger {
 public:
  explicit BackendLog(gpointer object);

  bool enabled(LogLevel level) const noexcept override;
  void write(LogLevel level, const char* text) noexcept override;

 private:
  gpointer object_;
};

}  // namespace npumel
