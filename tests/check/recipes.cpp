// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds for every preset, and for any recipe that properties can describe.
#include <random>

#include "kernels/mel/recipe_fields.h"
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

int rate_of(Preset preset) {
  const int published = published_rate(preset);
  return published != 0 ? published : 16000;
}

std::string audio_caps(Preset preset) {
  return "audio/x-raw,format=S16LE,rate=" + std::to_string(rate_of(preset));
}

/// Every value of a preset, as a user of preset=custom would write it.
std::string by_hand(Preset preset) {
  const Recipe recipe = resolve(preset, {}, rate_of(preset));
  std::string properties = std::string("preset=custom normalize-as=") + nick(preset);
  for (const RecipeField& field : recipe_fields())
    if (field.get != nullptr)
      properties += std::string(" ") + field.name + "=" + field_text(field, field.get(recipe));
  return properties;
}

std::string recipe_text(const MelStream& stream) {
  gchar* text = nullptr;
  g_object_get(stream.element(), "recipe", &text, nullptr);
  const Owned<gchar> owner(text);
  return text;
}

}  // namespace

SLOW_CHECK_TEST(every_preset_can_be_written_as_custom_with_properties_alone) {
  const std::vector<int16_t> samples = sound(16123);
  for (const auto& name : enum_names<Preset>()) {
    const std::string caps = audio_caps(name.value);
    // normalize=buffer is refused where nothing is published: negotiation.cpp.
    const bool published = resolve(name.value, {}, rate_of(name.value)).normalization.published();
    for (const char* shape :
         {published ? " frames=0 normalize=buffer" : " frames=0", " frames=8 eos-mode=drop"}) {
      MelStream preset(std::string("preset=") + name.nick + shape, caps.c_str());
      MelStream custom(by_hand(name.value) + shape, caps.c_str());
      run(preset, samples);
      run(custom, samples);
      fail_unless(recipe_text(preset) == recipe_text(custom), "%s:\n%s\n%s", name.nick,
                  recipe_text(preset).c_str(), recipe_text(custom).c_str());
      fail_unless(!preset.buffers().empty(), "%s%s", name.nick, shape);
      fail_unless(preset.rows() == custom.rows(), "%s%s", name.nick, shape);
      const Received& one = *preset.buffers()[0];
      const Received& other = *custom.buffers()[0];
      fail_unless(one.text("recipe-id") == other.text("recipe-id"), "%s", name.nick);
      fail_unless(other.text("preset") == "custom");
    }
  }
}

CHECK_TEST(every_preset_gives_a_stream_the_rows_of_the_clip) {
  const std::vector<int16_t> samples = sound(20000 + 77);
  for (const auto& name : enum_names<Preset>()) {
    const std::string caps = audio_caps(name.value);
    const std::string preset = std::string("preset=") + name.nick;
    MelStream clip(preset + " frames=0", caps.c_str());
    MelStream stream(preset + " frames=7 eos-mode=short", caps.c_str());
    run(clip, samples);
    for (size_t at = 0; at < samples.size(); at += 777) {
      const size_t size = std::min<size_t>(777, samples.size() - at);
      stream.push(std::span<const int16_t>(samples).subspan(at, size),
                  time_of(at, rate_of(name.value)));
    }
    fail_unless(stream.eos());
    // Tail rules change the end of a clip: at most one row more or less than there was audio for.
    const std::vector<float> whole = clip.rows(), parts = stream.rows();
    const auto mels = static_cast<size_t>(stream.buffers()[0]->mels());
    fail_unless(parts.size() / mels > 30, "%s", name.nick);
    fail_unless(std::max(whole.size(), parts.size()) - std::min(whole.size(), parts.size()) <= mels,
                "%s: %zu and %zu", name.nick, whole.size() / mels, parts.size() / mels);
    const size_t common = std::min(whole.size(), parts.size());
    fail_unless(std::equal(whole.begin(), whole.begin() + static_cast<long>(common), parts.begin()),
                "%s", name.nick);
  }
}

CHECK_TEST(a_consumer_of_another_recipe_does_not_link_and_is_told_the_field) {
  const struct {
    const char* wanted;
    const char* words;
  } cases[] = {
      {"mels=128", "mels: wanted 128, have 80"},
      {"n-fft=512", "n-fft: wanted 512, have 400"},
      {"win-length=320", "win-length: wanted 320, have 400"},
      {"hop-length=200", "hop-length: wanted 200, have 160"},
      {"window=povey", "window: wanted povey, have hann"},
      {"spectrum=magnitude", "spectrum: wanted magnitude, have power"},
      {"energy=raw", "energy: wanted raw, have none"},
      {"mel-scale=htk", "mel-scale: wanted htk, have slaney"},
      {"mel-norm=none", "mel-norm: wanted none, have slaney"},
      {"fmin=20", "fmin: wanted 20, have 0"},
      {"fmax=7600", "fmax: wanted 7600, have 8000"},
      {"padding=zero", "padding: wanted zero, have reflect"},
      {"log=ln", "log: wanted ln, have log10"},
      {"preemphasis=970", "preemphasis: wanted 970, have 0"},
      {"input-scale=32768", "input-scale: wanted 32768, have 1"},
      {"normalize=buffer", "normalize: wanted buffer, have none"},
      {"preset=whisper128", "preset: wanted whisper128, have whisper80"},
      {"recipe-id=(string)0123456789abcdef", "recipe-id: wanted 0123456789abcdef, have "},
      {"frames=50", "frames: wanted 50, have 100"},
      {"preset=whisper128,mels=128,log=log10", "mels: wanted 128, have 80"},
  };
  for (const auto& expected : cases) {
    MelStream stream = MelStream::idle("");
    stream.set_peer_caps((std::string("audio/x-mel-spectrogram,") + expected.wanted).c_str());
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    fail_unless(stream.push(audio(32000), 0) < GST_FLOW_OK, "%s", expected.wanted);
    fail_unless(stream.buffers().empty());
    const PostedError error = stream.error();
    fail_unless(error.code >= 0 && error.says(expected.words), "%s: %s", expected.wanted,
                error.text.c_str());
  }
  MelStream fitting = MelStream::idle("");
  fitting.set_peer_caps("audio/x-mel-spectrogram,preset=whisper80,mels=80,log=log10,fmax=8000");
  fitting.set_caps("audio/x-raw,format=S16LE,rate=16000");
  ASSERT_EQUAL(fitting.push(audio(32000), 0), GST_FLOW_OK);
}

SLOW_CHECK_TEST(any_values_are_refused_with_a_reason_or_give_finite_rows) {
  std::mt19937 random(20);
  const auto any_of = [&](std::initializer_list<const char*> values) {
    return std::string(values.begin()[random() % values.size()]);
  };
  const std::vector<int16_t> samples = sound(6000);
  int refused = 0;
  int accepted = 0;
  for (int i = 0; i < 200; ++i) {
    std::string properties =
        "preset=" + std::string(enum_names<Preset>()[random() % enum_names<Preset>().size()].nick);
    const auto maybe = [&](const char* name, std::initializer_list<const char*> values) {
      if (random() % 6 == 0) properties += " " + std::string(name) + "=" + any_of(values);
    };
    maybe("mels", {"0", "1", "3", "80", "511", "512"});
    maybe("n-fft", {"0", "16", "17", "399", "400", "512", "1103", "65521", "65536"});
    maybe("win-length", {"0", "1", "2", "3", "25", "400", "401", "65536"});
    maybe("hop-length", {"0", "37", "159", "400", "20000", "65536"});
    maybe("window", {"rectangular", "povey", "hamming", "hann-symmetric"});
    maybe("window-place", {"start", "center"});
    maybe("spectrum", {"power", "magnitude"});
    maybe("dft", {"exact", "convolution", "float-frames"});
    maybe("magnitude-epsilon", {"0", "1e-9", "1e6"});
    maybe("energy", {"raw", "windowed"});
    maybe("mel-scale", {"slaney", "htk", "kaldi"});
    maybe("mel-norm", {"slaney", "none"});
    maybe("fmin", {"0", "1", "3999", "7999", "8000", "96000"});
    maybe("fmax", {"0", "1", "2", "4000", "8000", "96000", "-2", "-7999", "-8000", "-96000"});
    maybe("padding", {"none", "reflect", "zero", "mirror", "semi-causal", "vocoder"});
    maybe("frame-count", {"snip", "snip-fft", "snip-plus-one", "centered", "drop-last", "rounded"});
    maybe("log", {"none", "ln", "log10", "db"});
    maybe("log-floor", {"0", "1e-320", "1e-38", "1e-37", "1e-10", "1", "1e6", "-0.5"});
    maybe("floor-mode", {"max", "add"});
    maybe("preemphasis", {"0", "1", "0.999999", "1e-300", "-0.25"});
    maybe("preemphasis-mode", {"waveform", "frame", "frame-next"});
    maybe("remove-dc", {"true", "false"});
    maybe("input-scale", {"0", "1", "2", "32768"});
    maybe("frames", {"0", "1", "3", "3000"});
    maybe("normalize", {"buffer", "running", "fixed"});
    const auto preset = properties.substr(7, properties.find(' ') - 7);
    MelStream stream(properties, audio_caps(*from_nick<Preset>(preset)).c_str());
    const GstFlowReturn flow = stream.push(samples, 0);
    const PostedError error = stream.error();
    if (flow != GST_FLOW_OK) {
      ++refused;
      fail_unless(error.code >= 0 && error.text.size() > 20, "%s: %s", properties.c_str(),
                  error.text.c_str());
      continue;
    }
    ++accepted;
    stream.eos();
    for (const float value : stream.rows())
      fail_unless(std::isfinite(value), "%s", properties.c_str());
  }
  fail_unless(refused > 30 && accepted > 30, "%d refused, %d accepted", refused, accepted);
}
