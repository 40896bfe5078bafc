// SPDX-License-Identifier: LGPL-2.1-or-later
// What the programs share: the file to read, and the next buffer or the end of the pipeline.
#pragma once

#include <gst/app/app.h>
#include <gst/gst.h>

#include <cstdio>

/// What the filesrc called "file" reads. A name may hold any character, so it is no part of a
/// launch line, where it could be read as elements.
inline void read_file(GstElement* pipeline, const char* name) {
  GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "file");
  g_object_set(source, "location", name, nullptr);
  gst_object_unref(source);
}

/// Waits for a sample. Null at the end of the stream, or after an error, which is printed and sets
/// `failed`: gst_app_sink_pull_sample() alone would wait for ever when an element upstream fails.
inline GstSample* next_sample(GstElement* pipeline, GstElement* sink, bool& failed) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstSample* sample = nullptr;
  while (sample == nullptr && !failed && !gst_app_sink_is_eos(GST_APP_SINK(sink))) {
    sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 100 * GST_MSECOND);
    GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    if (message == nullptr) continue;
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    std::fprintf(stderr, "error: %s\n", error->message);
    failed = true;
    g_error_free(error);
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return sample;
}
