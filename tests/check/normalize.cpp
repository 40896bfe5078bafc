// SPDX-License-Identifier: LGPL-2.1-or-later
// normalize=none|buffer|running|fixed, and what is refused.
#include "kernels/mel/normalize.h"

#include <algorithm>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

/// A quiet second and a loud one: normalisations that look at different spans differ.
Samples quiet_then_loud() {
  Samples samples = audio(32000);
  for (size_t i = 0; i < 16000; ++i) samples[i] = static_cast<int16_t>(samples[i] / 64);
  return samples;
}

std::vector<double> raw_rows(const Recipe& recipe, const Samples& samples) {
  return reference_rows(recipe, as_double(samples));
}

/// Normalises COUNT rows of ROWS from FIRST in place, as a buffer of their own.
void normalize_part(const Recipe& recipe, std::vector<double>& rows, size_t first, size_t count,
                    double maximum) {
  const BasicRowBlock<double> block{rows.data() + first * static_cast<size_t>(recipe.mels),
                                    static_cast<int64_t>(count), recipe.mels, recipe.mels, 1};
  normalize(recipe.normalization, block, static_cast<int64_t>(count), maximum);
}

double maximum_of(const std::vector<double>& rows, size_t begin, size_t end, size_t mels) {
  return *std::max_element(rows.begin() + static_cast<long>(begin * mels),
                           rows.begin() + static_cast<long>(end * mels));
}

}  // namespace

CHECK_TEST(none_is_raw_and_has_no_affine_map) {
  const Samples samples = quiet_then_loud();
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  MelStream stream("frames=50 eos-mode=short");
  run(stream, samples);
  assert_close(recipe, stream.rows(), raw_rows(recipe, samples));
}

SLOW_CHECK_TEST(buffer_normalises_each_buffer_by_itself) {
  const Samples samples = quiet_then_loud();
  for (const char* nick : {"whisper80", "nemo80", "wespeaker80", "s2t80", "ast128", "librosa"}) {
    const bool db = std::string(nick) == "librosa";
    RecipeOverrides overrides;
    if (db) overrides.log = LogType::db;
    const Recipe recipe = resolve(*from_nick<Preset>(nick), overrides, 16000);
    MelStream stream(std::string("frames=10 normalize=buffer eos-mode=short preset=") + nick +
                     (db ? " log=db" : ""));
    run(stream, samples);
    std::vector<double> expected = raw_rows(recipe, samples);
    const auto mels = static_cast<size_t>(recipe.mels);
    const size_t frames = expected.size() / mels;
    for (size_t at = 0; at < frames; at += 10) {
      const size_t count = std::min<size_t>(10, frames - at);
      normalize_part(recipe, expected, at, count, maximum_of(expected, at, at + count, mels));
    }
    const std::vector<float> actual = stream.rows();
    ASSERT_EQUAL(actual.size(), expected.size());
    // Statistics over ten rows magnify the noise of weak bins; the law of raw rows does not apply.
    for (size_t i = 0; i < actual.size(); ++i)
      fail_unless(std::abs(static_cast<double>(actual[i]) - expected[i]) < 2e-2, "%s %zu: %g %g",
                  nick, i, static_cast<double>(actual[i]), expected[i]);
  }
}

CHECK_TEST(overlapping_buffers_are_normalised_each_from_the_raw_rows) {
  const Samples samples = quiet_then_loud();
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  const std::vector<double> raw = raw_rows(recipe, samples);
  MelStream stream("frames=20 stride=5 normalize=buffer eos-mode=drop");
  run(stream, samples);
  ASSERT_EQUAL(stream.buffers().size(), 37);
  for (const Received* buffer : stream.buffers()) {
    const auto first = raw.begin() + static_cast<long>(buffer->offset * 80);
    std::vector<double> expected(first, first + 20 * 80);
    normalize_part(recipe, expected, 0, 20, maximum_of(expected, 0, 20, 80));
    assert_close(recipe, buffer->rows(), expected, true);
  }
}

CHECK_TEST(rows_of_padding_do_not_count_for_the_statistics_of_a_buffer) {
  const Recipe recipe = resolve(Preset::nemo80, {}, 16000);
  Samples samples = audio(50 * 160);
  MelStream stream("preset=nemo80 frames=30 eos-mode=pad normalize=buffer");
  run(stream, samples);
  ASSERT_EQUAL(stream.buffers().size(), 2);
  ASSERT_EQUAL(stream.buffers()[1]->valid_frames, 20);
  samples.resize(61 * 160, 0);
  std::vector<double> expected = raw_rows(recipe, samples);
  const BasicRowBlock<double> last{expected.data() + 30 * 80, 30, 80, 80, 1};
  normalize(recipe.normalization, last, 20, 0);
  const std::vector<float> actual = stream.buffers()[1]->rows();
  for (size_t i = 0; i < 20 * 80; ++i)
    fail_unless(std::abs(static_cast<double>(actual[i]) - expected[30 * 80 + i]) < 2e-2,
                "%zu: %g %g", i, static_cast<double>(actual[i]), expected[30 * 80 + i]);
}

CHECK_TEST(buffer_with_frames_zero_is_the_clip) {
  const Samples samples = quiet_then_loud();
  for (const char* nick : {"whisper80", "whisper128", "granite80", "voxtral-rt128"}) {
    const Recipe recipe = resolve(*from_nick<Preset>(nick), {}, 16000);
    MelStream stream(std::string("frames=0 normalize=buffer preset=") + nick);
    run(stream, samples);
    assert_close(recipe, stream.rows(), reference_clip(recipe, as_double(samples), true), true);
  }
}

CHECK_TEST(running_uses_the_maximum_so_far) {
  const Samples samples = quiet_then_loud();
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  MelStream stream("frames=10 normalize=running eos-mode=short");
  run(stream, samples);
  std::vector<double> expected = raw_rows(recipe, samples);
  double maximum = -1e300;
  const size_t frames = expected.size() / 80;
  for (size_t at = 0; at < frames; at += 10) {
    const size_t count = std::min<size_t>(10, frames - at);
    maximum = std::max(maximum, maximum_of(expected, at, at + count, 80));
    normalize_part(recipe, expected, at, count, maximum);
  }
  assert_close(recipe, stream.rows(), expected, true);
}

CHECK_TEST(running_starts_again_after_a_flush) {
  MelStream stream("frames=10 normalize=running");
  Samples loud = audio(16000), quiet = audio(16000);
  for (int16_t& sample : quiet) sample = static_cast<int16_t>(sample / 4096);
  MelStream fresh("frames=10 normalize=running");
  fresh.push(quiet, 0);
  stream.push(loud, 0);
  stream.flush();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.segment(segment);
  stream.forget();
  stream.push(quiet, 0);
  fail_unless(stream.rows() == fresh.rows());
}

CHECK_TEST(fixed_clamps_below_fixed_max) {
  const Samples samples = quiet_then_loud();
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  MelStream stream("frames=10 normalize=fixed fixed-max=1.5 eos-mode=short");
  run(stream, samples);
  std::vector<double> expected = raw_rows(recipe, samples);
  normalize_part(recipe, expected, 0, expected.size() / 80, 1.5);
  assert_close(recipe, stream.rows(), expected, true);
}

CHECK_TEST(a_maximum_that_is_given_replaces_a_published_one) {
  // Voxtral's rows are Whisper's, with a published maximum of 1.5.
  Samples samples = audio(16000);
  std::fill(samples.begin(), samples.begin() + 8000, int16_t{0});
  for (const char* given : {"normalize=fixed fixed-max=0.5", "normalize=running"}) {
    MelStream voxtral(std::string("frames=10 preset=voxtral-rt128 ") + given);
    MelStream whisper(std::string("frames=10 preset=whisper128 ") + given);
    voxtral.push(samples, 0);
    whisper.push(samples, 0);
    ASSERT_EQUAL(voxtral.buffers().size(), 9);
    fail_unless(voxtral.rows() == whisper.rows(), "%s", given);
  }
}

CHECK_TEST(running_and_fixed_are_refused_without_a_maximum_clamp_and_say_why) {
  for (const char* nick : {"nemo80", "kaldi80", "seamless80", "s2t80", "ast128", "torchaudio"}) {
    for (const char* normalize : {"running", "fixed"}) {
      MelStream stream(std::string("preset=") + nick + " normalize=" + normalize);
      fail_unless(stream.push(audio(16000), 0) < GST_FLOW_OK, "%s %s", nick, normalize);
      const PostedError error = stream.error();
      fail_unless(error.code >= 0 && error.says("normalize"), "%s", error.text.c_str());
    }
  }
}

CHECK_TEST(running_and_fixed_are_accepted_where_the_normalisation_is_a_maximum_clamp) {
  for (const char* properties : {"preset=whisper128", "preset=granite80", "preset=voxtral-rt128",
                                 "preset=openwakeword", "preset=librosa log=db"}) {
    for (const char* normalize : {" normalize=running", " normalize=fixed"}) {
      MelStream stream(std::string(properties) + normalize);
      fail_unless(stream.push(audio(32000), 0) == GST_FLOW_OK, "%s%s", properties, normalize);
      ASSERT_EQUAL(stream.error().code, -1);
    }
  }
}

CHECK_TEST(log_max_is_the_largest_raw_value) {
  const Samples samples = quiet_then_loud();
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  const std::vector<double> raw = raw_rows(recipe, samples);
  for (const char* normalize : {"none", "buffer"}) {
    MelStream stream(std::string("frames=50 normalize=") + normalize);
    run(stream, samples);
    ASSERT_EQUAL(stream.buffers().size(), 4);
    for (size_t i = 0; i < 4; ++i) {
      const double expected = maximum_of(raw, i * 50, i * 50 + 50, 80);
      fail_unless(std::abs(stream.buffers()[i]->log_max - expected) < 1e-4);
    }
  }
}

CHECK_TEST(openwakeword_streaming_clamps_each_call_of_the_original) {
  const Samples samples = quiet_then_loud();
  const Recipe recipe = resolve(Preset::openwakeword, {}, 16000);
  MelStream stream("preset=openwakeword frames=8 first-frames=5 normalize=buffer eos-mode=drop");
  run(stream, samples);
  // Calls of 1280 samples with 480 samples of the past: 5 rows, then 8 each.
  std::vector<double> expected;
  for (size_t end = 1280; end <= samples.size(); end += 1280) {
    const size_t begin = end == 1280 ? 0 : end - 1760;
    const Samples call(samples.begin() + static_cast<long>(begin),
                       samples.begin() + static_cast<long>(end));
    const auto rows = reference_clip(recipe, as_double(call), true);
    ASSERT_EQUAL(rows.size() / 32, end == 1280 ? 5 : 8);
    expected.insert(expected.end(), rows.begin(), rows.end());
  }
  assert_close(recipe, stream.rows(), expected, true);
}
