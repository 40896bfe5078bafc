// SPDX-License-Identifier: LGPL-2.1-or-later
// meltransform: what links and what does not, refusals with a reason, statistics files that lie,
// properties in every state.
#include <unistd.h>

#include <cmath>

#include "tests/check/feature_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

/// A file of these bytes, removed at the end.
class StatisticsFile {
 public:
  explicit StatisticsFile(const std::string& bytes) {
    gchar* name = nullptr;
    const int file = g_file_open_tmp("npumelspec-XXXXXX.cmvn", &name, nullptr);
    path_ = name;
    g_free(name);
    fail_unless(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(file);
  }
  ~StatisticsFile() { unlink(path_.c_str()); }
  StatisticsFile(const StatisticsFile&) = delete;
  StatisticsFile& operator=(const StatisticsFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Kaldi's binary matrix of float32, 2 rows.
std::string kaldi_matrix(const std::vector<float>& values, int32_t columns,
                         const char* type = "FM ") {
  std::string bytes = std::string("\0B", 2) + type;
  for (const int32_t number : {int32_t{2}, columns}) {
    bytes += '\4';
    bytes.append(reinterpret_cast<const char*>(&number), 4);
  }
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

/// Sums and squares of 2 rows of 4 values: means 1, 2, 3, 4, variances 1.
std::vector<float> good_sums() { return {2, 4, 6, 8, 2, 4, 10, 20, 34, 0}; }

/// The first error of PROPERTIES with four mels in a buffer of ten, and that there is no other.
PostedError refusal(const std::string& properties, const RowsIn& rows = {}) {
  FeatureStream stream(properties, rows);
  const PostedError error = stream.error();
  stream.push(rows, 0, 10);
  stream.set_caps(rows.caps());
  stream.eos();
  ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_ERROR), 0);
  fail_unless(stream.buffers().empty(), "%s", properties.c_str());
  return error;
}

void assert_refused(const std::string& properties, const char* words, const RowsIn& rows = {}) {
  const PostedError error = refusal(properties, rows);
  fail_unless(error.is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS), "%s: %s", properties.c_str(),
              error.text.c_str());
  fail_unless(error.says(words), "%s: %s", properties.c_str(), error.text.c_str());
}

}  // namespace

CHECK_TEST(caps_say_what_the_rows_are) {
  FeatureStream stream(
      "preset=mfcc13-kaldi deltas=2",
      RowsIn{.mels = 23, .more = "log=ln,normalize=none,recipe-id=(string)0123456789abcdef"});
  TransformOverrides overrides;
  overrides.deltas = 2;
  const std::string id = transform_id(resolve_transform(TransformPreset::mfcc13_kaldi, overrides));
  const Caps caps = stream.output_caps();
  const Caps expected(gst_caps_from_string(
      ("audio/x-speech-features,format=F32LE,layout=frame-major,dims=39,frames=10,rate=16000,"
       "hop-length=160,framerate=10/1,kind=mel+dct+deltas,log=ln,normalize=none,"
       "recipe-id=(string)0123456789abcdef,transform-id=(string)" +
       id)
          .c_str()));
  const gchar* text = gst_caps_to_string(caps.get());
  fail_unless(gst_caps_is_equal(caps.get(), expected.get()), "%s", text);
  g_free(const_cast<gchar*>(text));
}

CHECK_TEST(another_transform_does_not_link_and_the_error_names_the_field) {
  for (const char* wanted : {"transform-id=(string)0123456789abcdef", "dims=40", "kind=mel",
                             "recipe-id=(string)ffffffffffffffff", "frames=11"}) {
    FeatureStream stream("dct=ortho");
    stream.set_peer_caps((std::string("audio/x-speech-features,") + wanted).c_str());
    RowsIn rows;
    rows.more += ",recipe-id=(string)0123456789abcdef";
    stream.set_caps(rows.caps());
    const PostedError error = stream.error();
    fail_unless(error.is(GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION), "%s", error.text.c_str());
    const std::string field = std::string(wanted).substr(0, std::string(wanted).find('='));
    fail_unless(error.says((field + ": wanted ").c_str()), "%s: %s", wanted, error.text.c_str());
    ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_ERROR), 0);
  }
}

CHECK_TEST(the_right_ids_link) {
  TransformOverrides overrides;
  overrides.dct = DctType::ortho;
  const std::string id = transform_id(resolve_transform(TransformPreset::none, overrides));
  FeatureStream stream("dct=ortho");
  stream.set_peer_caps(
      ("audio/x-speech-features,transform-id=(string)" + id + ",recipe-id=(string)0123456789abcdef")
          .c_str());
  RowsIn rows;
  rows.more += ",recipe-id=(string)0123456789abcdef";
  stream.set_caps(rows.caps());
  ASSERT_EQUAL(stream.push(rows, 0, 10), GST_FLOW_OK);
  ASSERT_EQUAL(stream.error().code, -1);
}

CHECK_TEST(tensors_are_spelled_as_the_peer_does) {
  for (const char* dimensions : {"4:10:1", "4:10", "10:4:1:1"}) {
    FeatureStream stream("cmvn=sliding");
    stream.set_peer_caps((std::string("other/tensors,format=static,num_tensors=1,types=float32,"
                                      "dimensions=(string)") +
                          dimensions)
                             .c_str());
    const RowsIn rows;
    stream.set_caps(rows.caps());
    for (int64_t first = 0; first < 120; first += 10) stream.push(rows, first, 10);
    ASSERT_EQUAL(stream.error().code, -1);
    fail_unless(!stream.buffers().empty());
    fail_unless(stream.buffers()[0]->text("dimensions") == dimensions);
    ASSERT_EQUAL(stream.buffers()[0]->bytes.size(), 160);
  }
}

CHECK_TEST(settings_that_cannot_work_are_refused_once_with_the_reason) {
  assert_refused("dct=ortho coefficients=5", "5");
  assert_refused("cmvn=global", "cmvn-file");
  assert_refused("cmvn=online", "cmvn-file");
  assert_refused("lifter=22", "lifter");
  assert_refused("deltas=1 delta-rule=torchaudio delta-window=4", "delta-window");
  assert_refused("pcen=librosa", "log");
  assert_refused("cmvn=clip", "frames=0");
  assert_refused("preset=seamless160", "frames=0");
  assert_refused("cmvn=sliding cmvn-file=/nonexistent", "cmvn");
  assert_refused("cmvn=global cmvn-file=/nonexistent/file", "/nonexistent/file");
  assert_refused("cmvn=global cmvn-file=/", "/");
  assert_refused("cmvn=sliding cmvn-min-window=700", "cmvn-min-window");
  RowsIn decibels{.more = "log=db,normalize=buffer"};
  assert_refused("dct=ortho", "maximum", decibels);
}

CHECK_TEST(a_refused_setting_can_be_mended_in_ready) {
  const RowsIn rows;
  FeatureStream stream("cmvn=clip", rows);
  fail_unless(stream.error().says("cmvn=clip"));
  gst_element_set_state(stream.element(), GST_STATE_READY);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "cmvn", "sliding");
  gst_element_set_state(stream.element(), GST_STATE_PLAYING);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.event(gst_event_new_stream_start("again"));
  stream.set_caps(rows.caps());
  stream.segment(segment);
  ASSERT_EQUAL(stream.push(rows, 0, 10), GST_FLOW_OK);
  stream.eos();
  ASSERT_EQUAL(stream.error().code, -1);
  ASSERT_EQUAL(stream.buffers().size(), 1);
}

CHECK_TEST(overlapping_buffers_and_rows_without_a_place_in_time_are_refused) {
  FeatureStream overlapping("deltas=1");
  std::string caps = RowsIn{.frames = 5}.caps();
  caps.replace(caps.find("frames=5"), 8, "frames=10");
  overlapping.set_caps(caps);
  fail_unless(overlapping.error().says("stride=0"));
  FeatureStream timeless("deltas=1");
  timeless.set_caps("audio/x-mel-spectrogram,format=F32LE,layout=frame-major,mels=4,frames=10");
  fail_unless(timeless.error().says("hop-length"));
}

CHECK_TEST(what_is_no_rows_is_refused_with_what_to_insert) {
  FeatureStream stream("");
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved");
  const PostedError error = stream.error();
  fail_unless(error.is(GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION));
  fail_unless(error.says("audio/x-raw") && error.says("insert npumelspec"), "%s",
              error.text.c_str());
}

CHECK_TEST(stored_statistics_of_every_form_are_applied) {
  const RowsIn rows;
  const StatisticsFile files[] = {
      StatisticsFile(kaldi_matrix(good_sums(), 5)),
      StatisticsFile(" [\n  2 4 6 8 2\n  4 10 20 34 0 ]\n"),
      StatisticsFile(
          R"({"mean_stat": [2, 4, 6, 8], "var_stat": [4, 10, 20, 34], "frame_num": 2})")};
  for (const StatisticsFile& file : files) {
    FeatureStream stream("cmvn=global cmvn-variance=true cmvn-file=" + file.path(), rows);
    stream.push(rows, 0, 10);
    ASSERT_EQUAL(stream.error().code, -1);
    const std::vector<float> in = rows.rows(0, 10);
    const std::vector<float> out = stream.rows();
    ASSERT_EQUAL(out.size(), in.size());
    for (size_t i = 0; i < in.size(); ++i)
      fail_unless(std::abs(out[i] - (in[i] - static_cast<float>(i % 4 + 1))) < 1e-5F);
  }
}

CHECK_TEST(statistics_files_that_lie_are_a_clear_error) {
  std::string cut = kaldi_matrix(good_sums(), 5);
  cut.resize(cut.size() - 3);
  std::vector<float> nan = good_sums();
  nan[1] = NAN;
  std::vector<float> no_variance = good_sums();
  no_variance[5] = 2;  // 2/2 - 1^2
  std::vector<float> nobody = good_sums();
  nobody[4] = 0;
  const struct {
    std::string bytes;
    const char* what;
  } cases[] = {
      {"", "empty"},
      {"no statistics", "words"},
      {cut, "truncated"},
      {kaldi_matrix(good_sums(), 1000000000), "1e9 columns"},
      {kaldi_matrix(good_sums(), -5), "negative columns"},
      {kaldi_matrix(nan, 5), "NaN"},
      {kaldi_matrix(nobody, 5), "no rows counted"},
      {kaldi_matrix(no_variance, 5), "zero variance"},
      {kaldi_matrix({2, 4, 2, 4, 10, 0}, 3), "2 values for rows of 4"},
      {" [\n 1 2\n 3 ]\n", "ragged"},
      {R"({"mean_stat": [1, 2, 3, 4], "var_stat": [1, 2], "frame_num": 2})", "unequal JSON"},
      {R"({"mean_stat": [1e999, 2, 3, 4], "var_stat": [1, 2, 3, 4], "frame_num": 2})", "infinite"},
      {"<Nnet>\n<AddShift> 4 4\n<LearnRateCoef> 0 [ 1 2 3 ]\n</Nnet>\n", "three of four"},
      {"<Nnet>\n<AddShift> 1000000000 1000000000\n<LearnRateCoef> 0 [ 1 ]\n</Nnet>\n", "1e9"},
      {std::string(1 << 20, '['), "a megabyte of brackets"},
  };
  for (const auto& lie : cases) {
    const StatisticsFile file(lie.bytes);
    const PostedError error = refusal("cmvn=global cmvn-variance=true cmvn-file=" + file.path());
    fail_unless(error.is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS), "%s: %s", lie.what,
                error.text.c_str());
  }
}

CHECK_TEST(properties_have_their_defaults_and_can_be_set_in_every_state) {
  for (const GstState state :
       {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING}) {
    const Owned<GstElement> element(gst_element_factory_make("meltransform", nullptr));
    gst_object_ref_sink(element.get());
    gst_element_set_state(element.get(), state);
    guint count = 0;
    GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
    fail_unless(count > 30);
    for (guint i = 0; i < count; ++i) {
      const GParamSpec* spec = specs[i];
      if (spec->owner_type != G_OBJECT_TYPE(element.get())) continue;
      GValue value = G_VALUE_INIT;
      g_value_init(&value, spec->value_type);
      g_object_get_property(G_OBJECT(element.get()), spec->name, &value);
      if (std::string("transform") != spec->name)
        fail_unless(g_param_value_defaults(specs[i], &value), "%s", spec->name);
      if ((spec->flags & G_PARAM_WRITABLE) != 0)
        g_object_set_property(G_OBJECT(element.get()), spec->name, &value);
      g_value_unset(&value);
    }
    g_free(specs);
    gchar* text = nullptr;
    g_object_set(element.get(), "deltas", 2, "cmvn-variance", 0, nullptr);
    gst_util_set_object_arg(G_OBJECT(element.get()), "cmvn", "sliding");
    g_object_get(element.get(), "transform", &text, nullptr);
    fail_unless(std::string(text).find("deltas=2\n") != std::string::npos, "%s", text);
    fail_unless(std::string(text).find("cmvn=sliding\n") != std::string::npos, "%s", text);
    g_free(text);
    g_object_set(element.get(), "cmvn", -1, "lifter", 22.0, nullptr);
    g_object_get(element.get(), "transform", &text, nullptr);
    fail_unless(g_str_has_prefix(text, "invalid: "), "%s", text);
    g_free(text);
    gst_element_set_state(element.get(), GST_STATE_NULL);
  }
}

CHECK_TEST(what_is_set_while_playing_holds_from_the_next_negotiation_on) {
  const RowsIn rows;
  FeatureStream stream("deltas=1", rows);
  stream.push(rows, 0, 10);
  g_object_set(stream.element(), "deltas", 2, nullptr);
  gchar* text = nullptr;
  g_object_get(stream.element(), "transform", &text, nullptr);
  fail_unless(std::string(text).find("deltas=1\n") != std::string::npos, "%s", text);
  g_free(text);
  stream.push(rows, 10, 10);
  ASSERT_EQUAL(stream.buffers()[0]->integer("dims"), 8);
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
  stream.push(rows, 20, 10);
  stream.push(rows, 30, 10);
  stream.eos();
  ASSERT_EQUAL(stream.buffers().back()->integer("dims"), 12);
  TransformOverrides one, two;
  one.deltas = 1;
  two.deltas = 2;
  std::vector<float> expected =
      one_shot(resolve_transform(TransformPreset::none, one), rows, 0, 20);
  const std::vector<float> second =
      one_shot(resolve_transform(TransformPreset::none, two), rows, 20, 20);
  expected.insert(expected.end(), second.begin(), second.end());
  fail_unless(stream.rows() == expected);
}
