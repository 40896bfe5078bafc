// SPDX-License-Identifier: LGPL-2.1-or-later
// What a row may hold beside mel filters, and what buffers say about the sound: energies, linear
// spectra, vocoder frames, librosa's dB, kept tail frames, level meta.
#include <gst/audio/audio.h>

#include <algorithm>

#include "kernels/mel/half.h"
#include "kernels/mel/recipe_fields.h"
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

struct Level {
  int level = -1;
  bool voice = false;
};

/// Level metas of the output, in order; -1 where there is none.
std::vector<Level> levels_of(const std::string& properties, const Samples& samples, size_t cut) {
  std::vector<Level> levels;
  MelStream stream(properties);
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        const GstAudioLevelMeta* meta =
            gst_buffer_get_audio_level_meta(GST_PAD_PROBE_INFO_BUFFER(info));
        auto* found = static_cast<std::vector<Level>*>(data);
        found->push_back(meta ? Level{meta->level, meta->voice_activity != FALSE} : Level());
        return GST_PAD_PROBE_OK;
      },
      &levels, nullptr);
  for (size_t at = 0; at < samples.size(); at += cut) {
    const size_t size = std::min(cut, samples.size() - at);
    ASSERT_EQUAL(stream.push(std::span<const int16_t>(samples).subspan(at, size), time_of(at)),
                 GST_FLOW_OK);
  }
  fail_unless(stream.eos());
  return levels;
}

/// Silence, white noise of half scale, silence: half a second each.
Samples burst() {
  Samples samples(24000);
  uint32_t state = 1;
  for (size_t i = 8000; i < 16000; ++i) {
    state = state * 1664525U + 1013904223U;
    samples[i] = static_cast<int16_t>(static_cast<int>(state >> 17) - 16384);
  }
  return samples;
}

}  // namespace

CHECK_TEST(an_energy_is_one_more_value_in_caps_and_buffers) {
  const Samples samples = audio(16000);
  MelStream plain("preset=kaldi80 mels=23 frames=10"),
      with("preset=kaldi80 mels=23 frames=10 energy=raw");
  run(plain, samples);
  run(with, samples);
  const Received& first = *with.buffers()[0];
  ASSERT_EQUAL(first.mels(), 24);
  fail_unless(first.text("energy") == "raw" && plain.buffers()[0]->text("energy") == "none");
  ASSERT_EQUAL(first.bytes.size(), 10 * 24 * sizeof(float));
  const std::vector<float> mels = plain.rows(), rows = with.rows();
  ASSERT_EQUAL(rows.size() / 24, mels.size() / 23);
  const Recipe recipe = resolve(Preset::kaldi80, {.mels = 23, .energy = Energy::raw}, 16000);
  const auto expected = reference_rows(recipe, as_double(samples));
  for (size_t frame = 0; frame < rows.size() / 24; ++frame) {
    fail_unless(std::abs(static_cast<double>(rows[frame * 24]) - expected[frame * 24]) < 1e-5);
    for (size_t m = 0; m < 23; ++m)
      fail_unless(rows[frame * 24 + 1 + m] == mels[frame * 23 + m], "%zu %zu", frame, m);
  }
}

CHECK_TEST(tensors_count_the_energy_too) {
  MelStream stream = MelStream::idle("preset=kaldi80 frames=10 energy=windowed");
  stream.set_peer_caps("other/tensors,dimensions=(string)81:10:1");
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  run(stream, audio(4000));
  fail_unless(!stream.buffers().empty());
  ASSERT_EQUAL(stream.buffers()[0]->bytes.size(), 81 * 10 * sizeof(float));
}

CHECK_TEST(a_linear_spectrum_has_every_bin) {
  MelStream stream("preset=hifigan80 mel-scale=none log=none magnitude-epsilon=1e-6 frames=4");
  const Samples samples = audio(4096);
  run(stream, samples);
  ASSERT_EQUAL(stream.buffers()[0]->mels(), 513);
  const Recipe recipe = resolve(
      Preset::hifigan80,
      {.magnitude_epsilon = 1e-6, .mel_scale = MelScale::none, .log = LogType::none}, 16000);
  const auto expected = reference_rows(recipe, as_double(samples));
  const std::vector<float> rows = stream.rows();
  ASSERT_EQUAL(rows.size(), expected.size());
  for (size_t i = 0; i < rows.size(); ++i)
    fail_unless(std::abs(static_cast<double>(rows[i]) - expected[i]) < 1e-6 * (1 + expected[i]));
}

CHECK_TEST(vocoder_frames_stream_as_the_clip_for_any_cut) {
  const Samples samples = audio(9001);
  for (const char* more : {"", " hop-length=275", " n-fft=1001 win-length=700"}) {
    const std::string properties = std::string("preset=hifigan80 eos-mode=short") + more;
    MelStream clip(properties + " frames=0"), cut(properties + " frames=3");
    run(clip, samples);
    for (size_t at = 0; at < samples.size(); at += 131)
      cut.push(
          std::span<const int16_t>(samples).subspan(at, std::min<size_t>(131, samples.size() - at)),
          time_of(at));
    fail_unless(cut.eos());
    fail_unless(!clip.rows().empty() && clip.rows() == cut.rows(), "%s", more);
  }
  // A clip shorter than the pad is reflected more than once, as numpy.pad does.
  MelStream tiny("preset=hifigan80 frames=0");
  run(tiny, audio(300));
  ASSERT_EQUAL(tiny.frames(), 1);
  assert_close(resolve(Preset::hifigan80, {}, 16000), tiny.rows(),
               reference_rows(resolve(Preset::hifigan80, {}, 16000), as_double(audio(300))));
}

/// Clips longer than the chunks that their memory grows by, in small buffers.
CHECK_TEST(a_clip_has_the_same_values_in_every_layout_and_format) {
  const std::vector<int16_t> samples = audio(1500 * 160);
  const auto clip = [&](const std::string& properties) {
    MelStream stream("frames=0 " + properties);
    for (size_t from = 0; from < samples.size(); from += 7001)
      stream.push(std::span(samples).subspan(from, std::min<size_t>(7001, samples.size() - from)));
    stream.eos();
    ASSERT_EQUAL(stream.buffers().size(), 1);
    return stream.buffers()[0]->bytes;
  };
  const auto floats_of = [](const std::vector<uint8_t>& bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  };
  const auto halves_of = [](const std::vector<float>& values) {
    std::vector<uint8_t> bytes(values.size() * sizeof(uint16_t));
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = half_bits(values[i]);
      std::memcpy(bytes.data() + i * sizeof(half), &half, sizeof(half));
    }
    return bytes;
  };
  for (const char* normalize : {"normalize=none ", "normalize=buffer "}) {
    const std::vector<float> rows = floats_of(clip(normalize));
    ASSERT_EQUAL(rows.size(), 1500 * 80);
    std::vector<float> columns;
    for (size_t m = 0; m < 80; ++m)
      for (size_t t = 0; t < 1500; ++t) columns.push_back(rows[t * 80 + m]);
    fail_unless(floats_of(clip(std::string(normalize) + "layout=mel-major")) == columns, "%s",
                normalize);
    fail_unless(clip(std::string(normalize) + "format=F16LE") == halves_of(rows), "%s", normalize);
    fail_unless(
        clip(std::string(normalize) + "format=F16LE layout=mel-major") == halves_of(columns), "%s",
        normalize);
  }
}

CHECK_TEST(kept_tail_frames_are_those_of_a_clip_with_silence_behind) {
  const Samples samples = audio(8000 + 77);
  Samples longer = samples;
  longer.resize(samples.size() + 16000);
  for (const char* shape : {"frames=0", "frames=0 normalize=buffer", "frames=30 eos-mode=short",
                            "frames=30 eos-mode=pad"}) {
    MelStream kept(std::string(shape) + " tail-silence=1000000000 tail-frames=keep"), whole(shape),
        dropped(std::string(shape) + " tail-silence=1000000000");
    run(kept, samples);
    run(whole, longer);
    run(dropped, samples);
    fail_unless(kept.rows() == whole.rows(), "%s", shape);
    ASSERT_EQUAL(kept.buffers().back()->valid_frames, whole.buffers().back()->valid_frames);
    fail_unless(dropped.rows().size() < whole.rows().size(), "%s", shape);
  }
}

CHECK_TEST(level_meta_is_there_when_asked_for_and_does_not_depend_on_the_cut) {
  const Samples samples = burst();
  for (const Level& level : levels_of("frames=10", samples, 1000)) ASSERT_EQUAL(level.level, -1);
  for (const char* shape : {"frames=10", "frames=10 layout=mel-major", "frames=10 format=F16LE",
                            "frames=10 preset=kaldi80", "frames=20 stride=10"}) {
    const std::string properties = std::string(shape) + " level-meta=on";
    const auto levels = levels_of(properties, samples, samples.size());
    const auto cut = levels_of(properties, samples, 77);
    ASSERT_EQUAL(levels.size(), cut.size());
    fail_unless(levels.size() >= 13, "%s: %zu", shape, levels.size());
    for (size_t i = 0; i < levels.size(); ++i) {
      ASSERT_EQUAL(levels[i].level, cut[i].level);
      ASSERT_EQUAL(levels[i].voice, cut[i].voice);
    }
    // The noise lies under frames 50 to 99: its RMS is half scale by the root of 3, -10.8 dBov.
    ASSERT_EQUAL(levels[0].level, 127);
    fail_if(levels[0].voice);
    ASSERT_EQUAL(levels[6].level, 11);
    fail_unless(levels[6].voice, "%s", shape);
    ASSERT_EQUAL(levels[12].level, 127);
    fail_if(levels[12].voice);
  }
}

CHECK_TEST(samples_of_any_size_give_finite_rows) {
  for (const char* preset : {"whisper80", "kaldi80", "librosa", "vggish64", "hifigan80"}) {
    for (const char* log : {"", " log=none"}) {
      MelStream stream(std::string("frames=0 preset=") + preset + log,
                       "audio/x-raw,format=F32LE,rate=16000");
      std::vector<float> samples = as_float(audio(8000));
      const float sizes[] = {1e15F, 1e18F, 1e25F, 3.4e38F};
      for (size_t i = 0; i < samples.size(); ++i)
        samples[i] = std::clamp(samples[i] * 8, -1.0F, 1.0F) * sizes[i / 2000];
      run(stream, samples);
      const std::vector<float> rows = stream.rows();
      for (const float value : rows) fail_unless(std::isfinite(value), "%s%s", preset, log);
      // Loud, not silent.
      const size_t width = static_cast<size_t>(stream.buffers()[0]->mels());
      const size_t at = rows.size() / width * 7 / 8 * width + width / 2;
      fail_unless(rows[at] > 20, "%s%s: %g", preset, log, static_cast<double>(rows[at]));
      ASSERT_EQUAL(stream.stat("nonfinite-samples"), 0);
    }
  }
}
