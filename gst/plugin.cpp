// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers the elements. Touches no device: this runs inside gst-plugin-scanner.
#include <gst/gst.h>

#include "gst/melspecscope/gstmelspecscope.h"
#include "gst/meltransform/gstmeltransform.h"
#include "gst/npumelspec/gstnpumelspec.h"
#include "gst/npyenc/gstnpyenc.h"

namespace {

gboolean plugin_init(GstPlugin* plugin) {
  return GST_ELEMENT_REGISTER(npumelspec, plugin) && GST_ELEMENT_REGISTER(npyenc, plugin) &&
         GST_ELEMENT_REGISTER(melspecscope, plugin) && GST_ELEMENT_REGISTER(meltransform, plugin);
}

}  // namespace

#define PACKAGE "npumelspec"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, npumelspec,
                  "Mel-spectrogram features from audio, on an AMD Ryzen AI NPU or the CPU",
                  plugin_init, PACKAGE_VERSION, "LGPL", "npumelspec", "npumelspec")
