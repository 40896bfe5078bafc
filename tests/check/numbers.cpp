// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples that no microphone gives, and what they must not do; float16; odd bytes.
#include <algorithm>
#include <limits>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

constexpr const char* kFloat = "audio/x-raw,format=F32LE,rate=16000";

std::vector<float> run_float(const std::vector<float>& samples, const std::string& properties) {
  MelStream stream(properties, kFloat);
  run(stream, samples);
  return stream.rows();
}

bool all_finite(const std::vector<float>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](float x) { return std::isfinite(x); });
}

float half_to_float(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const float fraction = static_cast<float>(half & 1023) / 1024;
  const float sign = half & 0x8000 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, -14);
  return sign * std::ldexp(1 + fraction, exponent - 15);
}

std::vector<float> halves_of(const MelStream& stream) {
  std::vector<float> values;
  for (const Received* buffer : stream.buffers())
    for (size_t i = 0; i + 1 < buffer->bytes.size(); i += 2)
      values.push_back(
          half_to_float(static_cast<uint16_t>(buffer->bytes[i] | buffer->bytes[i + 1] << 8)));
  return values;
}

}  // namespace

CHECK_TEST(non_finite_samples_read_as_zero_are_counted_and_do_not_spread) {
  const std::vector<float> clean = as_float(audio(32000));
  std::vector<float> broken = clean, zeroed = clean;
  const std::vector<std::pair<size_t, float>> faults = {
      {4000, NAN}, {4001, INFINITY}, {4002, -INFINITY}, {20000, NAN}};
  for (const auto& [at, value] : faults) broken[at] = value, zeroed[at] = 0;
  for (const char* properties : {"", "preset=nemo80", "frames=0 normalize=buffer", "frames=7"}) {
    MelStream stream(properties, kFloat);
    run(stream, broken);
    fail_unless(all_finite(stream.rows()));
    fail_unless(stream.rows() == run_float(zeroed, properties));
    ASSERT_EQUAL(stream.stat("nonfinite-samples"), 4);
    ASSERT_EQUAL(stream.error().code, -1);
  }
}

CHECK_TEST(a_buffer_full_of_nan_does_not_poison_the_next) {
  const std::vector<float> samples = as_float(audio(16000));
  MelStream stream("frames=10 normalize=running", kFloat);
  stream.push(std::vector<float>(16000, NAN), 0);
  stream.push(samples, GST_SECOND);
  stream.eos();
  fail_unless(all_finite(stream.rows()));
  MelStream silent("frames=10 normalize=running", kFloat);
  silent.push(std::vector<float>(16000, 0.0F), 0);
  silent.push(samples, GST_SECOND);
  silent.eos();
  fail_unless(stream.rows() == silent.rows());
}

CHECK_TEST(silence_is_the_floor) {
  struct {
    const char* properties;
    float floor;
  } const cases[] = {{"", -10.0F},
                     {"preset=kaldi80", std::log(1.1920929e-7F)},
                     {"preset=nemo80", std::log(std::ldexp(1.0F, -24))},
                     {"preset=vggish64", std::log(0.01F)},
                     {"preset=openwakeword", -100.0F},
                     {"preset=librosa", 0.0F}};
  for (const auto& expected : cases) {
    MelStream stream(expected.properties);
    run(stream, std::vector<int16_t>(32000));
    fail_unless(!stream.rows().empty());
    for (const float value : stream.rows())
      fail_unless(std::abs(value - expected.floor) < 1e-4F, "%s: %g", expected.properties,
                  static_cast<double>(value));
  }
}

CHECK_TEST(hard_signals_follow_the_reference) {
  const Recipe whisper = resolve(Preset::whisper80, {}, 16000);
  const Recipe kaldi = resolve(Preset::kaldi80, {}, 16000);
  std::vector<int16_t> square(8000), dc(8000, 12345), impulse(8000), least(8000);
  for (size_t i = 0; i < square.size(); ++i) square[i] = i / 37 % 2 ? 32767 : -32768;
  for (size_t i = 0; i < least.size(); ++i) least[i] = static_cast<int16_t>(i % 3 == 0);
  impulse[4321] = 32767;
  for (const auto& signal : {square, impulse, least}) {
    for (const Recipe* recipe : {&whisper, &kaldi}) {
      MelStream stream(std::string("frames=0 preset=") + nick(recipe->preset));
      run(stream, signal);
      assert_close(*recipe, stream.rows(), reference_clip(*recipe, as_double(signal), false));
    }
  }
  // Kaldi takes the mean away: a constant is nothing but the rounding of the subtraction, far below
  // the faintest sample there is.
  MelStream stream("frames=0 preset=kaldi80");
  run(stream, dc);
  ASSERT_EQUAL(stream.frames(), 48);
  for (const float value : stream.rows()) fail_unless(value < 0, "%g", static_cast<double>(value));
}

CHECK_TEST(denormal_and_huge_samples_stay_finite) {
  std::vector<float> samples(16000);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = i < 8000 ? std::numeric_limits<float>::denorm_min() * static_cast<float>(i % 5)
                          : (i % 2 ? 3e18F : -3e18F);
  fail_unless(all_finite(run_float(samples, "frames=10")));
}

LONG_CHECK_TEST(a_tone_at_the_centre_of_each_filter_peaks_there) {
  const auto mel_of = [](double f) {
    return f < 1000 ? 3 * f / 200 : 15 + 27 * std::log(f / 1000) / std::log(6.4);
  };
  const auto hz_of = [](double m) {
    return m < 15 ? 200 * m / 3 : 1000 * std::exp((m - 15) * std::log(6.4) / 27);
  };
  const double top = mel_of(8000);
  // Below 1 kHz filters of 80 are narrower than an FFT bin: the upper half is enough to tell a
  // shifted or reversed axis.
  for (int filter = 40; filter < 80; ++filter) {
    const double hertz = hz_of(top * (filter + 1) / 81);
    std::vector<float> tone(4000);
    for (size_t i = 0; i < tone.size(); ++i)
      tone[i] = static_cast<float>(std::sin(2 * G_PI * hertz * static_cast<double>(i) / 16000));
    const std::vector<float> rows = run_float(tone, "frames=0");
    const auto middle = rows.begin() + 10 * 80;
    ASSERT_EQUAL(std::max_element(middle, middle + 80) - middle, filter);
  }
}

CHECK_TEST(float16_is_the_rounded_float32) {
  const auto samples = audio(16000);
  for (const char* properties : {"frames=10", "frames=10 preset=nemo80",
                                 "frames=10 layout=mel-major", "frames=0 normalize=buffer"}) {
    MelStream full(properties), half(std::string("format=F16LE ") + properties);
    run(full, samples);
    run(half, samples);
    const std::vector<float> wide = full.rows(), narrow = halves_of(half);
    fail_unless(!wide.empty());
    ASSERT_EQUAL(wide.size(), narrow.size());
    for (size_t i = 0; i < wide.size(); ++i) {
      const float ulp = std::ldexp(1.0F, std::max(std::ilogb(wide[i]), -14) - 10);
      fail_unless(std::abs(wide[i] - narrow[i]) <= ulp / 2, "%g %g", static_cast<double>(wide[i]),
                  static_cast<double>(narrow[i]));
    }
  }
}

CHECK_TEST(float16_saturates) {
  // Statistics of constant bins divide by about 1e-5: normalised values leave float16's range.
  std::vector<int16_t> samples(1600 * 160);
  samples[samples.size() - 300] = 32767;
  MelStream full("preset=nemo80 frames=0 normalize=buffer log-floor=1e-30", kFloat);
  MelStream half("preset=nemo80 frames=0 normalize=buffer log-floor=1e-30 format=F16LE", kFloat);
  std::vector<float> loud = as_float(samples);
  for (float& x : loud) x *= 1e15F;
  run(full, loud);
  run(half, loud);
  const std::vector<float> wide = full.rows(), narrow = halves_of(half);
  ASSERT_EQUAL(wide.size(), narrow.size());
  for (const float value : narrow) fail_unless(std::isfinite(value) && std::abs(value) <= 65504);
}

CHECK_TEST(mel_major_is_the_transpose) {
  const auto samples = audio(16000);
  for (const char* frames :
       {"frames=7 eos-mode=short", "frames=0", "frames=20 stride=6 eos-mode=short",
        "frames=0 normalize=buffer", "frames=30 eos-mode=pad", "frames=60 eos-mode=short",
        "frames=60 eos-mode=short normalize=buffer"}) {
    MelStream rows(frames), columns(std::string("layout=mel-major ") + frames);
    run(rows, samples);
    run(columns, samples);
    ASSERT_EQUAL(rows.buffers().size(), columns.buffers().size());
    for (size_t i = 0; i < rows.buffers().size(); ++i) {
      const std::vector<float> a = rows.buffers()[i]->rows(), b = columns.buffers()[i]->rows();
      const auto count = static_cast<size_t>(rows.buffers()[i]->frames());
      for (size_t t = 0; t < count; ++t)
        for (size_t m = 0; m < 80; ++m) fail_unless(a[t * 80 + m] == b[m * count + t]);
    }
  }
}

CHECK_TEST(an_odd_number_of_bytes_is_an_error) {
  for (const char* format : {"S16LE", "F32LE"}) {
    MelStream stream("frames=10", (std::string("audio/x-raw,rate=16000,format=") + format).c_str());
    ASSERT_EQUAL(stream.push(std::vector<uint8_t>(4001), 0), GST_FLOW_ERROR);
    fail_unless(stream.error().code >= 0);
  }
}

CHECK_TEST(an_empty_buffer_is_nothing) {
  const std::vector<int16_t> samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  const auto push_empty = [&](GstClockTime time, guint flags) {
    GstBuffer* empty = gst_buffer_new();
    GST_BUFFER_PTS(empty) = time;
    GST_BUFFER_FLAGS(empty) |= flags;
    ASSERT_EQUAL(stream.push(empty), GST_FLOW_OK);
  };
  push_empty(GST_CLOCK_TIME_NONE, 0);
  push_empty(77 * GST_SECOND, GST_BUFFER_FLAG_DISCONT);
  stream.push(std::span<const int16_t>(samples).first(7777), 0);
  push_empty(time_of(7777), GST_BUFFER_FLAG_GAP);
  push_empty(99 * GST_SECOND, GST_BUFFER_FLAG_DISCONT);
  stream.push(std::span<const int16_t>(samples).subspan(7777), time_of(7777));
  stream.eos();
  MelStream plain("frames=10 eos-mode=short");
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
  ASSERT_EQUAL(stream.buffers()[0]->pts, 0);
}

CHECK_TEST(non_finite_samples_are_warned_of_once) {
  MelStream stream("frames=10", "audio/x-raw,format=F32LE,rate=16000");
  std::vector<float> samples(1600, std::numeric_limits<float>::infinity());
  for (guint64 i = 0; i < 4; ++i) stream.push(samples, time_of(i * 1600));
  ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), 1);
  ASSERT_EQUAL(stream.stat("nonfinite-samples"), 6400);
}
