// SPDX-License-Identifier: LGPL-2.1-or-later
// Pcm to output buffers through framer, software backend and assembler, without an element.
#include "gst/npumelspec/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/mel/framing.h"
#include "kernels/mel/reference.h"

namespace npumel {
namespace {

constexpr int kWhisperMels = 80;
using Pcm = std::vector<int16_t>;

Pcm random_pcm(size_t count, unsigned seed = 1) {
  std::minstd_rand random(seed);
  std::uniform_int_distribution<int> values(-8000, 8000);
  Pcm samples(count);
  for (int16_t& sample : samples) sample = static_cast<int16_t>(values(random));
  return samples;
}

Stream::Config stream_config(int frames, int stride) {
  Stream::Config config;
  config.backend.recipe = resolve(Preset::whisper80, {}, 16000);
  config.backend.choice = BackendChoice::software;
  config.output.shape = frames == 0 ? Shape{.frames = 0, .first = 0, .stride = 1}
                                    : Shape{.frames = frames, .first = frames, .stride = stride};
  return config;
}

/// A stream with an open software backend, and what it sent.
class Sent {
 public:
  explicit Sent(const Stream::Config& config) {
    stream_.supervisor().open(BackendChoice::software, "");
    stream_.configure(config);
  }

  void feed(const Pcm& samples, size_t piece, bool wait = true) {
    for (size_t at = 0; at < samples.size(); at += piece) {
      stream_.feed(0, samples.data() + at,
                   static_cast<int64_t>(std::min(piece, samples.size() - at)));
      take(wait);
      EXPECT_FALSE(stream_.has_input());
    }
  }
  void silence(int64_t count) {
    stream_.feed(count, nullptr, 0);
    take(true);
  }
  void finish(int64_t frames) {
    stream_.finish(stream_.samples(), {.rows = frames, .valid = frames, .total = frames});
    take(true);
  }
  void take(bool wait) {
    while (true) {
      Output output;
      ASSERT_EQ(stream_.next(output, wait), GST_FLOW_OK);
      if (!output.buffer) return;
      starts.push_back(output.start);
      silent.push_back(output.silent);
      std::vector<float> values(gst_buffer_get_size(output.buffer.get()) / sizeof(float));
      gst_buffer_extract(output.buffer.get(), 0, values.data(), values.size() * sizeof(float));
      EXPECT_EQ(values.size(), static_cast<size_t>(output.rows) * kWhisperMels);
      rows.insert(rows.end(), values.begin(), values.end());
    }
  }

  Stream& stream() { return stream_; }
  std::vector<int64_t> starts;
  std::vector<bool> silent;
  std::vector<float> rows;

 private:
  OutputPool pool_{[] { return PoolPtr(); }};
  Stream stream_{pool_};
};

TEST(Stream, RowsAreThoseOfTheReference) {
  const Pcm samples = random_pcm(160 * 250);
  Sent sent(stream_config(100, 100));
  sent.feed(samples, samples.size());
  sent.finish(250);
  EXPECT_EQ(sent.starts, (std::vector<int64_t>{0, 100, 200}));
  std::vector<double> exact(samples.size());
  std::transform(samples.begin(), samples.end(), exact.begin(),
                 [](int16_t sample) { return sample / 32768.0; });
  const std::vector<double> expected = reference_rows(resolve(Preset::whisper80, {}, 16000), exact);
  ASSERT_EQ(sent.rows.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(static_cast<double>(sent.rows[i]), expected[i], 2e-4) << i;
}

TEST(Stream, RowsDoNotDependOnTheCutNorOnWaiting) {
  const Pcm samples = random_pcm(160 * 333 + 77);
  for (const int stride : {30, 7}) {
    Sent whole(stream_config(30, stride));
    whole.feed(samples, samples.size());
    whole.finish(333);
    for (const size_t piece : {1UL, 97UL, 160UL, 4001UL})
      for (const bool wait : {true, false}) {
        Sent cut(stream_config(30, stride));
        cut.feed(samples, piece, wait);
        cut.finish(333);
        EXPECT_EQ(cut.starts, whole.starts) << piece;
        EXPECT_EQ(cut.rows, whole.rows) << piece;
      }
  }
}

TEST(Stream, WaitingLeavesNothingInFlight) {
  const Pcm samples = random_pcm(160 * 100);
  Sent sent(stream_config(10, 10));
  sent.feed(samples, 1600);
  EXPECT_EQ(sent.stream().supervisor().in_flight(), 0);
  // The last frame that is complete needs 200 samples after its own.
  EXPECT_EQ(sent.starts.size(), 9U);
  EXPECT_EQ(sent.stream().samples(), 16000);
}

TEST(Stream, SilenceIsZerosAndIsFlagged) {
  const Pcm samples = random_pcm(160 * 40);
  Sent fed(stream_config(10, 10));
  fed.feed(samples, samples.size());
  fed.silence(160 * 60);
  fed.finish(100);
  Pcm zeros = samples;
  zeros.resize(160 * 100, 0);
  Sent expected(stream_config(10, 10));
  expected.feed(zeros, zeros.size());
  expected.finish(100);
  EXPECT_EQ(fed.rows, expected.rows);
  EXPECT_EQ(fed.silent,
            (std::vector<bool>{false, false, false, false, false, true, true, true, true, true}));
  EXPECT_EQ(expected.silent, std::vector<bool>(10, false));
}

TEST(Stream, AClipIsOneBufferAtTheEnd) {
  const Pcm samples = random_pcm(160 * 150);
  Sent clip(stream_config(0, 1));
  clip.feed(samples, 999);
  EXPECT_TRUE(clip.starts.empty());
  clip.finish(150);
  EXPECT_EQ(clip.starts, std::vector<int64_t>{0});
  Sent parts(stream_config(50, 50));
  parts.feed(samples, 999);
  parts.finish(150);
  EXPECT_EQ(clip.rows, parts.rows);
}

TEST(Stream, ResetBeginsAtFrameZeroWithItsEdge) {
  const Pcm first = random_pcm(160 * 35, 1);
  const Pcm second = random_pcm(160 * 40, 2);
  Sent reused(stream_config(20, 20));
  reused.feed(first, 500, false);
  reused.stream().reset();
  EXPECT_TRUE(reused.stream().empty());
  reused.rows.clear();
  reused.starts.clear();
  reused.feed(second, 500, false);
  reused.finish(40);
  Sent fresh(stream_config(20, 20));
  fresh.feed(second, second.size());
  fresh.finish(40);
  EXPECT_EQ(reused.starts, fresh.starts);
  EXPECT_EQ(reused.rows, fresh.rows);
}

TEST(Stream, PaddingIsZerosAfterTheAudio) {
  const Pcm samples = random_pcm(160 * 25 + 3);
  Sent padded(stream_config(40, 40));
  padded.feed(samples, samples.size());
  padded.stream().finish(160 * 40, {.rows = 40, .valid = 25, .total = 40});
  padded.take(true);
  Pcm zeros = samples;
  zeros.resize(160 * 40, 0);
  Sent expected(stream_config(40, 40));
  expected.feed(zeros, zeros.size());
  expected.finish(40);
  EXPECT_EQ(padded.rows, expected.rows);
}

TEST(Stream, LevelIsOfTheAudioUnderTheFrames) {
  Stream::Config config = stream_config(10, 10);
  config.measures_level = true;
  Sent sent(config);
  Pcm loud(160 * 10 + 400, 16384);  // -6 dBov, without its mean or with it: a square wave
  for (size_t i = 0; i < loud.size(); i += 2) loud[i] = -16384;
  sent.feed(loud, loud.size());
  ASSERT_EQ(sent.starts.size(), 1U);
  EXPECT_NEAR(sent.stream().level(0, 10).level, 6, 1);
}

}  // namespace
}  // namespace npumel
