// SPDX-License-Identifier: LGPL-2.1-or-later
// The shared list of factories gives decodebin the choice it would have made by itself.
#include "gst/tools/extract/decoders.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gst/common/pointers.h"

namespace npumel::extract {
namespace {

struct Unref {
  void operator()(GstElement* element) const { gst_object_unref(element); }
};

std::vector<std::string> choice_of(GstElement* decodebin, const char* text) {
  const CapsPtr caps(gst_caps_from_string(text));
  GValueArray* array = nullptr;
  g_signal_emit_by_name(decodebin, "autoplug-factories", nullptr, caps.get(), &array);
  std::vector<std::string> names;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS  // the signal's type is GValueArray
      for (guint i = 0; i < array->n_values; ++i)
          names.emplace_back(GST_OBJECT_NAME(g_value_get_object(g_value_array_get_nth(array, i))));
  g_value_array_free(array);
  G_GNUC_END_IGNORE_DEPRECATIONS
  return names;
}

constexpr const char* kMediaType = "audio/x-npumel-test";

/// Registers an element of `klass` that takes kMediaType and does nothing.
void register_element(const char* name, const char* klass, guint rank) {
  GTypeQuery query;
  g_type_query(GST_TYPE_ELEMENT, &query);
  const GClassInitFunc class_init = [](gpointer element_class, gpointer klass_text) {
    gst_element_class_set_metadata(GST_ELEMENT_CLASS(element_class), "Test",
                                   static_cast<const char*>(klass_text), "Does nothing", "Nobody");
    gst_element_class_add_pad_template(GST_ELEMENT_CLASS(element_class),
                                       gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                                                            gst_caps_new_empty_simple(kMediaType)));
  };
  const GTypeInfo info = {
      static_cast<guint16>(query.class_size),    nullptr, nullptr, class_init, nullptr, klass,
      static_cast<guint16>(query.instance_size), 0,       nullptr, nullptr};
  gst_element_register(nullptr, name, rank,
                       g_type_register_static(GST_TYPE_ELEMENT, name, &info, GTypeFlags(0)));
}

TEST(Decoders, AreThoseOfDecodebinInItsOrder) {
  gst_init(nullptr, nullptr);
  register_element("npumeltestdecoder", "Codec/Decoder/Audio", GST_RANK_PRIMARY);
  register_element("npumeltestparser", "Codec/Parser/Audio", GST_RANK_MARGINAL);
  const std::unique_ptr<GstElement, Unref> plain(
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("decodebin", nullptr))));
  const std::unique_ptr<GstElement, Unref> served(
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("decodebin", nullptr))));
  const Decoders decoders;
  decoders.serve(served.get());
  size_t found = 0;
  for (const char* caps :
       {"audio/x-wav", "audio/x-flac", "audio/x-flac, framed=(boolean)true", "application/ogg",
        "audio/mpeg, mpegversion=(int)1, layer=(int)3", "audio/mpeg, mpegversion=(int)4",
        "audio/x-opus", "video/quicktime", "video/x-matroska", "video/webm", "application/x-id3",
        "audio/x-raw, rate=(int)8000, channels=(int)1", "text/plain", kMediaType}) {
    const std::vector<std::string> expected = choice_of(plain.get(), caps);
    EXPECT_EQ(choice_of(served.get(), caps), expected) << caps;
    found += expected.size();
  }
  EXPECT_GT(found, 5U) << "no decoders are installed: nothing was compared";
  EXPECT_EQ(choice_of(served.get(), kMediaType),
            (std::vector<std::string>{"npumeltestparser", "npumeltestdecoder"}));
}

}  // namespace
}  // namespace npumel::extract
