// SPDX-License-Identifier: LGPL-2.1-or-later
// What the caps say, and what a consumer can fix in them.
#include "kernels/mel/recipe.h"
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

/// Properties, a peer that fixes PEER, one second of audio.
struct Linked {
  MelStream stream;
  GstFlowReturn flow;
  PostedError error;

  Linked(const std::string& properties, const char* peer) : stream(MelStream::idle(properties)) {
    stream.set_peer_caps(peer);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    flow = stream.push(audio(32000), 0);
    error = stream.error();
  }
  bool ok() const { return flow == GST_FLOW_OK && error.code < 0; }
  std::string caps() const {
    const Caps current = stream.output_caps();
    if (!current) return "";
    const Owned<gchar> text(gst_caps_to_string(current.get()));
    return text.get();
  }
};

}  // namespace

CHECK_TEST(caps_tell_the_whole_recipe) {
  MelStream stream("preset=nemo128 frames=50 stride=25");
  stream.push(audio(32000), 0);
  const Received& buffer = *stream.buffers()[0];
  const std::pair<const char*, const char*> texts[] = {
      {"format", "F32LE"},          {"layout", "frame-major"}, {"preset", "nemo128"},
      {"window", "hann-symmetric"}, {"spectrum", "power"},     {"mel-scale", "slaney"},
      {"mel-norm", "slaney"},       {"padding", "zero"},       {"log", "ln"},
      {"normalize", "none"}};
  for (const auto& [field, value] : texts)
    fail_unless(buffer.text(field) == value, "%s: %s", field, buffer.text(field).c_str());
  const std::pair<const char*, int> numbers[] = {
      {"mels", 128},  {"frames", 50},       {"rate", 16000},     {"channels", 1},
      {"n-fft", 512}, {"win-length", 400},  {"hop-length", 160}, {"fmin", 0},
      {"fmax", 8000}, {"preemphasis", 970}, {"input-scale", 1}};
  for (const auto& [field, value] : numbers)
    fail_unless(buffer.integer(field) == value, "%s: %d", field, buffer.integer(field));
  int num = 0, den = 0;
  fail_unless(gst_structure_get_fraction(gst_caps_get_structure(buffer.caps.get(), 0), "framerate",
                                         &num, &den));
  ASSERT_EQUAL(num, 4);
  ASSERT_EQUAL(den, 1);
  fail_unless(buffer.text("recipe-id") == recipe_id(resolve(Preset::nemo128, {}, 16000)));
}

CHECK_TEST(caps_have_no_doubles) {
  for (const char* properties : {"", "frames=0", "preset=kaldi80"}) {
    MelStream stream(properties);
    run(stream, audio(32000));
    const Caps caps = stream.output_caps();
    const GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
    for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
      const GType type =
          gst_structure_get_field_type(structure, gst_structure_nth_field_name(structure, i));
      fail_unless(type == G_TYPE_STRING || type == G_TYPE_INT || type == GST_TYPE_FRACTION);
    }
  }
}

CHECK_TEST(frames_zero_has_no_rate_of_buffers) {
  Linked linked("frames=0", "audio/x-mel-spectrogram");
  linked.stream.eos();
  const Received& buffer = *linked.stream.buffers()[0];
  ASSERT_EQUAL(buffer.integer("frames"), 0);
  int num = 1, den = 0;
  fail_unless(gst_structure_get_fraction(gst_caps_get_structure(buffer.caps.get(), 0), "framerate",
                                         &num, &den));
  ASSERT_EQUAL(num, 0);
}

CHECK_TEST(an_override_makes_the_preset_custom_and_changes_the_id) {
  Linked plain("", "audio/x-mel-spectrogram"), other("fmin=20", "audio/x-mel-spectrogram");
  const Received &a = *plain.stream.buffers()[0], &b = *other.stream.buffers()[0];
  fail_unless(a.text("preset") == "whisper80");
  fail_unless(b.text("preset") == "custom");
  fail_unless(a.text("recipe-id") != b.text("recipe-id"));
  RecipeOverrides overrides;
  overrides.fmin = 20;
  fail_unless(b.text("recipe-id") == recipe_id(resolve(Preset::whisper80, overrides, 16000)));
}

CHECK_TEST(the_peer_fixes_layout_and_format) {
  Linked layout("", "audio/x-mel-spectrogram,layout=mel-major");
  fail_unless(layout.ok());
  fail_unless(layout.stream.buffers()[0]->text("layout") == "mel-major");
  Linked format("", "audio/x-mel-spectrogram,format=F16LE");
  fail_unless(format.ok());
  ASSERT_EQUAL(format.stream.buffers()[0]->bytes.size(), 80 * 100 * 2);
}

CHECK_TEST(a_peer_that_asks_for_what_the_properties_exclude_does_not_link) {
  fail_if(Linked("layout=frame-major", "audio/x-mel-spectrogram,layout=mel-major").ok());
  fail_if(Linked("format=F32LE", "audio/x-mel-spectrogram,format=F16LE").ok());
  fail_if(Linked("frames=100", "audio/x-mel-spectrogram,frames=0").ok());
}

CHECK_TEST(the_right_recipe_id_links) {
  const std::string peer = "audio/x-mel-spectrogram,recipe-id=(string)" +
                           recipe_id(resolve(Preset::whisper80, {}, 16000));
  fail_unless(Linked("", peer.c_str()).ok());
}

CHECK_TEST(another_recipe_does_not_link_and_the_error_names_the_field) {
  struct {
    const char* peer;
    const char* field;
  } const cases[] = {
      {"audio/x-mel-spectrogram,recipe-id=(string)0123456789abcdef", "recipe-id"},
      {"audio/x-mel-spectrogram,mels=128", "mels"},
      {"audio/x-mel-spectrogram,n-fft=512", "n-fft"},
      {"audio/x-mel-spectrogram,mel-scale=htk", "mel-scale"},
      {"audio/x-mel-spectrogram,window=hamming", "window"},
      {"audio/x-mel-spectrogram,log=ln", "log"},
      {"audio/x-mel-spectrogram,fmax=7600", "fmax"},
      {"audio/x-mel-spectrogram,preset=kaldi80", "preset"},
      {"audio/x-mel-spectrogram,normalize=buffer", "normalize"},
      {"audio/x-mel-spectrogram,hop-length=200", "hop-length"},
  };
  for (const auto& expected : cases) {
    const Linked linked("", expected.peer);
    ASSERT_EQUAL(linked.flow, GST_FLOW_NOT_NEGOTIATED);
    fail_unless(linked.error.says(expected.field), "%s: %s", expected.peer,
                linked.error.text.c_str());
  }
}

CHECK_TEST(float16_is_not_offered_without_a_logarithm) {
  fail_if(Linked("log=none", "audio/x-mel-spectrogram,format=F16LE").ok());
  fail_if(Linked("preset=librosa", "audio/x-mel-spectrogram,format=F16LE").ok());
  fail_unless(Linked("preset=librosa log=db", "audio/x-mel-spectrogram,format=F16LE").ok());
}

CHECK_TEST(nnstreamer_tensors_are_spelled_as_the_peer_does) {
  struct {
    const char* dimensions;
    bool mel_major;
  } const cases[] = {{"80:100:1", false},
                     {"80:100", false},
                     {"80:100:1:1", false},
                     {"100:80:1", true},
                     {"100:80", true}};
  for (const auto& expected : cases) {
    const std::string peer =
        std::string("other/tensors,format=static,num_tensors=1,types=float32,dimensions=(string)") +
        expected.dimensions;
    const Linked linked("", peer.c_str());
    fail_unless(linked.ok(), "%s: %s", expected.dimensions, linked.error.text.c_str());
    const Received& buffer = *linked.stream.buffers()[0];
    fail_unless(buffer.text("dimensions") == expected.dimensions);
    ASSERT_EQUAL(buffer.bytes.size(), 80 * 100 * 4);
    int num = 0, den = 0;
    fail_unless(gst_structure_get_fraction(gst_caps_get_structure(buffer.caps.get(), 0),
                                           "framerate", &num, &den));
    ASSERT_EQUAL(num, 1);
    ASSERT_EQUAL(den, 1);
    MelStream plain(expected.mel_major ? "layout=mel-major" : "layout=frame-major");
    plain.push(audio(32000), 0);
    fail_unless(buffer.bytes == plain.buffers()[0]->bytes, "%s", expected.dimensions);
  }
}

CHECK_TEST(a_short_last_tensor_has_dimensions_of_its_own) {
  struct {
    const char* properties;
    const char* full;
    const char* last;
  } const cases[] = {
      {"", "80:100:1", "80:50:1"},
      {"layout=mel-major", "100:80:1", "50:80:1"},
      {"frames=80", "80:80:1", "80:70:1"},  // as many frames as mels
      {"frames=80 layout=mel-major", "80:80:1", "70:80:1"},
      {"first-frames=30", "80:30:1", "80:20:1"},
  };
  for (const auto& expected : cases) {
    MelStream stream = MelStream::idle(std::string("eos-mode=short ") + expected.properties);
    stream.set_peer_caps("other/tensors");
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    run(stream, audio(150 * 160));
    const Received &first = *stream.buffers().front(), &last = *stream.buffers().back();
    fail_unless(first.text("dimensions") == expected.full, "%s: %s", expected.properties,
                first.text("dimensions").c_str());
    fail_unless(last.text("dimensions") == expected.last, "%s: %s", expected.properties,
                last.text("dimensions").c_str());
    int inner = 0, outer = 0;
    fail_unless(std::sscanf(expected.last, "%d:%d", &inner, &outer) == 2);
    ASSERT_EQUAL(last.bytes.size(), inner * outer * 4);
  }
}

CHECK_TEST(tensors_default_to_frame_major) {
  const Linked linked("", "other/tensors");
  fail_unless(linked.ok());
  fail_unless(linked.stream.buffers()[0]->text("dimensions") == "80:100:1");
  fail_unless(linked.stream.buffers()[0]->text("types") == "float32");
}

CHECK_TEST(tensors_are_refused_for_frames_zero_and_other_shapes) {
  fail_if(Linked("frames=0", "other/tensors").ok());
  fail_if(Linked("", "other/tensors,dimensions=(string)128:100:1").ok());
  fail_if(Linked("", "other/tensors,types=(string)float16").ok());
  fail_if(Linked("layout=mel-major", "other/tensors,dimensions=(string)80:100:1").ok());
}

CHECK_TEST(mel_is_preferred_over_tensors) {
  const Linked linked("", "other/tensors; audio/x-mel-spectrogram");
  fail_unless(linked.ok());
  fail_unless(linked.caps().find("audio/x-mel-spectrogram") == 0 ||
              linked.caps().find("other/tensors") == 0);
  const Linked any("", "ANY");
  fail_unless(any.caps().find("audio/x-mel-spectrogram") == 0, "%s", any.caps().c_str());
}

CHECK_TEST(the_rate_that_the_peer_wants_is_the_rate_that_upstream_is_asked_for) {
  struct {
    const char* preset;
    const char* peer;
    const char* rate;
  } const cases[] = {
      {"custom", "audio/x-mel-spectrogram,rate=22050", "22050"},
      {"custom", "audio/x-mel-spectrogram,rate=(int)[8000,12000]", "[ 8000, 12000 ]"},
      {"custom", "audio/x-mel-spectrogram", "[ 4000, 192000 ]"},
      {"custom", "other/tensors", "[ 4000, 192000 ]"},
      {"whisper80", "audio/x-mel-spectrogram,rate=16000", "16000"},
      {"whisper80", "audio/x-mel-spectrogram", "16000"},
      {"clap64", "audio/x-mel-spectrogram", "48000"},
  };
  for (const auto& expected : cases) {
    MelStream stream = MelStream::idle(std::string("preset=") + expected.preset);
    stream.set_peer_caps(expected.peer);
    const Caps caps(gst_pad_peer_query_caps(stream.harness()->srcpad, nullptr));
    fail_if(gst_caps_is_empty(caps.get()));
    for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i) {
      const GValue* rate = gst_structure_get_value(gst_caps_get_structure(caps.get(), i), "rate");
      const Owned<gchar> text(gst_value_serialize(rate));
      fail_unless_equals_string(text.get(), expected.rate);
    }
  }
}

CHECK_TEST(features_of_a_rate_that_upstream_does_not_have_are_not_offered) {
  struct {
    const char* preset;
    const char* upstream;
    const char* rate;
  } const cases[] = {
      {"whisper80", "[ 8000, 48000 ]", "16000"},
      {"whisper80", "[ 20000, 30000 ]", "[ 20000, 30000 ]"},  // caps then say what is missing
      {"custom", "[ 20000, 30000 ]", "[ 20000, 30000 ]"},
      {"custom", "22050", "22050"},
  };
  for (const auto& expected : cases) {
    const Owned<GstElement> pipeline(
        gst_parse_launch((std::string("capsfilter caps=\"audio/x-raw,rate=(int)") +
                          expected.upstream + "\" ! npumelspec name=mel preset=" + expected.preset)
                             .c_str(),
                         nullptr));
    const Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
    const Owned<GstPad> source(gst_element_get_static_pad(mel.get(), "src"));
    gst_element_set_state(pipeline.get(), GST_STATE_PAUSED);
    const Caps caps(gst_pad_query_caps(source.get(), nullptr));
    const GValue* rate = gst_structure_get_value(gst_caps_get_structure(caps.get(), 0), "rate");
    const Owned<gchar> text(gst_value_serialize(rate));
    fail_unless_equals_string(text.get(), expected.rate);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  }
}

CHECK_TEST(the_caps_query_is_answered_without_audio_caps) {
  MelStream stream = MelStream::idle("preset=kaldi80 frames=25");
  const Owned<GstPad> pad(gst_element_get_static_pad(stream.element(), "src"));
  const Caps caps(gst_pad_query_caps(pad.get(), nullptr));
  const Caps mel(gst_caps_from_string("audio/x-mel-spectrogram,mels=80"));
  const Caps other(gst_caps_from_string("audio/x-mel-spectrogram,mels=128"));
  fail_unless(gst_caps_can_intersect(caps.get(), mel.get()));
  const Owned<GstPad> sink(gst_element_get_static_pad(stream.element(), "sink"));
  const Caps in(gst_pad_query_caps(sink.get(), nullptr));
  const Caps at16(
      gst_caps_from_string("audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved"));
  const Caps at44(
      gst_caps_from_string("audio/x-raw,format=S16LE,rate=44100,channels=1,layout=interleaved"));
  fail_unless(gst_caps_can_intersect(in.get(), at16.get()));
  fail_if(gst_caps_can_intersect(in.get(), at44.get()));
}
