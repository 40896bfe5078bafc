// SPDX-License-Identifier: LGPL-2.1-or-later
// The golden vectors must be able to say no: recipes with one typical mistake each, and the test
// that at least one clip of tests/golden catches it. The output lists which clips do.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "tests/unit/support/golden_reference.h"

namespace npumel {
namespace {

using test::GoldenFile;

struct Mistake {
  const char* front_end;
  const char* what;
  std::function<void(Recipe&)> make;
};

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> kMistakes = {
      {"whisper80", "symmetric for periodic Hann",
       [](Recipe& r) { r.window = WindowFunction::hann_symmetric; }},
      {"whisper80", "Hamming for Hann", [](Recipe& r) { r.window = WindowFunction::hamming; }},
      {"whisper80", "HTK for Slaney scale", [](Recipe& r) { r.mel_scale = MelScale::htk; }},
      {"whisper80", "no Slaney area norm", [](Recipe& r) { r.mel_norm = MelNorm::none; }},
      {"whisper80", "magnitude for power", [](Recipe& r) { r.spectrum = Spectrum::magnitude; }},
      {"whisper80", "zeros for reflection", [](Recipe& r) { r.padding = Padding::zero; }},
      {"whisper80", "edge sample repeated, half a hop off",
       [](Recipe& r) { r.padding = Padding::mirror; }},
      {"whisper80", "last frame not dropped",
       [](Recipe& r) { r.frame_count = FrameCount::centered; }},
      {"whisper80", "hop one sample too long", [](Recipe& r) { r.hop_length = 161; }},
      {"whisper80", "window one sample too short", [](Recipe& r) { r.win_length = 399; }},
      {"whisper80", "FFT of 512 points", [](Recipe& r) { r.n_fft = 512; }},
      {"whisper80", "natural for decimal logarithm",
       [](Recipe& r) { r.log = r.normalization.log = LogType::ln; }},
      {"whisper80", "floor 1e-5", [](Recipe& r) { r.log_floor = 1e-5; }},
      {"whisper80", "floor added", [](Recipe& r) { r.floor_mode = FloorMode::add; }},
      {"whisper80", "clamp at 10 instead of 8",
       [](Recipe& r) { r.normalization.clamp_range = 10; }},
      {"whisper80", "no affine map", [](Recipe& r) { r.normalization.multiply = 1; }},
      {"whisper80", "fmax 7600", [](Recipe& r) { r.fmax = 7600; }},
      {"whisper80", "fmin 20", [](Recipe& r) { r.fmin = 20; }},
      {"whisper128", "fmax 7999", [](Recipe& r) { r.fmax = 7999; }},
      {"nemo80", "periodic for symmetric Hann", [](Recipe& r) { r.window = WindowFunction::hann; }},
      {"nemo80", "deviation by n for n-1", [](Recipe& r) { r.normalization.ddof = 0; }},
      {"nemo80", "no deviation",
       [](Recipe& r) { r.normalization.statistic = Normalization::Statistic::mean; }},
      {"nemo80_raw", "pre-emphasis per frame",
       [](Recipe& r) { r.preemphasis_mode = PreemphasisMode::frame; }},
      {"nemo80_raw", "guard as a maximum", [](Recipe& r) { r.floor_mode = FloorMode::max; }},
      {"nemo80_raw", "guard 1e-5", [](Recipe& r) { r.log_floor = 1e-5; }},
      {"nemo80_raw", "reflection for zeros", [](Recipe& r) { r.padding = Padding::reflect; }},
      {"nemo80_raw", "window at the start of the FFT",
       [](Recipe& r) { r.window_place = WindowPlace::start; }},
      {"nemo80_raw", "no row of zeros at the end", [](Recipe& r) { r.tail_rule = TailRule::none; }},
      {"kaldi80", "no DC removal", [](Recipe& r) { r.remove_dc = false; }},
      {"kaldi80", "no pre-emphasis", [](Recipe& r) { r.preemphasis = 0; }},
      {"kaldi80", "pre-emphasis 0.95", [](Recipe& r) { r.preemphasis = 0.95; }},
      {"kaldi80", "triangles linear in Hz", [](Recipe& r) { r.mel_scale = MelScale::htk; }},
      {"kaldi80", "Hann for Povey", [](Recipe& r) { r.window = WindowFunction::hann_symmetric; }},
      {"kaldi80", "unit scale for int16 values", [](Recipe& r) { r.input_scale = 1; }},
      {"kaldi80", "fmin 0", [](Recipe& r) { r.fmin = 0; }},
      {"kaldi80", "floor 1e-10", [](Recipe& r) { r.log_floor = 1e-10; }},
      {"kaldi80", "count by n-fft", [](Recipe& r) { r.frame_count = FrameCount::snip_fft; }},
      {"kaldi80", "no frame that ends with the clip",
       [](Recipe& r) { r.frame_count = FrameCount::snip_plus_one; }},
      {"kaldi80", "400 point FFT", [](Recipe& r) { r.n_fft = 400; }},
      {"icefall80", "fmax 8000", [](Recipe& r) { r.fmax = 8000; }},
      {"icefall80", "edge sample not repeated, half a hop off",
       [](Recipe& r) { r.padding = Padding::reflect; }},
      {"icefall80", "snip edges",
       [](Recipe& r) {
         r.padding = Padding::none;
         r.frame_count = FrameCount::snip;
       }},
      {"librosa_power", "reflection for zeros (old librosa)",
       [](Recipe& r) { r.padding = Padding::reflect; }},
      {"librosa_power", "magnitude for power", [](Recipe& r) { r.spectrum = Spectrum::magnitude; }},
      {"librosa_db", "no top_db",
       [](Recipe& r) { r.normalization.clamp = Normalization::Clamp::none; }},
      {"librosa_db", "decimal logarithm without the factor 10",
       [](Recipe& r) { r.log = LogType::log10; }},
      {"openwakeword", "count by win-length, window at the start",
       [](Recipe& r) {
         r.window_place = WindowPlace::start;
         r.frame_count = FrameCount::snip;
       }},
      {"openwakeword", "fmax 4000", [](Recipe& r) { r.fmax = 4000; }},
      {"openwakeword", "clamp at 100 dB", [](Recipe& r) { r.normalization.clamp_range = 100; }},
      {"phi4mm80", "first sample from the next one",
       [](Recipe& r) { r.preemphasis_mode = PreemphasisMode::frame_next; }},
      {"phi4mm80", "DC removal", [](Recipe& r) { r.remove_dc = true; }},
      {"phi4mm80", "Kaldi's floor", [](Recipe& r) { r.log_floor = 1e-7; }},
      {"funasr80", "periodic Hamming", [](Recipe& r) { r.window = WindowFunction::hamming; }},
      {"gemma3n128", "512 points", [](Recipe& r) { r.n_fft = 512; }},
      {"gemma3n128", "no padding to 128", [](Recipe& r) { r.tail_rule = TailRule::none; }},
      {"gemma3n128", "no pre-emphasis", [](Recipe& r) { r.preemphasis = 0; }},
      {"gemma4_128", "row that reads padding not masked",
       [](Recipe& r) { r.tail_rule = TailRule::pad_audio_128; }},
      {"gemma4_128", "no zeros in front", [](Recipe& r) { r.padding = Padding::none; }},
      {"granite80", "odd row kept", [](Recipe& r) { r.tail_rule = TailRule::none; }},
      {"granite80", "slaney norm", [](Recipe& r) { r.mel_norm = MelNorm::slaney; }},
      {"seamless80", "odd count kept", [](Recipe& r) { r.tail_rule = TailRule::none; }},
      {"seamless80", "deviation by n", [](Recipe& r) { r.normalization.ddof = 0; }},
      {"s2t80", "deviation by n-1", [](Recipe& r) { r.normalization.ddof = 1; }},
      {"wespeaker80", "mean kept",
       [](Recipe& r) { r.normalization.statistic = Normalization::Statistic::none; }},
      {"voxtral_rt128", "maximum of the clip",
       [](Recipe& r) { r.normalization.clamp = Normalization::Clamp::maximum; }},
      {"vggish64", "power for magnitude", [](Recipe& r) { r.spectrum = Spectrum::power; }},
      {"yamnet64", "VGGish's offset", [](Recipe& r) { r.log_floor = 0.01; }},
      {"lasr128", "Kaldi's pre-processing",
       [](Recipe& r) {
         r.remove_dc = true;
         r.preemphasis = 0.97;
       }},
      {"clap64", "HTK scale", [](Recipe& r) { r.mel_scale = MelScale::htk; }},
      {"torchaudio_power", "slaney norm", [](Recipe& r) { r.mel_norm = MelNorm::slaney; }},
      {"hifigan22_80", "centred as Tacotron 2", [](Recipe& r) { r.padding = Padding::reflect; }},
      {"hifigan22_80", "no epsilon under the root", [](Recipe& r) { r.magnitude_epsilon = 0; }},
      {"hifigan22_80", "epsilon 1e-6", [](Recipe& r) { r.magnitude_epsilon = 1e-6; }},
      {"hifigan22_80", "fmax at the Nyquist frequency", [](Recipe& r) { r.fmax = 11025; }},
      {"tacotron2_22_80", "framed as HiFi-GAN", [](Recipe& r) { r.padding = Padding::vocoder; }},
      {"bigvgan24_100", "as Vocos: HTK without norm",
       [](Recipe& r) {
         r.mel_scale = MelScale::htk;
         r.mel_norm = MelNorm::none;
       }},
      {"bigvgan44_128", "hop 256", [](Recipe& r) { r.hop_length = 256; }},
      {"cosyvoice24_80", "fmax 12000", [](Recipe& r) { r.fmax = 12000; }},
      {"cosyvoice3_24_80", "fmax 8000", [](Recipe& r) { r.fmax = 8000; }},
      {"vocos24_100", "clamp 1e-5", [](Recipe& r) { r.log_floor = 1e-5; }},
      {"f5tts24_100", "clamp 1e-7", [](Recipe& r) { r.log_floor = 1e-7; }},
      {"speecht5_80", "fmin 0", [](Recipe& r) { r.fmin = 0; }},
      {"librosa_db_refmax", "relative to 1", [](Recipe& r) { r.normalization.relative = false; }},
      {"librosa_db_refmax", "top-db 60", [](Recipe& r) { r.normalization.clamp_range = 60; }},
      {"librosa_db_amin1e5", "floor 1e-10", [](Recipe& r) { r.log_floor = 1e-10; }},
      {"kaldi23_energy", "energy after pre-emphasis and window",
       [](Recipe& r) { r.energy = Energy::windowed; }},
      {"kaldi23_energy", "energy with the mean", [](Recipe& r) { r.remove_dc = false; }},
      {"ast128", "int16 values", [](Recipe& r) { r.input_scale = 32768; }},
  };
  return kMistakes;
}

// The short clips are enough, and cheap; snip100 ends with a frame.
bool is_short(const GoldenFile& file) {
  return file.clip.starts_with("click") || file.clip == "snip100" ||
         file.clip.starts_with("short") || file.clip.starts_with("tail") ||
         file.clip.starts_with("odd12345_");
}

// Short clips of the front end on which `recipe` fails.
std::vector<std::string> failing_clips(const std::vector<GoldenFile>& files,
                                       const Mistake& mistake) {
  std::vector<std::string> clips;
  for (const GoldenFile& file : files) {
    if (file.front_end.name != mistake.front_end || !is_short(file)) continue;
    Recipe recipe = test::golden_recipe(file.front_end);
    mistake.make(recipe);
    const auto samples = test::unit_samples(test::read_wav(file.audio));
    const test::Rows want = test::read_rows(file.path);
    const auto got = test::golden_reference(file.front_end, recipe, samples);
    const auto result =
        test::compare_rows<double, float>(got, want.values, want.mels, file.tolerance);
    if (!result.passed) clips.push_back(file.clip);
  }
  return clips;
}

TEST(WrongOnPurposeSlow, EveryMistakeIsCaughtByAGoldenVector) {
  const auto files = test::golden_files(GOLDEN_FOLDER);
  for (const Mistake& mistake : mistakes()) {
    const auto clips = failing_clips(files, mistake);
    EXPECT_FALSE(clips.empty()) << mistake.front_end << ": " << mistake.what;
    std::cout << mistake.front_end << ", " << mistake.what << ": caught by";
    for (const std::string& clip : clips) std::cout << ' ' << clip;
    std::cout << '\n';
  }
}

// Kaldi's first-sample rule cannot be seen where the window function starts with 0.
TEST(WrongOnPurpose, TheFirstSampleRuleHasNoEffectUnderPovey) {
  const auto files = test::golden_files(GOLDEN_FOLDER);
  const Mistake mistake = {"kaldi80", "first sample from the next one",
                           [](Recipe& r) { r.preemphasis_mode = PreemphasisMode::frame_next; }};
  EXPECT_TRUE(failing_clips(files, mistake).empty());
}

}  // namespace
}  // namespace npumel
