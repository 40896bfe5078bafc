// SPDX-License-Identifier: LGPL-2.1-or-later
// What the streaming thread learns about the backend and its samples, as messages of the element.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "gst/backend/types.h"

namespace npumel {

/// Belongs to the streaming thread, or to state changes while no data flows. The element outlives
/// it; its lock must not be held.
class BackendMessages {
 public:
  explicit BackendMessages(GstElement* element) : element_(element) {}

  /// A start: samples are warned of again. The backend that was active stays known.
  void restart() { nonfinite_warned_ = false; }

  /// Posts an element message `npumelspec-backend` for each notice, and a warning where one is due.
  /// Returns whether one of them says that the NPU is in use.
  bool post(const std::vector<BackendNotice>& notices);
  /// Notifies `active-backend` when it has another value than the last time. `backend`: a literal.
  void notify_active(const char* backend) {
    if (backend != last_) notify(backend);
  }
  /// Warns, once a start, when `count` samples are NaN or infinite.
  void warn_of_nonfinite(uint64_t count) {
    if (count > 0) warn();
  }

 private:
  void notify(const char* backend);
  void warn();

  GstElement* element_;
  const char* last_ = nullptr;  ///< what notify_active() was called with last
  std::string active_;
  bool nonfinite_warned_ = false;
};

}  // namespace npumel
