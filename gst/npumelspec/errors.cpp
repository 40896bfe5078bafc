// SPDX-License-Identifier: LGPL-2.1-or-later
// Which element error a BackendError becomes.
#include "gst/npumelspec/errors.h"

#include "gst/backend/types.h"
#include "gst/common/element_error.h"

namespace npumel {
namespace {

void post_fault(GstElement* element, const BackendError& error) {
  const char* what = error.what();
  switch (error.fault()) {
    case BackendFault::library_missing:
      NPUMEL_ELEMENT_ERROR(element, LIBRARY, INIT, ("The NPU cannot be used: %s", what), (nullptr));
      break;
    case BackendFault::not_found:
      NPUMEL_ELEMENT_ERROR(element, RESOURCE, NOT_FOUND,
                           ("No usable NPU: %s; backend=auto computes on the CPU", what),
                           (nullptr));
      break;
    case BackendFault::busy:
      NPUMEL_ELEMENT_ERROR(element, RESOURCE, BUSY, ("The NPU is busy: %s", what), (nullptr));
      break;
    case BackendFault::permission:
      NPUMEL_ELEMENT_ERROR(element, RESOURCE, OPEN_READ_WRITE, ("No access to the NPU: %s", what),
                           (nullptr));
      break;
    case BackendFault::bad_package:
      NPUMEL_ELEMENT_ERROR(element, RESOURCE, READ, ("Bad kernel package: %s", what), (nullptr));
      break;
    case BackendFault::failed:
      NPUMEL_ELEMENT_ERROR(element, RESOURCE, FAILED, ("The NPU failed: %s", what), (nullptr));
      break;
    case BackendFault::unsupported:
      NPUMEL_ELEMENT_ERROR(element, CORE, NEGOTIATION, ("No NPU kernel for this recipe: %s", what),
                           ("use backend=auto or backend=software"));
      break;
  }
}

}  // namespace

void post_element_exception(GstElement* element) noexcept {
  try {
    throw;
  } catch (const BackendError& error) {
    post_fault(element, error);
  } catch (...) {
    post_exception(element);
  }
}

}  // namespace npumel
