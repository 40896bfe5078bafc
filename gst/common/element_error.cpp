// SPDX-License-Identifier: LGPL-2.1-or-later
// Remembers in an element's qdata whether it has posted an error.
#include "gst/common/element_error.h"

namespace npumel {
namespace {

constexpr const char* kFollowsError = "npumelspec-follows-error";

GQuark posted_quark() noexcept {
  static const GQuark quark = g_quark_from_static_string("npumel-posted-error");
  return quark;
}

}  // namespace

bool claim_error(GstElement* element) noexcept {
  // Compare and exchange: of two threads one posts.
  return g_object_replace_qdata(G_OBJECT(element), posted_quark(), nullptr, GINT_TO_POINTER(1),
                                nullptr, nullptr) != FALSE;
}

bool has_posted_error(GstElement* element) noexcept {
  return g_object_get_qdata(G_OBJECT(element), posted_quark()) != nullptr;
}

EventPtr mark_eos(GstElement* element, EventPtr eos) noexcept {
  if (!has_posted_error(element)) return eos;
  EventPtr marked(gst_event_make_writable(eos.release()));
  gst_structure_set(gst_event_writable_structure(marked.get()), kFollowsError, G_TYPE_BOOLEAN, TRUE,
                    nullptr);
  return marked;
}

bool follows_error(GstEvent* eos) noexcept {
  const GstStructure* structure = gst_event_get_structure(eos);
  return structure != nullptr && gst_structure_has_field(structure, kFollowsError) != FALSE;
}

void reset_errors(GstElement* element) noexcept {
  g_object_set_qdata(G_OBJECT(element), posted_quark(), nullptr);
}

}  // namespace npumel
