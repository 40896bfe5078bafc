// SPDX-License-Identifier: LGPL-2.1-or-later
// The output does not depend on how the input is cut: not a bit, not a nanosecond.
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

/// Deterministic sizes: the next one each call.
using Cut = std::function<size_t()>;

Cut always(size_t size) {
  return [size] { return size; };
}
Cut cycle(std::vector<size_t> sizes) {
  return [sizes, i = size_t{0}]() mutable { return sizes[i++ % sizes.size()]; };
}
Cut random_sizes(uint32_t state, uint32_t most) {
  return [state, most]() mutable {
    state = state * 1664525U + 1013904223U;
    return 1 + (state >> 8) % most;
  };
}

/// Pushes SAMPLES in pieces with the timestamps they have; returns the number of pieces.
template <typename T>
size_t push_cut(MelStream& stream, const std::vector<T>& samples, Cut cut) {
  size_t pieces = 0;
  for (size_t at = 0; at < samples.size(); ++pieces) {
    const size_t size = std::min(cut(), samples.size() - at);
    const auto piece = std::span<const T>(samples).subspan(at, size);
    ASSERT_EQUAL(stream.push(piece, time_of(at)), GST_FLOW_OK);
    at += size;
  }
  fail_unless(stream.eos());
  return pieces;
}

void assert_same(const MelStream& one, const MelStream& other) {
  const auto a = one.buffers(), b = other.buffers();
  ASSERT_EQUAL(a.size(), b.size());
  fail_unless(!a.empty());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQUAL(a[i]->pts, b[i]->pts);
    ASSERT_EQUAL(a[i]->duration, b[i]->duration);
    ASSERT_EQUAL(a[i]->offset, b[i]->offset);
    ASSERT_EQUAL(a[i]->offset_end, b[i]->offset_end);
    fail_unless(a[i]->bytes == b[i]->bytes, "buffer %zu differs", i);
    ASSERT_EQUAL(a[i]->valid_frames, b[i]->valid_frames);
  }
}

const char* const kStreams[] = {
    "",
    "frames=7",
    "frames=1",
    "frames=250",
    "frames=0",
    "frames=20 stride=6",
    "frames=120 stride=1",
    "frames=8 first-frames=5",
    "frames=0 normalize=buffer",
    "frames=16 normalize=running",
    "frames=0 tail-silence=100000000",
    "eos-mode=pad",
    "preset=nemo80",
    "preset=nemo80 frames=9 stride=4 eos-mode=short",
    "preset=kaldi80 frames=13",
    "preset=icefall80 frames=13",
    "preset=librosa frames=5",
    "preset=gemma4-128 frames=3",
    "preset=openwakeword frames=8 first-frames=5 normalize=buffer eos-mode=drop",
};

}  // namespace

LONG_CHECK_TEST(one_sample_buffers_change_nothing) {
  const std::vector<int16_t> samples = audio(16000 + 123);
  for (const char* properties : kStreams) {
    MelStream whole(properties), cut(properties);
    ASSERT_EQUAL(push_cut(whole, samples, always(samples.size())), 1);
    ASSERT_EQUAL(push_cut(cut, samples, always(1)), samples.size());
    assert_same(whole, cut);
  }
}

LONG_CHECK_TEST(prime_sized_buffers_change_nothing) {
  const std::vector<int16_t> samples = audio(47001);
  for (const char* properties : kStreams) {
    MelStream whole(properties), cut(properties);
    push_cut(whole, samples, always(samples.size()));
    push_cut(cut, samples, cycle({2, 3, 5, 7, 11, 13, 159, 161, 401, 1009, 17, 16007}));
    assert_same(whole, cut);
  }
}

LONG_CHECK_TEST(random_buffers_change_nothing) {
  const std::vector<int16_t> samples = audio(60000, 7);
  for (const char* properties : kStreams) {
    MelStream whole(properties);
    push_cut(whole, samples, always(samples.size()));
    for (const uint32_t seed : {1U, 2U, 3U}) {
      MelStream cut(properties);
      push_cut(cut, samples, random_sizes(seed, seed == 1 ? 40 : 9000));
      assert_same(whole, cut);
    }
  }
}

CHECK_TEST(float_samples_cut_anywhere_change_nothing) {
  const std::vector<float> samples = as_float(audio(30000, 3));
  const char* caps = "audio/x-raw,format=F32LE,rate=16000";
  for (const char* properties : {"frames=7", "preset=nemo80 frames=11", "frames=20 stride=6"}) {
    MelStream whole(properties, caps), cut(properties, caps);
    push_cut(whole, samples, always(samples.size()));
    push_cut(cut, samples, random_sizes(11, 500));
    assert_same(whole, cut);
  }
}

LONG_CHECK_TEST(one_buffer_of_ten_minutes_equals_buffers_of_ten_milliseconds) {
  const std::vector<int16_t> samples = audio(10 * 60 * 16000);
  for (const char* properties : {"", "frames=100 stride=50"}) {
    MelStream whole(properties), cut(properties);
    ASSERT_EQUAL(push_cut(whole, samples, always(samples.size())), 1);
    ASSERT_EQUAL(push_cut(cut, samples, always(160)), 60000);
    assert_same(whole, cut);
    fail_unless(whole.frames() >= 60000);
  }
}

CHECK_TEST(frames_do_not_depend_on_the_buffer_they_travel_in) {
  const std::vector<int16_t> samples = audio(50000, 5);
  for (const char* nick :
       {"whisper80", "nemo80", "kaldi80", "icefall80", "librosa", "gemma4-128", "openwakeword"}) {
    const std::string preset = std::string("preset=") + nick;
    MelStream reference(preset + " frames=1");
    push_cut(reference, samples, always(samples.size()));
    for (const char* frames : {" frames=100 eos-mode=short", " frames=33 eos-mode=short"}) {
      MelStream other(preset + frames);
      push_cut(other, samples, always(777));
      fail_unless(reference.rows() == other.rows(), "%s%s", nick, frames);
    }
  }
}

// Where openwakeword's original hears its own rounding, its noise depends on how many rows it
// computes at once. That is followed for normalised buffers only.
CHECK_TEST(raw_rows_beside_a_loud_tone_do_not_depend_on_the_buffer_they_travel_in) {
  const std::vector<int16_t> samples = sound(50000);
  const std::string properties = "preset=openwakeword eos-mode=short";
  MelStream reference(properties + " frames=100");
  push_cut(reference, samples, always(samples.size()));
  for (const char* frames : {" frames=8", " frames=33"}) {
    MelStream other(properties + frames);
    push_cut(other, samples, always(samples.size()));
    fail_unless(reference.rows() == other.rows(), "%s", frames);
  }
}
