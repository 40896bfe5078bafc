// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of presets.
#include "kernels/mel/presets.h"

#include <array>
#include <cstddef>

namespace npumel {
namespace {

using Clamp = Normalization::Clamp;
using Statistic = Normalization::Statistic;

constexpr int kAnyRate = 0;

// FLT_EPSILON, the energy floor of Kaldi and its ports.
constexpr double kKaldiFloor = 1.1920928955078125e-07;
// NeMo's log_zero_guard_value.
constexpr double kNemoGuard = 1.0 / (1 << 24);

constexpr Normalization kWhisperClamp = {
    .log = LogType::log10, .clamp = Clamp::maximum, .clamp_range = 8, .add = 4, .multiply = 0.25};
constexpr Normalization kVoxtralClamp = {.log = LogType::log10,
                                         .clamp = Clamp::fixed,
                                         .clamp_range = 8,
                                         .fixed_max = 1.5,
                                         .add = 4,
                                         .multiply = 0.25};
constexpr Normalization kOpenWakeWordClamp = {
    .log = LogType::db, .clamp = Clamp::maximum, .clamp_range = 80, .add = 20, .multiply = 0.1};
constexpr Normalization kTopDb = {.log = LogType::db, .clamp = Clamp::maximum, .clamp_range = 80};
constexpr Normalization kNemoPerFeature = {
    .log = LogType::ln, .statistic = Statistic::mean_std, .ddof = 1, .epsilon = 1e-5};
constexpr Normalization kSeamlessPerFeature = {.log = LogType::ln,
                                               .statistic = Statistic::mean_std,
                                               .ddof = 1,
                                               .epsilon = 1e-7,
                                               .epsilon_in_sqrt = true};
constexpr Normalization kS2tCmvn = {.log = LogType::ln, .statistic = Statistic::mean_std};
constexpr Normalization kUtteranceMean = {.log = LogType::ln, .statistic = Statistic::mean};
constexpr Normalization kAudioSet = {
    .log = LogType::ln, .add = 4.2677393, .multiply = 1 / (2 * 4.5689974)};

// A recipe that other rows vary. A field that is left out has its default in recipe.h, which is
// Whisper's value. Rows say `center` wherever the original uses torch.stft or librosa, also where
// the window fills the FFT, so that an overridden n-fft behaves as there.
constexpr Recipe kWhisper = {.window_place = WindowPlace::center, .normalization = kWhisperClamp};

constexpr Recipe kNemo = {.n_fft = 512,
                          .window = WindowFunction::hann_symmetric,
                          .window_place = WindowPlace::center,
                          .padding = Padding::zero,
                          .tail_rule = TailRule::zero_row,
                          .log = LogType::ln,
                          .log_floor = kNemoGuard,
                          .floor_mode = FloorMode::add,
                          .preemphasis = 0.97,
                          .preemphasis_mode = PreemphasisMode::waveform,
                          .normalization = kNemoPerFeature};

// Kaldi's compute-fbank-feats with 80 filters, on int16 values.
constexpr Recipe kKaldi = {.n_fft = 512,
                           .window = WindowFunction::povey,
                           .mel_scale = MelScale::kaldi,
                           .mel_norm = MelNorm::none,
                           .fmin = 20,
                           .padding = Padding::none,
                           .frame_count = FrameCount::snip,
                           .log = LogType::ln,
                           .log_floor = kKaldiFloor,
                           .preemphasis = 0.97,
                           .remove_dc = true,
                           .input_scale = 32768};

// Audioset's mel_features.py.
constexpr Recipe kVggish = {.mels = 64,
                            .n_fft = 512,
                            .spectrum = Spectrum::magnitude,
                            .mel_scale = MelScale::kaldi,
                            .mel_norm = MelNorm::none,
                            .fmin = 125,
                            .fmax = 7500,
                            .padding = Padding::none,
                            .frame_count = FrameCount::snip,
                            .log = LogType::ln,
                            .log_floor = 0.01,
                            .floor_mode = FloorMode::add};

// What vocoders have in common: Hann, magnitude, ln with a floor. HiFi-GAN's
// meldataset.py reflects half of what a frame is longer than a hop and adds
// 1e-9 under the root.
constexpr Recipe kHifiGan = {.n_fft = 1024,
                             .win_length = 1024,
                             .hop_length = 256,
                             .window_place = WindowPlace::center,
                             .spectrum = Spectrum::magnitude,
                             .magnitude_epsilon = 1e-9,
                             .padding = Padding::vocoder,
                             .frame_count = FrameCount::centered,
                             .log = LogType::ln,
                             .log_floor = 1e-5};
// Tacotron 2's layers.py, and SpeechT5: centred frames, no epsilon.
constexpr Recipe kTacotron2 = {.n_fft = 1024,
                               .win_length = 1024,
                               .hop_length = 256,
                               .window_place = WindowPlace::center,
                               .spectrum = Spectrum::magnitude,
                               .frame_count = FrameCount::centered,
                               .log = LogType::ln,
                               .log_floor = 1e-5};

constexpr PresetRow row(Preset preset, Recipe recipe, int rate = 16000) {
  recipe.preset = preset;
  return {rate, recipe};
}

/// `recipe`, with what `change` sets.
constexpr Recipe varied(Recipe recipe, auto change) {
  change(recipe);
  return recipe;
}

// One row a preset, in the order of the enumeration. Sources: kernels/mel/README.md.
constexpr std::array<PresetRow, 33> kRows = {{
    row(Preset::whisper80, kWhisper),
    row(Preset::whisper128, varied(kWhisper, [](Recipe& r) { r.mels = 128; })),
    row(Preset::nemo80, kNemo),
    row(Preset::nemo128, varied(kNemo, [](Recipe& r) { r.mels = 128; })),
    row(Preset::kaldi80, kKaldi),
    row(Preset::icefall80, varied(kKaldi,
                                  [](Recipe& r) {
                                    r.fmax = 7600;
                                    r.padding = Padding::mirror;
                                    r.frame_count = FrameCount::rounded;
                                    r.input_scale = 1;
                                  })),
    row(Preset::openwakeword, {.mels = 32,
                               .n_fft = 512,
                               .window_place = WindowPlace::center,
                               .dft = Dft::convolution,
                               .fmin = 60,
                               .fmax = 3800,
                               .padding = Padding::none,
                               .frame_count = FrameCount::snip_fft,
                               .log = LogType::db,
                               .input_scale = 32768,
                               .normalization = kOpenWakeWordClamp}),
    row(Preset::librosa,
        {.mels = 128,
         .n_fft = 2048,
         .win_length = 2048,
         .hop_length = 512,
         .window_place = WindowPlace::center,
         .fmax = 0,
         .padding = Padding::zero,
         .frame_count = FrameCount::centered,
         .log = LogType::none,
         .normalization = kTopDb},
        kAnyRate),
    row(Preset::torchaudio,
        {.mels = 128,
         .hop_length = 200,
         .window_place = WindowPlace::center,
         .mel_scale = MelScale::htk,
         .mel_norm = MelNorm::none,
         .fmax = 0,
         .frame_count = FrameCount::centered,
         .log = LogType::none},
        kAnyRate),
    row(Preset::funasr80,
        varied(kKaldi, [](Recipe& r) { r.window = WindowFunction::hamming_symmetric; })),
    row(Preset::wespeaker80, varied(kKaldi,
                                    [](Recipe& r) {
                                      r.window = WindowFunction::hamming_symmetric;
                                      r.normalization = kUtteranceMean;
                                    })),
    row(Preset::seamless80, varied(kKaldi,
                                   [](Recipe& r) {
                                     r.tail_rule = TailRule::even_zero_row;
                                     r.normalization = kSeamlessPerFeature;
                                   })),
    row(Preset::s2t80, varied(kKaldi, [](Recipe& r) { r.normalization = kS2tCmvn; })),
    row(Preset::ast128, varied(kKaldi,
                               [](Recipe& r) {
                                 r.mels = 128;
                                 r.window = WindowFunction::hann_symmetric;
                                 r.input_scale = 1;
                                 r.normalization = kAudioSet;
                               })),
    row(Preset::granite80, {.n_fft = 512,
                            .window_place = WindowPlace::center,
                            .mel_scale = MelScale::htk,
                            .mel_norm = MelNorm::none,
                            .frame_count = FrameCount::centered,
                            .tail_rule = TailRule::even_drop_row,
                            .normalization = kWhisperClamp}),
    row(Preset::voxtral_rt128, varied(kWhisper,
                                      [](Recipe& r) {
                                        r.mels = 128;
                                        r.normalization = kVoxtralClamp;
                                      })),
    row(Preset::vggish64, kVggish),
    row(Preset::yamnet64, varied(kVggish, [](Recipe& r) { r.log_floor = 0.001; })),
    row(Preset::gemma3n128, {.mels = 128,
                             .n_fft = 1024,
                             .win_length = 512,
                             .spectrum = Spectrum::magnitude,
                             .dft = Dft::float_frames,
                             .mel_scale = MelScale::htk,
                             .mel_norm = MelNorm::none,
                             .fmin = 125,
                             .fmax = 7600,
                             .padding = Padding::none,
                             .frame_count = FrameCount::snip_plus_one,
                             .tail_rule = TailRule::pad_audio_128,
                             .log = LogType::ln,
                             .log_floor = 1e-5,
                             .preemphasis = 0.97}),
    row(Preset::gemma4_128, {.mels = 128,
                             .n_fft = 512,
                             .win_length = 320,
                             .spectrum = Spectrum::magnitude,
                             .mel_scale = MelScale::htk,
                             .mel_norm = MelNorm::none,
                             .padding = Padding::semi_causal,
                             .frame_count = FrameCount::snip_plus_one,
                             .tail_rule = TailRule::zero_row_128,
                             .log = LogType::ln,
                             .log_floor = 1e-3,
                             .floor_mode = FloorMode::add}),
    row(Preset::lasr128, {.mels = 128,
                          .n_fft = 512,
                          .window = WindowFunction::hann_symmetric,
                          .mel_scale = MelScale::kaldi,
                          .mel_norm = MelNorm::none,
                          .fmin = 125,
                          .fmax = 7500,
                          .padding = Padding::none,
                          .frame_count = FrameCount::snip,
                          .log = LogType::ln,
                          .log_floor = 1e-5}),
    row(Preset::phi4mm80, {.n_fft = 512,
                           .window = WindowFunction::hamming_symmetric,
                           .mel_scale = MelScale::kaldi,
                           .mel_norm = MelNorm::none,
                           .fmax = 7690,
                           .padding = Padding::none,
                           .frame_count = FrameCount::snip,
                           .log = LogType::ln,
                           .log_floor = 1,
                           .preemphasis = 0.97,
                           .input_scale = 32768}),
    row(Preset::clap64,
        {.rate = 48000,
         .mels = 64,
         .n_fft = 1024,
         .win_length = 1024,
         .hop_length = 480,
         .window_place = WindowPlace::center,
         .fmax = 14000,
         .frame_count = FrameCount::centered,
         .log = LogType::db},
        48000),
    row(Preset::hifigan80, kHifiGan, kAnyRate),
    row(Preset::bigvgan100,
        varied(kHifiGan,
               [](Recipe& r) {
                 r.mels = 100;
                 r.fmax = 12000;
               }),
        24000),
    row(Preset::bigvgan128,
        varied(kHifiGan,
               [](Recipe& r) {
                 r.mels = 128;
                 r.n_fft = r.win_length = 2048;
                 r.hop_length = 512;
                 r.fmax = 22050;
               }),
        44100),
    row(Preset::cosyvoice80,
        varied(kHifiGan,
               [](Recipe& r) {
                 r.n_fft = r.win_length = 1920;
                 r.hop_length = 480;
               }),
        24000),
    row(Preset::cosyvoice3_80,
        varied(kHifiGan,
               [](Recipe& r) {
                 r.n_fft = r.win_length = 1920;
                 r.hop_length = 480;
                 r.fmax = 12000;
               }),
        24000),
    row(Preset::vocos100,
        varied(kTacotron2,
               [](Recipe& r) {
                 r.mels = 100;
                 r.mel_scale = MelScale::htk;
                 r.mel_norm = MelNorm::none;
                 r.fmax = 12000;
                 r.log_floor = 1e-7;
               }),
        24000),
    row(Preset::f5tts100,
        varied(kTacotron2,
               [](Recipe& r) {
                 r.mels = 100;
                 r.mel_scale = MelScale::htk;
                 r.mel_norm = MelNorm::none;
                 r.fmax = 12000;
               }),
        24000),
    row(Preset::tacotron2_80, kTacotron2, 22050),
    row(Preset::speecht5_80, varied(kTacotron2,
                                    [](Recipe& r) {
                                      r.fmin = 80;
                                      r.fmax = 7600;
                                      r.log = LogType::log10;
                                      r.log_floor = 1e-10;
                                    })),
    row(Preset::custom, kWhisper, kAnyRate),
}};

constexpr bool rows_follow_the_enumeration() {
  for (size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<size_t>(kRows[i].recipe.preset) != i) return false;
  return true;
}
static_assert(rows_follow_the_enumeration());

}  // namespace

const PresetRow& preset_row(Preset preset) { return kRows.at(static_cast<size_t>(preset)); }

}  // namespace npumel
