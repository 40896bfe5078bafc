// SPDX-License-Identifier: LGPL-2.1-or-later
// GST_OBJECT_LOCK as a scope, so that an exception cannot leave an object locked.
#pragma once

#include <gst/gst.h>

namespace npumel {

/// Holds the lock of a GstObject as long as it lives. Not recursive. Neither post messages nor call
/// into pads while it lives: both take the same lock.
class [[nodiscard]] ObjectLock {
 public:
  explicit ObjectLock(gpointer object) : object_(GST_OBJECT_CAST(object)) {
    GST_OBJECT_LOCK(object_);
  }
  ~ObjectLock() { GST_OBJECT_UNLOCK(object_); }
  ObjectLock(const ObjectLock&) = delete;
  ObjectLock& operator=(const ObjectLock&) = delete;

 private:
  GstObject* object_;
};

/// What `read` returns under the object lock, for reads that are one expression.
template <typename Read>
auto with_lock(gpointer object, Read&& read) {
  const ObjectLock lock(object);
  return read();
}

}  // namespace npumel
