/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints shape, front end and number of valid frames of every buffer that a launch line yields.
 *
 *   mel_frames SOURCE    e.g. mel_frames "audiotestsrc num-buffers=20 ! audio/x-raw,rate=16000"
 *
 * Plain C over the installed header: cc mel_frames.c $(pkg-config --cflags --libs npumelspec-1.0
 * gstreamer-app-1.0)
 */
#include <gst/app/app.h>
#include <gst/gst.h>
#include <npumelspec.h>

static void print_buffer(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, NPU_MEL_META_NAME);
  gint mels = 0, valid = 0;
  guint64 offset = 0;
  if (gst_structure_get_int(caps, NPU_MEL_FIELD_MELS, &mels) && meta != NULL) {
    const GstStructure* fields = gst_custom_meta_get_structure(meta);
    gst_structure_get_int(fields, NPU_MEL_META_VALID_FRAMES, &valid);
    gst_structure_get_uint64(fields, NPU_MEL_META_FRAME_OFFSET, &offset);
    g_print("%s %s: %" G_GSIZE_FORMAT " frames of %d mels from frame %" G_GUINT64_FORMAT
            ", %d of audio, computed by %s\n",
            gst_structure_get_string(caps, NPU_MEL_FIELD_PRESET),
            gst_structure_get_string(caps, NPU_MEL_FIELD_RECIPE_ID),
            gst_buffer_get_size(buffer) / sizeof(gfloat) / (gsize)mels, mels, offset, valid,
            gst_structure_get_string(fields, NPU_MEL_META_BACKEND));
  }
}

int main(int argc, char** argv) {
  GError* error = NULL;
  gchar* launch;
  GstElement* pipeline;
  GstElement* sink;
  GstSample* sample;
  GstMessage* message;
  int status = 0;
  gst_init(&argc, &argv);
  if (argc != 2) {
    g_printerr("usage: mel_frames SOURCE\n");
    return 2;
  }
  launch = g_strdup_printf(
      "%s ! audioconvert ! audioresample ! npumelspec eos-mode=pad ! " NPU_MEL_MEDIA_TYPE
      "," NPU_MEL_FIELD_FORMAT "=F32LE ! appsink name=sink sync=false",
      argv[1]);
  pipeline = gst_parse_launch(launch, &error);
  g_free(launch);
  if (error != NULL) {
    g_printerr("error: %s\n", error->message);
    return 1;
  }
  sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  do {
    /* With a limit: an error upstream would otherwise be waited for without end. */
    sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 100 * GST_MSECOND);
    if (sample != NULL) {
      print_buffer(sample);
      gst_sample_unref(sample);
    }
    message = gst_bus_pop_filtered(GST_ELEMENT_BUS(pipeline), GST_MESSAGE_ERROR);
    if (message != NULL) {
      gst_message_parse_error(message, &error, NULL);
      g_printerr("error: %s\n", error->message);
      g_error_free(error);
      gst_message_unref(message);
      status = 1;
    }
  } while (status == 0 && !gst_app_sink_is_eos(GST_APP_SINK(sink)));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return status;
}
