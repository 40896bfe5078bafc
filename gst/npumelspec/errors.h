// SPDX-License-Identifier: LGPL-2.1-or-later
// Exceptions of the backend as element errors.
#pragma once

#include <utility>

#include "gst/common/guarded.h"

namespace npumel {

/// post_exception() that also knows BackendError: posts the error code that BackendFault stands
/// for.
void post_element_exception(GstElement* element) noexcept;

/// guarded() for entry points of npumelspec.
template <typename Result, typename Body>
Result guarded_call(gpointer element, Result failed, Body&& body) noexcept {
  return guarded(element, failed, std::forward<Body>(body), post_element_exception);
}

}  // namespace npumel
