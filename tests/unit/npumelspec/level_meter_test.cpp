// SPDX-License-Identifier: LGPL-2.1-or-later
// Levels against sums worked out here, the voice rule, and both for any cut of the input.
#include "gst/npumelspec/level_meter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace npumel {
namespace {

constexpr int kHop = 160;

Recipe whisper() { return resolve(Preset::whisper80, {}, 16000); }

/// Rows of log10 with one value in all columns.
std::vector<float> rows_at(double log10, int count) {
  return std::vector<float>(static_cast<size_t>(count) * 80, static_cast<float>(log10));
}

RowSink sink(std::vector<float>& rows) { return {rows.data(), ElementType::f32, 80, 1}; }

std::vector<int16_t> tone(double amplitude, int samples) {
  std::vector<int16_t> signal;
  for (int i = 0; i < samples; ++i)
    signal.push_back(static_cast<int16_t>(
        std::lround(amplitude * 32767 * std::sin(2 * std::numbers::pi * i / 16))));
  return signal;
}

TEST(LevelMeter, GivesTheRootMeanSquareInDbov) {
  for (const auto& [amplitude, expected] :
       {std::pair(1.0, 3), {0.5, 9}, {0.1, 23}, {0.01, 43}, {0.0, 127}}) {
    LevelMeter meter;
    meter.configure(whisper(), SampleType::s16);
    const auto signal = tone(amplitude, 10 * kHop);
    meter.push(signal.data(), 10 * kHop);
    EXPECT_EQ(meter.level(0, 10).level, expected) << amplitude;
    EXPECT_EQ(meter.level(3, 2).level, expected) << amplitude;

    LevelMeter floats;
    floats.configure(whisper(), SampleType::f32);
    std::vector<float> same;
    for (const int16_t sample : signal) same.push_back(static_cast<float>(sample) / 32768);
    floats.push(same.data(), 10 * kHop);
    EXPECT_EQ(floats.level(0, 10).level, expected) << amplitude;
  }
}

TEST(LevelMeter, CountsFullScaleAtMostAndNoNan) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::f32);
  std::vector<float> loud(kHop, 1e30F);
  loud[7] = -INFINITY;
  meter.push(loud.data(), kHop);
  EXPECT_EQ(meter.level(0, 1).level, 0);
  const std::vector<float> none(kHop, NAN);
  meter.push(none.data(), kHop);
  EXPECT_EQ(meter.level(1, 1).level, 127);
}

TEST(LevelMeter, CountsWhatAnUnfinishedHopHas) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::s16);
  const std::vector<int16_t> half(kHop / 2, 32767);
  meter.push(half.data(), kHop / 2);
  EXPECT_EQ(meter.level(0, 1).level, 0);
  meter.push_silence(kHop / 2);
  EXPECT_EQ(meter.level(0, 1).level, 3);
  EXPECT_EQ(meter.level(1, 1).level, 127);  // no sample at all
}

TEST(LevelMeter, HearsVoiceAboveTheNoiseOnly) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::s16);
  const auto signal = tone(0.1, 700 * kHop);
  meter.push(signal.data(), 700 * kHop);
  auto noise = rows_at(-4, 100);
  meter.push_rows(0, 100, sink(noise));
  EXPECT_FALSE(meter.level(0, 100).voice);
  auto speech = rows_at(-3.05, 100);  // 9.5 dB above
  meter.push_rows(100, 1, sink(speech));
  EXPECT_TRUE(meter.level(100, 1).voice);
  auto weak = rows_at(-3.2, 100);  // 8 dB above
  meter.push_rows(101, 1, sink(weak));
  EXPECT_FALSE(meter.level(101, 1).voice);
  // What stays becomes noise: the noise level rises by 2 dB a second.
  for (int i = 0; i < 5; ++i) meter.push_rows(102 + 100 * i, 100, sink(speech));
  EXPECT_FALSE(meter.level(502, 100).voice);
  // A quarter of the frames is enough.
  auto quiet = rows_at(-6, 3);
  meter.push_rows(602, 3, sink(quiet));
  meter.push_rows(605, 1, sink(speech));
  EXPECT_TRUE(meter.level(602, 4).voice);
  meter.push_rows(606, 1, sink(quiet));
  EXPECT_FALSE(meter.level(602, 5).voice);
}

TEST(LevelMeter, DigitalSilenceIsNotTheNoiseLevel) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::s16);
  const auto signal = tone(0.1, 700 * kHop);
  auto floor = rows_at(-10, 50);
  auto edge = rows_at(-7, 3);  // windows of 400 samples that reach into the zeros
  auto noise = rows_at(-4, 200);
  auto speech = rows_at(-3.05, 10);
  // A stream that begins with it: its first second of sound has voice.
  meter.push_silence(50 * kHop);
  meter.push(signal.data(), 213 * kHop);
  meter.push_rows(0, 50, sink(floor));
  meter.push_rows(50, 3, sink(edge));
  meter.push_rows(53, 200, sink(noise));
  meter.push_rows(253, 10, sink(speech));
  EXPECT_FALSE(meter.level(0, 50).voice);
  EXPECT_TRUE(meter.level(50, 3).voice);
  EXPECT_TRUE(meter.level(53, 100).voice);
  EXPECT_TRUE(meter.level(152, 1).voice);
  EXPECT_FALSE(meter.level(153, 1).voice);
  EXPECT_FALSE(meter.level(153, 100).voice);
  EXPECT_TRUE(meter.level(253, 10).voice);
  // In the middle it changes nothing, however long it is.
  meter.push_silence(300 * kHop);
  meter.push(signal.data(), 213 * kHop);
  for (int part = 0; part < 6; ++part) meter.push_rows(263 + 50 * part, 50, sink(floor));
  meter.push_rows(563, 3, sink(edge));
  meter.push_rows(566, 200, sink(noise));
  meter.push_rows(766, 10, sink(speech));
  EXPECT_FALSE(meter.level(263, 300).voice);
  EXPECT_FALSE(meter.level(563, 3).voice);
  EXPECT_FALSE(meter.level(566, 1).voice);
  EXPECT_FALSE(meter.level(566, 200).voice);
  EXPECT_TRUE(meter.level(766, 10).voice);
  // A stream that begins with sound knows its noise at once.
  meter.reset();
  meter.push(signal.data(), 213 * kHop);
  meter.push_rows(0, 200, sink(noise));
  EXPECT_FALSE(meter.level(0, 200).voice);
}

TEST(LevelMeter, LearnsTheNoiseFromTheLowestOfTheFirstSecond) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::s16);
  const auto signal = tone(0.1, 300 * kHop);
  meter.push_silence(kHop);
  meter.push(signal.data(), 300 * kHop);
  auto floor = rows_at(-10, 1);
  auto loud = rows_at(-2, 60);
  auto pause = rows_at(-3.1, 40);
  meter.push_rows(0, 1, sink(floor));
  meter.push_rows(1, 60, sink(loud));
  meter.push_rows(61, 3, sink(pause));
  meter.push_rows(64, 60, sink(loud));
  EXPECT_TRUE(meter.level(104, 20).voice);  // 11 dB above the pause
  meter.push_rows(124, 40, sink(pause));
  EXPECT_FALSE(meter.level(124, 40).voice);
}

TEST(LevelMeter, HearsNoVoiceInWhatIsTooQuiet) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::s16);
  const auto faint = tone(0.001, 10 * kHop);  // -63 dBov
  meter.push(faint.data(), 10 * kHop);
  auto noise = rows_at(-8, 5);
  auto speech = rows_at(-4, 5);
  meter.push_rows(0, 5, sink(noise));
  meter.push_rows(5, 5, sink(speech));
  EXPECT_FALSE(meter.level(5, 5).voice);
}

TEST(LevelMeter, LooksAtTheFiltersOfSpeech) {
  LevelMeter meter;
  meter.configure(whisper(), SampleType::s16);
  const auto signal = tone(0.1, 2 * kHop);
  meter.push(signal.data(), 2 * kHop);
  auto noise = rows_at(-5, 1);
  meter.push_rows(0, 1, sink(noise));
  auto high = rows_at(-5, 1);
  for (size_t mel = 56; mel < 80; ++mel) high[mel] = 0;  // above 3.6 kHz
  for (size_t mel = 0; mel < 5; ++mel) high[mel] = 0;    // below 240 Hz
  meter.push_rows(1, 1, sink(high));
  EXPECT_FALSE(meter.level(1, 1).voice);
}

TEST(LevelMeter, DoesNotDependOnTheCut) {
  std::mt19937 random(3);
  std::vector<float> signal;
  for (int i = 0; i < 100 * kHop; ++i)
    signal.push_back(std::sin(static_cast<float>(i) * 0.1F) * static_cast<float>(random() % 1000) /
                     2000);
  std::vector<float> rows;
  for (int i = 0; i < 100 * 80; ++i) rows.push_back(static_cast<float>(random() % 600) / -100);
  LevelMeter whole;
  whole.configure(whisper(), SampleType::f32);
  whole.push(signal.data(), 100 * kHop);
  whole.push_rows(0, 100, sink(rows));
  LevelMeter cut;
  cut.configure(whisper(), SampleType::f32);
  int frames = 0;
  for (int done = 0; done < 100 * kHop;) {
    const int count = std::min<int>(1 + static_cast<int>(random() % 500), 100 * kHop - done);
    cut.push(signal.data() + done, count);
    done += count;
    for (; (frames + 1) * kHop <= done; ++frames) cut.push_rows(frames, 1, sink(rows).at(frames));
  }
  for (int first = 0; first < 100; first += 7) {
    const int count = std::min(10, 100 - first);
    EXPECT_EQ(cut.level(first, count).level, whole.level(first, count).level);
    EXPECT_EQ(cut.level(first, count).voice, whole.level(first, count).voice);
    cut.drop_before(first);
  }
}

}  // namespace
}  // namespace npumel
