// SPDX-License-Identifier: LGPL-2.1-or-later
// npumelspec and melspecscope together: known sounds in pictures, looked up pixel by pixel.
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/mel/mel_scale.h"
#include "tests/check/support.h"

namespace {

using namespace npumel::check;

constexpr int kRate = 16000;
constexpr int kMels = 80;

/// One page of a clip in gray, one pixel a frame and a band; without axes.
class ClipPicture {
 public:
  explicit ClipPicture(const std::vector<float>& samples, const char* scope = "axes=false") {
    const std::string launch = std::string("npumelspec frames=0 ! melspecscope name=scope ") +
                               "mode=page colormap=gray " + scope;
    const Harness harness(gst_harness_new_parse(launch.c_str()));
    frames_ = static_cast<int>(samples.size()) / 160;
    const std::string video =
        "video/x-raw, format=RGB, height=80, width=" + std::to_string(frames_) + ", framerate=0/1";
    gst_harness_set_sink_caps_str(harness.get(), video.c_str());
    gst_harness_set_src_caps_str(
        harness.get(), "audio/x-raw, format=F32LE, rate=16000, channels=1, layout=interleaved");
    GstBuffer* buffer = buffer_of(samples);
    GST_BUFFER_PTS(buffer) = 0;
    gst_harness_push(harness.get(), buffer);
    gst_harness_push_event(harness.get(), gst_event_new_eos());
    const Buffer picture(gst_harness_pull(harness.get()));
    fail_unless_equals_uint64(GST_BUFFER_PTS(picture.get()), 0);
    pixels_ = values_of<uint8_t>(picture.get());
  }

  int frames() const { return frames_; }
  int level(int frame, int band) const {
    const gsize stride = GST_ROUND_UP_4(static_cast<gsize>(frames_) * 3);
    return pixels_.at(static_cast<size_t>(kMels - 1 - band) * stride +
                      static_cast<size_t>(frame) * 3);
  }
  int loudest(int frame) const {
    int best = 0;
    for (int band = 1; band < kMels; ++band)
      if (level(frame, band) > level(frame, best)) best = band;
    return best;
  }

 private:
  int frames_ = 0;
  std::vector<uint8_t> pixels_;
};

/// The band whose centre is nearest to a frequency: Slaney's scale, 0 to 8000 Hz, 80 bands.
int band_of(double hz) {
  const double top = npumel::to_mel(npumel::MelScale::slaney, kRate / 2.0);
  return static_cast<int>(
      std::lround(npumel::to_mel(npumel::MelScale::slaney, hz) / top * (kMels + 1) - 1));
}

std::vector<float> tone(double hz, double seconds) {
  std::vector<float> samples(static_cast<size_t>(seconds * kRate));
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] =
        0.5F * static_cast<float>(std::sin(2 * M_PI * hz * static_cast<double>(i) / kRate));
  return samples;
}

CHECK_TEST(a_tone_sits_in_its_mel_band) {
  for (const double hz : {440.0, 1000.0, 3000.0, 6500.0}) {
    const ClipPicture picture(tone(hz, 0.5));
    fail_unless(std::abs(picture.loudest(25) - band_of(hz)) <= 1, "%g Hz: band %d, expected %d", hz,
                picture.loudest(25), band_of(hz));
    fail_unless_equals_int(picture.level(25, picture.loudest(25)), 255);
    fail_unless(picture.level(25, 79) < 128 || hz > 6000);
    fail_unless(picture.level(25, 0) < 128);
  }
}

CHECK_TEST(a_sweep_rises) {
  std::vector<float> samples(2 * kRate);
  for (size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    samples[i] = 0.5F * static_cast<float>(std::sin(2 * M_PI * (200 * t + 1700 * t * t)));
  }
  const ClipPicture picture(samples);
  for (int frame = 20; frame + 20 < picture.frames(); frame += 20) {
    const double hz = 200 + 3400 * (frame * 0.01);
    fail_unless(std::abs(picture.loudest(frame) - band_of(hz)) <= 1, "frame %d: band %d", frame,
                picture.loudest(frame));
    fail_unless(picture.loudest(frame + 20) > picture.loudest(frame));
  }
}

CHECK_TEST(silence_has_the_lowest_colour) {
  std::vector<float> samples = tone(1000, 1);
  std::fill(samples.begin() + kRate / 2, samples.end(), 0.0F);
  const ClipPicture picture(samples);
  for (const int frame : {54, 75, 99})
    for (const int band : {0, 40, 79}) fail_unless_equals_int(picture.level(frame, band), 0);
  fail_unless_equals_int(picture.level(20, band_of(1000)), 255);

  const ClipPicture silent(std::vector<float>(kRate, 0.0F));
  for (const int frame : {0, 50, 99})
    for (const int band : {0, 40, 79}) fail_unless_equals_int(silent.level(frame, band), 0);
}

CHECK_TEST(a_fixed_range_shows_the_value_itself) {
  const ClipPicture silent(std::vector<float>(kRate, 0.0F),
                           "axes=false range=fixed range-min=-20 range-max=0");
  fail_unless_equals_int(silent.level(50, 40), 128);  // log10 of the floor: -10
}

}  // namespace
