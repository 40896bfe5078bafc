// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and descriptions of the enumerations.
#include <array>

#include "kernels/mel/recipe.h"

namespace npumel {
namespace {

constexpr std::array<EnumName<Preset>, 33> kPresets = {{
    {Preset::whisper80, "whisper80", "OpenAI Whisper tiny to large-v2, 80 mels"},
    {Preset::whisper128, "whisper128",
     "Whisper large-v3 and turbo, Qwen2-Audio, Qwen-Omni, Voxtral, GLM-ASR, 128 mels"},
    {Preset::nemo80, "nemo80", "NVIDIA NeMo FastConformer, Parakeet and Canary with 80 mels"},
    {Preset::nemo128, "nemo128", "NVIDIA NeMo Parakeet and Canary with 128 mels"},
    {Preset::kaldi80, "kaldi80", "Kaldi fbank on int16 values: WeNet, FireRedASR"},
    {Preset::icefall80, "icefall80", "k2, icefall, lhotse, sherpa-onnx zipformer"},
    {Preset::openwakeword, "openwakeword", "openWakeWord, 32 mels"},
    {Preset::librosa, "librosa", "librosa.feature.melspectrogram defaults, any rate"},
    {Preset::torchaudio, "torchaudio", "torchaudio MelSpectrogram defaults, any rate"},
    {Preset::funasr80, "funasr80", "FunASR Paraformer, SenseVoice, FSMN-VAD, before LFR and CMVN"},
    {Preset::wespeaker80, "wespeaker80", "WeSpeaker and pyannote speaker embeddings"},
    {Preset::seamless80, "seamless80", "SeamlessM4T and wav2vec-BERT 2.0, before stacking"},
    {Preset::s2t80, "s2t80", "fairseq S2T (Speech2Text)"},
    {Preset::ast128, "ast128", "Audio Spectrogram Transformer"},
    {Preset::granite80, "granite80", "IBM Granite Speech, before stacking"},
    {Preset::voxtral_rt128, "voxtral-rt128", "Voxtral Realtime: Whisper with a fixed maximum"},
    {Preset::vggish64, "vggish64", "VGGish, before patches"},
    {Preset::yamnet64, "yamnet64", "YAMNet, before patches"},
    {Preset::gemma3n128, "gemma3n128", "Gemma 3n audio (Universal Speech Model)"},
    {Preset::gemma4_128, "gemma4-128", "Gemma 4 audio"},
    {Preset::lasr128, "lasr128", "LASR: Google MedASR"},
    {Preset::phi4mm80, "phi4mm80", "Phi-4-multimodal"},
    {Preset::clap64, "clap64", "CLAP (rand_trunc), 48 kHz"},
    {Preset::hifigan80, "hifigan80", "HiFi-GAN, CosyVoice 1, Matcha-TTS, any rate"},
    {Preset::bigvgan100, "bigvgan100", "BigVGAN with 100 mels, 24 kHz"},
    {Preset::bigvgan128, "bigvgan128", "BigVGAN with 128 mels, 44.1 kHz"},
    {Preset::cosyvoice80, "cosyvoice80", "CosyVoice 2, 24 kHz"},
    {Preset::cosyvoice3_80, "cosyvoice3-80", "CosyVoice 3, 24 kHz"},
    {Preset::vocos100, "vocos100", "Vocos, 24 kHz"},
    {Preset::f5tts100, "f5tts100", "F5-TTS with Vocos, 24 kHz"},
    {Preset::tacotron2_80, "tacotron2-80", "Tacotron 2 and WaveGlow, 22.05 kHz"},
    {Preset::speecht5_80, "speecht5-80", "SpeechT5 speech synthesis and its HiFi-GAN"},
    {Preset::custom, "custom", "Whisper's values, any rate, to be changed by the other properties"},
}};

constexpr std::array<EnumName<WindowFunction>, 6> kWindows = {{
    {WindowFunction::hann, "hann", "Hann, periodic (torch.hann_window's default)"},
    {WindowFunction::hann_symmetric, "hann-symmetric", "Hann, symmetric (numpy.hanning)"},
    {WindowFunction::hamming, "hamming", "Hamming, periodic"},
    {WindowFunction::hamming_symmetric, "hamming-symmetric", "Hamming, symmetric (Kaldi's)"},
    {WindowFunction::povey, "povey", "Symmetric Hann to the power 0.85 (Kaldi's default)"},
    {WindowFunction::rectangular, "rectangular", "All ones"},
}};

constexpr std::array<EnumName<WindowPlace>, 2> kPlaces = {{
    {WindowPlace::start, "start", "Window at the first sample of the FFT (Kaldi)"},
    {WindowPlace::center, "center", "Window in the middle of the FFT (torch.stft, librosa)"},
}};

constexpr std::array<EnumName<Spectrum>, 2> kSpectra = {{
    {Spectrum::power, "power", "Squared magnitude"},
    {Spectrum::magnitude, "magnitude", "Magnitude"},
}};

constexpr std::array<EnumName<Energy>, 3> kEnergies = {{
    {Energy::none, "none", "No energy"},
    {Energy::raw, "raw", "Of the samples, without their mean if remove-dc (Kaldi's raw energy)"},
    {Energy::windowed, "windowed", "Of the samples after pre-emphasis and window"},
}};

constexpr std::array<EnumName<Dft>, 3> kDfts = {{
    {Dft::exact, "exact", "Rounding noise below anything that shows"},
    {Dft::convolution, "convolution",
     "As float32 convolutions, with their noise under loud sound outside the filters "
     "(openWakeWord)"},
    {Dft::float_frames, "float-frames",
     "Pre-emphasis and window rounded to float32 as NumPy does (Gemma 3n)"},
}};

constexpr std::array<EnumName<MelScale>, 4> kScales = {{
    {MelScale::slaney, "slaney", "Linear below 1 kHz, then logarithmic (librosa's default)"},
    {MelScale::htk, "htk", "2595 log10(1 + f/700), triangles linear in Hz"},
    {MelScale::kaldi, "kaldi", "1127 ln(1 + f/700), triangles linear in mel"},
    {MelScale::none, "none", "No mel filters: the bins of the spectrum from fmin to fmax"},
}};

constexpr std::array<EnumName<MelNorm>, 2> kNorms = {{
    {MelNorm::slaney, "slaney", "Triangles of unit area over Hz"},
    {MelNorm::none, "none", "Triangles that peak at 1"},
}};

constexpr std::array<EnumName<Padding>, 6> kPaddings = {{
    {Padding::none, "none", "Frames start at the first sample"},
    {Padding::reflect, "reflect", "n-fft/2 reflected samples each side, edge not repeated"},
    {Padding::zero, "zero", "n-fft/2 zeros each side"},
    {Padding::mirror, "mirror", "Kaldi snip-edges=false: mirrored with the edge sample"},
    {Padding::semi_causal, "semi-causal", "win-length/2 zeros in front"},
    {Padding::vocoder, "vocoder", "(n-fft - hop-length)/2 reflected samples each side (HiFi-GAN)"},
}};

constexpr std::array<EnumName<FrameCount>, 6> kCounts = {{
    {FrameCount::snip, "snip", "1 + (n - win-length) / hop-length"},
    {FrameCount::snip_fft, "snip-fft", "1 + (n - n-fft) / hop-length"},
    {FrameCount::snip_plus_one, "snip-plus-one", "1 + (n - win-length - 1) / hop-length"},
    {FrameCount::centered, "centered", "1 + n / hop-length; n / hop-length with padding=vocoder"},
    {FrameCount::drop_last, "drop-last", "n / hop-length"},
    {FrameCount::rounded, "rounded", "(n + hop-length/2) / hop-length"},
}};

constexpr std::array<EnumName<TailRule>, 6> kTails = {{
    {TailRule::none, "none", "Nothing"},
    {TailRule::zero_row, "zero-row", "One more row of zeros"},
    {TailRule::even_zero_row, "even-zero-row", "A row of zeros after an odd count"},
    {TailRule::even_drop_row, "even-drop-row", "The last row of an odd count is dropped"},
    {TailRule::pad_audio_128, "pad-audio-128", "Audio is padded to a multiple of 128 samples"},
    {TailRule::zero_row_128, "zero-row-128",
     "Audio is padded to a multiple of 128 samples, a row that reads the padding is zero"},
}};

constexpr std::array<EnumName<LogType>, 4> kLogs = {{
    {LogType::none, "none", "No logarithm"},
    {LogType::ln, "ln", "Natural logarithm"},
    {LogType::log10, "log10", "Decimal logarithm"},
    {LogType::db, "db", "10 log10"},
}};

constexpr std::array<EnumName<FloorMode>, 2> kFloors = {{
    {FloorMode::max, "max", "log(max(x, log-floor))"},
    {FloorMode::add, "add", "log(x + log-floor)"},
}};

constexpr std::array<EnumName<PreemphasisMode>, 3> kPreemphasis = {{
    {PreemphasisMode::waveform, "waveform", "Over the whole signal, y[0] = x[0]"},
    {PreemphasisMode::frame, "frame", "In each frame, y[0] = (1 - c) x[0]"},
    {PreemphasisMode::frame_next, "frame-next", "In each frame, y[0] = x[0] - c x[1]"},
}};

constexpr std::array<EnumName<Normalization::Clamp>, 3> kClamps = {{
    {Normalization::Clamp::none, "none", "No clamp"},
    {Normalization::Clamp::maximum, "maximum", "Clamp below the maximum of the clip"},
    {Normalization::Clamp::fixed, "fixed", "Clamp below a fixed maximum"},
}};

constexpr std::array<EnumName<Normalization::Statistic>, 3> kStatistics = {{
    {Normalization::Statistic::none, "none", "No statistic"},
    {Normalization::Statistic::mean, "mean", "Minus the mean of each bin"},
    {Normalization::Statistic::mean_std, "mean-std", "Minus mean, by deviation, of each bin"},
}};

template <typename E, size_t N>
constexpr bool in_declaration_order(const std::array<EnumName<E>, N>& names) {
  for (size_t i = 0; i < N; ++i)
    if (static_cast<size_t>(names[i].value) != i) return false;
  return true;
}
static_assert(in_declaration_order(kPresets) && in_declaration_order(kWindows) &&
              in_declaration_order(kPlaces) && in_declaration_order(kSpectra) &&
              in_declaration_order(kEnergies) && in_declaration_order(kDfts) &&
              in_declaration_order(kScales) && in_declaration_order(kNorms) &&
              in_declaration_order(kPaddings) && in_declaration_order(kCounts) &&
              in_declaration_order(kTails) && in_declaration_order(kLogs) &&
              in_declaration_order(kFloors) && in_declaration_order(kPreemphasis) &&
              in_declaration_order(kClamps) && in_declaration_order(kStatistics));

}  // namespace

template <>
std::span<const EnumName<Preset>> enum_names<Preset>() {
  return kPresets;
}
template <>
std::span<const EnumName<WindowFunction>> enum_names<WindowFunction>() {
  return kWindows;
}
template <>
std::span<const EnumName<WindowPlace>> enum_names<WindowPlace>() {
  return kPlaces;
}
template <>
std::span<const EnumName<Spectrum>> enum_names<Spectrum>() {
  return kSpectra;
}
template <>
std::span<const EnumName<Energy>> enum_names<Energy>() {
  return kEnergies;
}
template <>
std::span<const EnumName<Dft>> enum_names<Dft>() {
  return kDfts;
}
template <>
std::span<const EnumName<MelScale>> enum_names<MelScale>() {
  return kScales;
}
template <>
std::span<const EnumName<MelNorm>> enum_names<MelNorm>() {
  return kNorms;
}
template <>
std::span<const EnumName<Padding>> enum_names<Padding>() {
  return kPaddings;
}
template <>
std::span<const EnumName<FrameCount>> enum_names<FrameCount>() {
  return kCounts;
}
template <>
std::span<const EnumName<TailRule>> enum_names<TailRule>() {
  return kTails;
}
template <>
std::span<const EnumName<LogType>> enum_names<LogType>() {
  return kLogs;
}
template <>
std::span<const EnumName<FloorMode>> enum_names<FloorMode>() {
  return kFloors;
}
template <>
std::span<const EnumName<PreemphasisMode>> enum_names<PreemphasisMode>() {
  return kPreemphasis;
}
template <>
std::span<const EnumName<Normalization::Clamp>> enum_names<Normalization::Clamp>() {
  return kClamps;
}
template <>
std::span<const EnumName<Normalization::Statistic>> enum_names<Normalization::Statistic>() {
  return kStatistics;
}

}  // namespace npumel
