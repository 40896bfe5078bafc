// SPDX-License-Identifier: LGPL-2.1-or-later
// The pipeline behind one array of features, for one run.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "gst/common/pointers.h"
#include "gst/tools/extract/extractor.h"

namespace npumel::extract {

/// Sets a property from a text. Throws std::invalid_argument, see Extractor.
void set_property(GstElement* element, const std::string& name, const std::string& text);

class Pipeline {
 public:
  /// Throws std::invalid_argument for a property, std::runtime_error when an element is missing.
  explicit Pipeline(const Properties& properties);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Throws InputError.
  Features run(const Input& input, const Decoders& decoders, unsigned idle_limit,
               const std::atomic<bool>& stop);
  /// A moment of silence: whether the settings work at all. Throws InputError.
  void run_on_silence();

 private:
  struct ObjectRelease {
    void operator()(GstElement* element) const {
      gst_element_set_state(element, GST_STATE_NULL);
      gst_object_unref(element);
    }
    void operator()(GstBus* bus) const { gst_object_unref(bus); }
  };

  GstElement* add(const char* factory);
  void build_tail();
  void run_to_end(unsigned idle_limit, const std::atomic<bool>& stop);
  void take(GstSample* sample);
  Features result();

  static gboolean continue_plugging(GstElement*, GstPad*, GstCaps* caps, gpointer);
  static void link_pad(GstElement*, GstPad* pad, gpointer self);
  static void end_of_pads(GstElement* decoder, gpointer self);
  static GstPadProbeReturn watch(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstFlowReturn new_sample(GstElement* sink, gpointer self);

  std::unique_ptr<GstElement, ObjectRelease> pipeline_;
  std::unique_ptr<GstBus, ObjectRelease> bus_;
  // Owned by the pipeline.
  GstElement* convert_ = nullptr;
  GstElement* mel_ = nullptr;
  GstElement* sink_ = nullptr;

  Input range_;                       ///< offset and duration; written before the pipeline starts
  std::atomic<uint64_t> buffers_{0};  ///< that reached npumelspec: a sign of life
  std::string problem_;               ///< of the streaming thread; read after EOS
  Features features_;                 ///< streaming thread, until EOS
};

}  // namespace npumel::extract
