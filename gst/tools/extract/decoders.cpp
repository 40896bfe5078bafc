// SPDX-License-Identifier: LGPL-2.1-or-later
// decodebin's choice of elements, from a list that all pipelines share.
#include "gst/tools/extract/decoders.h"

namespace npumel::extract {
namespace {

/// As decodebin sorts: parsers before decoders, so that these get whole frames; then by rank.
gint compare(gconstpointer a, gconstpointer b) {
  const auto is_parser = [](gconstpointer factory) {
    return gst_element_factory_list_is_type(
               static_cast<GstElementFactory*>(const_cast<gpointer>(factory)),
               GST_ELEMENT_FACTORY_TYPE_PARSER) != FALSE;
  };
  if (is_parser(a) != is_parser(b)) return is_parser(a) ? -1 : 1;
  return gst_plugin_feature_rank_compare_func(a, b);
}

}  // namespace

Decoders::Decoders()
    : factories_(g_list_sort(gst_element_factory_list_get_elements(
                                 GST_ELEMENT_FACTORY_TYPE_DECODABLE, GST_RANK_MARGINAL),
                             compare)) {}

Decoders::~Decoders() { gst_plugin_feature_list_free(factories_); }

void Decoders::serve(GstElement* decodebin) const {
  g_signal_connect(decodebin, "autoplug-factories", G_CALLBACK(choose),
                   const_cast<Decoders*>(this));
}

GValueArray* Decoders::choose(GstElement*, GstPad*, GstCaps* caps, gpointer self) {
  GList* fitting = gst_element_factory_list_filter(static_cast<const Decoders*>(self)->factories_,
                                                   caps, GST_PAD_SINK, gst_caps_is_fixed(caps));
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS  // the signal's type is GValueArray
      GValueArray* array = g_value_array_new(g_list_length(fitting));
  for (const GList* item = fitting; item != nullptr; item = item->next) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_ELEMENT_FACTORY);
    g_value_set_object(&value, item->data);
    g_value_array_append(array, &value);
    g_value_unset(&value);
  }
  G_GNUC_END_IGNORE_DEPRECATIONS
  gst_plugin_feature_list_free(fitting);
  return array;
}

}  // namespace npumel::extract
