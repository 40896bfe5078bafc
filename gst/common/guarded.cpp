// SPDX-License-Identifier: LGPL-2.1-or-later
// Which element error an exception of the standard library becomes.
#include "gst/common/guarded.h"

#include <exception>
#include <new>
#include <stdexcept>

#include "gst/common/element_error.h"

namespace npumel {

void post_exception(GstElement* element) noexcept {
  try {
    throw;
  } catch (const ElementError& error) {
    if (!claim_error(element)) return;
    gst_element_message_full(element, GST_MESSAGE_ERROR, error.domain(), error.code(),
                             g_strdup(error.what()), nullptr, __FILE__, GST_FUNCTION, __LINE__);
  } catch (const std::bad_alloc&) {
    NPUMEL_ELEMENT_ERROR(element, RESOURCE, NO_SPACE_LEFT, ("Out of memory"), (nullptr));
  } catch (const std::invalid_argument& error) {
    NPUMEL_ELEMENT_ERROR(element, LIBRARY, SETTINGS, ("%s", error.what()), (nullptr));
  } catch (const std::exception& error) {
    NPUMEL_ELEMENT_ERROR(element, LIBRARY, FAILED, ("%s", error.what()), (nullptr));
  } catch (...) {
    NPUMEL_ELEMENT_ERROR(element, LIBRARY, FAILED, ("Unexpected internal error"),
                         ("an exception that is no std::exception"));
  }
}

}  // namespace npumel
