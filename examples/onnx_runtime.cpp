// SPDX-License-Identifier: LGPL-2.1-or-later
// Features for ONNX Runtime.
//
//   onnx_runtime MODEL AUDIO [PROPERTIES]
//
// MODEL has one float input of shape (1, frames, mels) and one float output, which is printed for
// every buffer. PROPERTIES are npumelspec's; give frames and eos-mode=pad as the model's shape
// wants. The buffer's memory is the model's input: nothing is copied.
#include <gst/app/app.h>
#include <gst/gst.h>
#include <onnxruntime_cxx_api.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "examples/pull.h"

namespace {

struct Free {
  void operator()(void* object) const { gst_object_unref(object); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void infer(Ort::Session& session, GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  int mels = 0;
  gst_structure_get_int(gst_caps_get_structure(gst_sample_get_caps(sample), 0), "mels", &mels);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  const size_t count = map.size / sizeof(float);
  const std::array<int64_t, 3> shape = {1, static_cast<int64_t>(count) / mels, mels};
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const auto input = Ort::Value::CreateTensor<float>(memory, reinterpret_cast<float*>(map.data),
                                                     count, shape.data(), shape.size());

  const Ort::AllocatorWithDefaultOptions allocator;
  const auto input_name = session.GetInputNameAllocated(0, allocator);
  const auto output_name = session.GetOutputNameAllocated(0, allocator);
  const std::array<const char*, 1> inputs = {input_name.get()};
  const std::array<const char*, 1> outputs = {output_name.get()};
  const auto result =
      session.Run(Ort::RunOptions{nullptr}, inputs.data(), &input, 1, outputs.data(), 1);
  gst_buffer_unmap(buffer, &map);

  const auto* values = result.front().GetTensorData<float>();
  const size_t n = result.front().GetTensorTypeAndShapeInfo().GetElementCount();
  std::printf("%.3f:", static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_SECOND);
  for (size_t i = 0; i < n; ++i) std::printf(" %.9g", static_cast<double>(values[i]));
  std::printf("\n");
}

int run(const char* model, const char* audio, const std::string& properties) {
  const Ort::Env environment(ORT_LOGGING_LEVEL_WARNING, "npumelspec");
  Ort::Session session(environment, model, Ort::SessionOptions());
  const std::string launch =
      "filesrc name=file ! decodebin ! audioconvert ! audioresample ! npumelspec " + properties +
      " ! audio/x-mel-spectrogram,format=F32LE,layout=frame-major"
      " ! appsink name=sink sync=false max-buffers=4";
  const Owned<GstElement> pipeline(gst_parse_launch(launch.c_str(), nullptr));
  if (!pipeline) return 1;
  read_file(pipeline.get(), audio);
  const Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  int buffers = 0;
  bool failed = false;
  while (const Owned<GstSample> sample{next_sample(pipeline.get(), sink.get(), failed)}) {
    infer(session, sample.get());
    ++buffers;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return !failed && buffers > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 3) {
    std::fprintf(stderr, "usage: onnx_runtime MODEL AUDIO [PROPERTIES]\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2], argc > 3 ? argv[3] : "");
  } catch (const Ort::Exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
