// SPDX-License-Identifier: LGPL-2.1-or-later
// Features for whisper.cpp: its own mel computation is replaced by whisper_set_mel().
//
//   whisper_cpp MODEL AUDIO
//
// Every 30 s chunk is computed by npumelspec, exactly as Whisper's pad_or_trim does for the first
// one, and handed over with the axes that whisper_set_mel() wants: [80, 3000]. MODEL must have 80
// mels (tiny to large-v2). With a model that has a vocabulary but no weights, which whisper.cpp
// loads for tests, the program stops after handing over.
#include <ggml-backend.h>
#include <gst/app/app.h>
#include <gst/gst.h>
#include <whisper.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "examples/pull.h"

namespace {

struct Free {
  void operator()(void* object) const { gst_object_unref(object); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(whisper_context* context) const { whisper_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

bool no_weights = false;

void listen_to_log(ggml_log_level /*level*/, const char* text, void* /*user*/) {
  if (std::strstr(text, "assuming empty model") != nullptr) no_weights = true;
}

bool transcribe(whisper_context* context, const float* mel, int frames, int mels) {
  if (whisper_set_mel(context, mel, frames, mels) != 0) return false;
  std::printf("handed over %d frames of %d mels; whisper.cpp holds %d\n", frames, mels,
              whisper_n_len(context));
  if (no_weights) return true;
  // Without samples whisper_full() works on the features it was given.
  whisper_full_params parameters = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
  parameters.print_progress = false;
  if (whisper_full(context, parameters, nullptr, 0) != 0) return false;
  for (int i = 0; i < whisper_full_n_segments(context); ++i)
    std::printf("%s\n", whisper_full_get_segment_text(context, i));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: whisper_cpp MODEL AUDIO\n");
    return 2;
  }
  whisper_log_set(listen_to_log, nullptr);
  ggml_backend_load_all();  // Debian builds the CPU code as a plugin of ggml
  const Owned<whisper_context> context(
      whisper_init_from_file_with_params(argv[1], whisper_context_default_params()));
  if (!context) {
    std::fprintf(stderr, "error: %s is no model that whisper.cpp loads\n", argv[1]);
    return 1;
  }

  const Owned<GstElement> pipeline(
      gst_parse_launch("filesrc name=file ! decodebin ! audioconvert ! audioresample ! npumelspec "
                       "preset=whisper80 frames=3000 eos-mode=pad normalize=buffer "
                       "layout=mel-major ! appsink name=sink sync=false max-buffers=2",
                       nullptr));
  if (!pipeline) return 1;
  read_file(pipeline.get(), argv[2]);
  const Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  int chunks = 0;
  bool failed = false;
  while (!failed) {
    const Owned<GstSample> sample(next_sample(pipeline.get(), sink.get(), failed));
    if (!sample) break;
    GstMapInfo map;
    gst_buffer_map(gst_sample_get_buffer(sample.get()), &map, GST_MAP_READ);
    failed = !transcribe(context.get(), reinterpret_cast<const float*>(map.data), 3000, 80);
    gst_buffer_unmap(gst_sample_get_buffer(sample.get()), &map);
    ++chunks;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return !failed && chunks > 0 ? 0 : 1;
}
