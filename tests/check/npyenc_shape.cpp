// SPDX-License-Identifier: LGPL-2.1-or-later
// npyenc: what the file holds, for every mode and layout.
#include "tests/check/npyenc_support.h"

using namespace npumel::check;
using Shape = std::vector<uint64_t>;

CHECK_TEST(registered_with_concat_as_default) {
  const Owned<GstElement> element(gst_element_factory_make("npyenc", nullptr));
  fail_unless(element);
  int mode = -1;
  g_object_get(element.get(), "mode", &mode, nullptr);
  ASSERT_EQUAL(mode, 0);
  const Owned<GstElementFactory> factory(gst_element_factory_find("npyenc"));
  ASSERT_EQUAL(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory.get())), GST_RANK_NONE);
}

CHECK_TEST(concat_appends_frame_major_buffers) {
  NpyWriter writer;
  writer.caps({});
  ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_OK);
  ASSERT_EQUAL(writer.push(counting(15, 15)), GST_FLOW_OK);
  fail_unless(writer.eos());
  const NpyFile file = writer.file();
  fail_unless(file.descr == "<f4");
  fail_unless(file.shape == Shape({6, 5}));
  fail_unless(file.values<float>() == counting(30));
  ASSERT_EQUAL(writer.error().code, -1);
}

CHECK_TEST(concat_takes_buffers_of_any_number_of_frames) {
  NpyWriter writer;
  writer.caps({.frames = 1, .stride = 3});  // as npumelspec first-frames=1 frames=3
  writer.push(counting(5));
  writer.caps({.frames = 3});
  writer.push(counting(15, 5));
  writer.caps({.frames = 2, .stride = 3});  // a short last buffer
  ASSERT_EQUAL(writer.push(counting(10, 20)), GST_FLOW_OK);
  writer.eos();
  fail_unless(writer.file().shape == Shape({6, 5}));
  fail_unless(writer.file().values<float>() == counting(30));
}

CHECK_TEST(concat_writes_one_mel_major_buffer_as_mels_by_frames) {
  NpyWriter writer;
  writer.caps({.layout = "mel-major", .frames = 0, .stride = 0});
  ASSERT_EQUAL(writer.push(counting(5 * 7)), GST_FLOW_OK);
  writer.eos();
  fail_unless(writer.file().shape == Shape({5, 7}));
  fail_unless(writer.file().values<float>() == counting(35));
}

CHECK_TEST(float16_is_written_as_f2) {
  NpyWriter writer;
  writer.caps({.format = "F16LE"});
  std::vector<uint16_t> halves(15);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(0x3c00 + i);
  ASSERT_EQUAL(writer.push(buffer_of(halves)), GST_FLOW_OK);
  writer.eos();
  const NpyFile file = writer.file();
  fail_unless(file.descr == "<f2");
  fail_unless(file.shape == Shape({3, 5}));
  fail_unless(file.values<uint16_t>() == halves);
}

CHECK_TEST(stack_adds_a_leading_axis) {
  for (const bool mel_major : {false, true}) {
    NpyWriter writer("stack");
    writer.caps({.layout = mel_major ? "mel-major" : "frame-major"});
    for (int i = 0; i < 4; ++i)
      ASSERT_EQUAL(writer.push(counting(15, 15.0F * static_cast<float>(i))), GST_FLOW_OK);
    writer.eos();
    const NpyFile file = writer.file();
    fail_unless(file.shape == (mel_major ? Shape({4, 5, 3}) : Shape({4, 3, 5})));
    fail_unless(file.values<float>() == counting(60));
  }
}

CHECK_TEST(stack_takes_overlapping_buffers) {
  NpyWriter writer("stack");
  writer.caps({.stride = 1});
  writer.push(counting(15));
  ASSERT_EQUAL(writer.push(counting(15, 5)), GST_FLOW_OK);
  writer.eos();
  fail_unless(writer.file().shape == Shape({2, 3, 5}));
}

CHECK_TEST(a_stream_without_frames_is_an_empty_array) {
  struct {
    const char* mode;
    const char* layout;
    Shape shape;
  } const cases[] = {{"concat", "frame-major", {0, 5}},
                     {"concat", "mel-major", {5, 0}},
                     {"stack", "frame-major", {0, 3, 5}},
                     {"stack", "mel-major", {0, 5, 3}}};
  for (const auto& expected : cases) {
    NpyWriter writer(expected.mode);
    writer.caps({.layout = expected.layout});
    fail_unless(writer.eos());
    fail_unless(writer.file().shape == expected.shape);
    ASSERT_EQUAL(writer.error().code, -1);
  }
}

CHECK_TEST(features_are_written_as_mel_rows_are) {
  const std::string features =
      "audio/x-speech-features,format=F32LE,layout=frame-major,dims=560,rate=16000,hop-length=960,"
      "kind=mel+stack,transform-id=(string)0123456789abcdef,framerate=50/9,frames=";
  for (const char* mode : {"concat", "stack"}) {
    NpyWriter writer(mode);
    writer.caps_text(features + "3");
    ASSERT_EQUAL(writer.push(counting(3 * 560)), GST_FLOW_OK);
    ASSERT_EQUAL(writer.push(counting(3 * 560, 3 * 560)), GST_FLOW_OK);
    const bool concat = std::string("concat") == mode;
    if (concat) {
      writer.caps_text(features + "1");  // a short last buffer
      ASSERT_EQUAL(writer.push(counting(560, 6 * 560)), GST_FLOW_OK);
    }
    writer.eos();
    ASSERT_EQUAL(writer.error().code, -1);
    fail_unless(writer.file().shape == (concat ? Shape({7, 560}) : Shape({2, 3, 560})));
    fail_unless(writer.file().values<float>() == counting((concat ? 7 : 6) * 560));
  }
}

CHECK_TEST(one_file_holds_one_kind_of_features) {
  const std::string features =
      "audio/x-speech-features,format=F32LE,layout=frame-major,dims=5,frames=3,rate=16000,"
      "hop-length=160,kind=mel+dct,transform-id=(string)";
  NpyWriter writer;
  writer.caps_text(features + "0123456789abcdef");
  writer.push(counting(15));
  writer.caps_text(features + "1123456789abcdef");
  const PostedError error = writer.error();
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("transform-id from 0123456789abcdef to 1123456789abcdef"), "%s",
              error.text.c_str());
}

CHECK_TEST(numpy_reads_the_file) {
  for (const char* mode : {"concat", "stack"}) {
    NpyWriter writer(mode);
    writer.caps({.mels = 80, .frames = 100, .stride = 100});
    for (int i = 0; i < 3; ++i) writer.push(counting(8000, 8000.0F * static_cast<float>(i)));
    writer.eos();
    const std::string script =
        "import sys, numpy\n"
        "mel = numpy.load(sys.argv[1], mmap_mode='r')\n"
        "assert mel.dtype == numpy.dtype('<f4') and mel.flags.c_contiguous\n"
        "shape = (300, 80) if sys.argv[2] == 'concat' else (3, 100, 80)\n"
        "assert mel.shape == shape, mel.shape\n"
        "assert (mel.ravel() == numpy.arange(24000)).all()\n";
    const std::string path = writer.path();
    const char* command[] = {"/usr/bin/python3", "-c", script.c_str(), path.c_str(), mode, nullptr};
    int status = -1;
    fail_unless(g_spawn_sync(nullptr, const_cast<gchar**>(command), nullptr, G_SPAWN_DEFAULT,
                             nullptr, nullptr, nullptr, nullptr, &status, nullptr));
    ASSERT_EQUAL(status, 0);
  }
}
