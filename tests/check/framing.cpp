// SPDX-License-Identifier: LGPL-2.1-or-later
// How many frames, which numbers: every length at which a count can be off by one.
#include <set>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

struct Case {
  const char* nick;
  int rate;
};
// One of each framing: centred reflect, centred zero with waveform pre-emphasis, snip, mirrored,
// n_fft-long snip, wide windows, off-by-one snip, semi-causal, 48 kHz.
constexpr Case kCases[] = {{"whisper80", 16000},  {"nemo80", 16000},       {"kaldi80", 16000},
                           {"icefall80", 16000},  {"openwakeword", 16000}, {"librosa", 16000},
                           {"torchaudio", 16000}, {"gemma3n128", 16000},   {"gemma4-128", 16000},
                           {"granite80", 16000},  {"clap64", 48000}};

Recipe recipe_of(const Case& preset) {
  return resolve(*from_nick<Preset>(preset.nick), {}, preset.rate);
}

std::string caps_of(const Case& preset) {
  return "audio/x-raw,format=S16LE,rate=" + std::to_string(preset.rate);
}

/// Often win-length is n-fft: each length once.
std::set<int> lengths_of(const Recipe& recipe) {
  const int hop = recipe.hop_length, win = recipe.win_length, fft = recipe.n_fft;
  return {1,       2,       hop - 1, hop,     hop + 1,       win - 1,   win,
          win + 1, fft - 1, fft,     fft + 1, win + hop - 1, win + hop, 3 * win + 7};
}

}  // namespace

SLOW_CHECK_TEST(frames_and_numbers_of_every_length_streaming) {
  for (const Case& preset : kCases) {
    const Recipe recipe = recipe_of(preset);
    for (const int length : lengths_of(recipe)) {
      const std::vector<int16_t> samples = audio(static_cast<size_t>(length));
      MelStream stream(std::string("frames=3 preset=") + preset.nick, caps_of(preset).c_str());
      run(stream, samples);
      const auto expected = reference_rows(recipe, as_double(samples));
      const int64_t count = frame_count(recipe, length);
      ASSERT_EQUAL(expected.size(), count * recipe.mels);
      fail_unless(stream.frames() == count, "%s, %d samples: %d frames, want %d", preset.nick,
                  length, stream.frames(), static_cast<int>(count));
      assert_close(recipe, stream.rows(), expected);
    }
  }
}

LONG_CHECK_TEST(frames_and_numbers_of_every_length_in_one_buffer) {
  for (const Case& preset : kCases) {
    const Recipe recipe = recipe_of(preset);
    for (const int length : lengths_of(recipe)) {
      const std::vector<int16_t> samples = audio(static_cast<size_t>(length));
      MelStream stream(std::string("frames=0 preset=") + preset.nick, caps_of(preset).c_str());
      run(stream, samples);
      const auto expected = reference_clip(recipe, as_double(samples), false);
      fail_unless(stream.rows().size() == expected.size(), "%s, %d samples: %d rows, want %d",
                  preset.nick, length, stream.frames(),
                  static_cast<int>(expected.size()) / recipe.mels);
      fail_unless(stream.buffers().size() <= 1);
      assert_close(recipe, stream.rows(), expected);
    }
  }
}

CHECK_TEST(no_input_gives_no_buffer) {
  for (const char* frames : {"frames=0 ", "frames=100 ", "eos-mode=pad ", "eos-mode=short "}) {
    for (const char* nick : {"whisper80", "nemo80", "kaldi80"}) {
      MelStream stream(frames + std::string("preset=") + nick);
      fail_unless(stream.eos());
      fail_unless(stream.buffers().empty());
      fail_unless(stream.items().back().is(GST_EVENT_EOS));
      ASSERT_EQUAL(stream.error().code, -1);
    }
  }
}

CHECK_TEST(full_buffers_hold_frames_rows_each) {
  const std::vector<int16_t> samples = audio(16000 * 3);
  for (const int frames : {1, 7, 100, 150, 299}) {
    MelStream stream("eos-mode=short frames=" + std::to_string(frames));
    run(stream, samples);
    const auto received = stream.buffers();
    ASSERT_EQUAL(received.size(), (300 + frames - 1) / frames);
    for (size_t i = 0; i + 1 < received.size(); ++i) ASSERT_EQUAL(received[i]->frames(), frames);
    ASSERT_EQUAL(stream.frames(), 300);
  }
}

CHECK_TEST(stride_repeats_frames_and_first_frames_shifts_the_grid) {
  const std::vector<int16_t> samples = audio(16000 * 2);
  MelStream plain("frames=0");
  run(plain, samples);
  const std::vector<float> all = plain.rows();

  MelStream stream("frames=20 stride=6 first-frames=15 eos-mode=drop");
  run(stream, samples);
  const auto received = stream.buffers();
  fail_unless(received.size() > 10);
  ASSERT_EQUAL(received[0]->frames(), 15);
  for (size_t i = 0; i < received.size(); ++i) {
    const Received& buffer = *received[i];
    const size_t first = buffer.offset;
    ASSERT_EQUAL(buffer.offset_end, first + static_cast<size_t>(buffer.frames()));
    ASSERT_EQUAL(buffer.pts, time_of(first * 160));
    const std::vector<float> rows = buffer.rows();
    fail_unless(std::equal(rows.begin(), rows.end(), all.begin() + static_cast<long>(first * 80)));
    if (i >= 2) ASSERT_EQUAL(first - received[i - 1]->offset, 6);
  }
}

CHECK_TEST(the_last_partial_buffer_comes_only_with_a_new_frame) {
  // 40 frames, 20 a buffer, 10 apart: 0-19, 10-29, 20-39; the next would hold 30-39 again.
  MelStream stream("frames=20 stride=10 eos-mode=short");
  run(stream, audio(40 * 160));
  ASSERT_EQUAL(stream.buffers().size(), 3);
  ASSERT_EQUAL(stream.frames(), 60);
  // One frame more: 30-40 is new.
  MelStream more("frames=20 stride=10 eos-mode=short");
  run(more, audio(41 * 160));
  ASSERT_EQUAL(more.buffers().size(), 4);
  ASSERT_EQUAL(more.buffers().back()->frames(), 11);
  ASSERT_EQUAL(more.buffers().back()->offset, 30);
}

CHECK_TEST(float_and_integer_samples_give_the_same_bits) {
  const std::vector<int16_t> samples = audio(20000);
  for (const char* nick : {"whisper80", "kaldi80", "nemo80"}) {
    MelStream integer(std::string("frames=0 preset=") + nick);
    run(integer, samples);
    MelStream floating(std::string("frames=0 preset=") + nick,
                       "audio/x-raw,format=F32LE,rate=16000");
    run(floating, as_float(samples));
    fail_unless(integer.frames() > 0);
    fail_unless(integer.rows() == floating.rows());
  }
}

CHECK_TEST(frames_may_lie_further_apart_than_their_windows_reach) {
  RecipeOverrides overrides;
  overrides.hop_length = 1003;
  overrides.window = WindowFunction::hamming;    // the first sample under it weighs something
  overrides.frame_count = FrameCount::centered;  // and nothing between two frames is waited for
  const Recipe recipe = resolve(Preset::nemo80, overrides, 16000);
  const std::vector<int16_t> samples = audio(40000);
  for (const size_t piece : {40000UL, 317UL}) {
    MelStream stream(
        "preset=nemo80 window=hamming frame-count=centered hop-length=1003 frames=3 "
        "eos-mode=short");
    for (size_t at = 0; at < samples.size(); at += piece) {
      const size_t count = std::min(piece, samples.size() - at);
      stream.push(std::span<const int16_t>(samples).subspan(at, count), time_of(at));
    }
    stream.eos();
    assert_close(recipe, stream.rows(), reference_rows(recipe, as_double(samples)));
  }
}

SLOW_CHECK_TEST(librosa_and_custom_take_other_rates) {
  for (const int rate : {4000, 11025, 44100, 192000}) {
    const std::string caps = "audio/x-raw,format=S16LE,rate=" + std::to_string(rate);
    const std::vector<int16_t> samples = audio(30000);
    MelStream stream("preset=librosa frames=0", caps.c_str());
    run(stream, samples);
    const Recipe recipe = resolve(Preset::librosa, {}, rate);
    ASSERT_EQUAL(recipe.fmax, rate / 2);
    assert_close(recipe, stream.rows(), reference_clip(recipe, as_double(samples), false));
  }
}
