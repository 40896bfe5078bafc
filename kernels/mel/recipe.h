// SPDX-License-Identifier: LGPL-2.1-or-later
// The full definition of a mel front end. Everything else in this project follows from it: the
// reference, the fast kernels, the caps and the recipe id. Its fields: recipe_fields.def.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace npumel {

/// Window function over `win_length` samples. `hann` and `hamming` are periodic (denominator N, as
/// torch.hann_window's default), the `_symmetric` forms have denominator N-1 (as numpy.hanning);
/// `povey` is hann_symmetric^0.85 (Kaldi).
enum class WindowFunction { hann, hann_symmetric, hamming, hamming_symmetric, povey, rectangular };

/// Where `win_length` samples lie inside the `n_fft` samples of a frame.
enum class WindowPlace { start, center };

enum class Spectrum { power, magnitude };

/// What stands in front of each row: nothing, or the sum of squares of the frame's win_length
/// samples, under the row's logarithm and floor (Kaldi's --use-energy).
///  raw       after input_scale and DC removal, before pre-emphasis inside the frame and the window
///  windowed  as the DFT takes them
enum class Energy { none, raw, windowed };

/// How the original computes its DFT, where that shows in the numbers. See convolution.h.
///  exact        its rounding noise lies below anything a model could see
///  convolution  float32 sums of products with rounded weights; the loudest bin leaves noise in
///               filters that lie 60 dB and more below it, and the original's rows hold that noise
///  float_frames pre-emphasis, window function and their product are rounded to float32 (NumPy),
///               the transform is exact
enum class Dft { exact, convolution, float_frames };

/// slaney: linear below 1 kHz, then logarithmic. htk: 2595 log10(1+f/700), triangles linear in Hz.
/// kaldi: 1127 ln(1+f/700), triangles linear in mel. none: no filters, a row holds the bins of the
/// spectrum whose frequencies k * rate / n_fft lie in [fmin, fmax].
enum class MelScale { slaney, htk, kaldi, none };

/// slaney: each triangle has unit area over Hz. none: each triangle peaks at 1.
enum class MelNorm { slaney, none };

/// What lies outside the signal.
///  none         nothing: frames start at the first sample ("snip")
///  reflect      n_fft/2 samples each side, numpy.pad(mode="reflect")
///  zero         n_fft/2 zeros each side
///  mirror       Kaldi snip_edges=false: frame t is centred at t*hop + hop/2, the signal is
///  mirrored
///               with its edge sample (x[-1-i] = x[i])
///  semi_causal  win_length/2 zeros in front, nothing behind
///  vocoder      (n_fft - hop_length)/2 samples each side, reflected as reflect does: frame t is
///               centred at t*hop + hop/2 (HiFi-GAN and its family)
enum class Padding { none, reflect, zero, mirror, semi_causal, vocoder };

/// How many frames n samples make (floor division, 0 when negative).
///  snip           1 + (n + front - win_length) / hop
///  snip_fft       1 + (n + front - n_fft) / hop
///  snip_plus_one  1 + (n + front - win_length - 1) / hop
///  centered       1 + (n + 2*pad - n_fft) / hop, 0 for n = 0
///  drop_last      n / hop
///  rounded        (n + hop/2) / hop
/// front = win_length/2 for semi_causal padding, 0 otherwise; pad = (n_fft - hop)/2 for vocoder
/// padding, n_fft/2 otherwise.
enum class FrameCount { snip, snip_fft, snip_plus_one, centered, drop_last, rounded };

/// What frames=0 does to the end of a clip, as the original does.
///  none            nothing
///  zero_row        one more row of zeros (NeMo)
///  even_zero_row   a zero row when the count is odd, only when normalised (Seamless)
///  even_drop_row   the odd last row is dropped (Granite)
///  pad_audio_128   zeros to a multiple of 128 samples (Gemma3n)
///  zero_row_128    as pad_audio_128, but a row that reads that padding is a row of zeros (Gemma4
///                  masks it); there is at most one
enum class TailRule { none, zero_row, even_zero_row, even_drop_row, pad_audio_128, zero_row_128 };

enum class LogType { none, ln, log10, db };

/// max: log(max(x, floor)).  add: log(x + floor).
enum class FloorMode { max, add };

/// waveform:   y[n] = x[n] - c*x[n-1] over the whole signal, y[0] = x[0]; padding comes after.
/// frame:      inside each frame, y[0] = (1-c)*x[0] (Kaldi, HTK).
/// frame_next: inside each frame, y[0] = x[0] - c*x[1]. No preset uses it; Phi-4-multimodal is said
///             to, but its code repeats the first sample as Kaldi does.
enum class PreemphasisMode { waveform, frame, frame_next };

/// The published normalisation of a front end. Data, not code: see normalize.h for the order of
/// the steps. All values are in the units of `log`.
struct Normalization {
  enum class Clamp { none, maximum, fixed };
  /// Per mel bin over the valid rows of the clip.
  enum class Statistic { none, mean, mean_std };

  LogType log = LogType::none;  ///< the log type it is defined for; `none` = nothing published
  Clamp clamp = Clamp::none;
  double clamp_range = 0;  ///< rows are raised to (maximum - clamp_range)
  double fixed_max = 0;    ///< the maximum that Clamp::fixed takes for granted
  bool relative = false;   ///< the maximum is subtracted after the clamp
  Statistic statistic = Statistic::none;
  int ddof = 0;                  ///< 0: divide by n, 1: by n-1
  double epsilon = 0;            ///< added to the deviation, or
  bool epsilon_in_sqrt = false;  ///< to the variance under the root
  double add = 0;                ///< then (x + add) * multiply
  double multiply = 1;

  bool published() const { return log != LogType::none; }
  bool operator==(const Normalization&) const = default;
};

enum class Preset {
  whisper80,
  whisper128,
  nemo80,
  nemo128,
  kaldi80,
  icefall80,
  openwakeword,
  librosa,
  torchaudio,
  funasr80,
  wespeaker80,
  seamless80,
  s2t80,
  ast128,
  granite80,
  voxtral_rt128,
  vggish64,
  yamnet64,
  gemma3n128,
  gemma4_128,
  lasr128,
  phi4mm80,
  clap64,
  hifigan80,
  bigvgan100,
  bigvgan128,
  cosyvoice80,
  cosyvoice3_80,
  vocos100,
  f5tts100,
  tacotron2_80,
  speecht5_80,
  custom
};

/// A resolved recipe: no value means "as the preset" any more. Lengths in samples, frequencies in
/// Hz. Invariants after validate(): see validate.
struct Recipe {
  Preset preset = Preset::whisper80;  ///< custom as soon as anything differs from the preset
  int rate = 16000;
#define RECIPE_FIELD(type, member, standard, ...) type member = standard;
#define NORMALIZATION_FIELD(...)
#include "kernels/mel/recipe_fields.def"
#undef RECIPE_FIELD
#undef NORMALIZATION_FIELD
  /// fmax lies half a hertz higher: the Nyquist frequency of an odd rate, or counted from it.
  bool fmax_half = false;
  Normalization normalization = {};

  /// Values of a row.
  int width() const { return mels + (energy == Energy::none ? 0 : 1); }
  /// The upper edge of the highest filter in Hz.
  double highest_frequency() const { return fmax + (fmax_half ? 0.5 : 0); }

  bool operator==(const Recipe&) const = default;
};

/// What a user set explicitly; empty = as the preset. fmax: 0 = the Nyquist frequency, negative =
/// that much below it. ref: -1 = the maximum.
struct RecipeOverrides {
#define RECIPE_FIELD(type, member, ...) std::optional<type> member = {};
#define NORMALIZATION_FIELD(type, member, ...) std::optional<type> member = {};
#include "kernels/mel/recipe_fields.def"
#undef RECIPE_FIELD
#undef NORMALIZATION_FIELD

  bool operator==(const RecipeOverrides&) const = default;
};

/// The sample rate a preset was published for, or 0 when it takes 4000 to 192000 Hz.
int published_rate(Preset preset);

/// Preset plus overrides at a sample rate. The result is valid. It keeps the preset's name when it
/// equals resolve(preset, {}, rate), else it is Preset::custom. Fields that cannot change a number
/// (the floor without a logarithm, the place of a window that fills the FFT ...) get the default of
/// Recipe, and a normalisation that is not defined for the resulting log type is removed: recipes
/// with the same numbers are equal up to `preset`. Preset::custom starts from whisper80's values
/// (fmax: 8000 Hz). An fmax that was not set explicitly is at most the Nyquist frequency.
/// Throws std::invalid_argument with a sentence that names the offending values ("fmin (9000 Hz)
/// must be below fmax (8000 Hz)").
Recipe resolve(Preset preset, const RecipeOverrides& overrides, int rate);

/// Throws std::invalid_argument naming the first violated rule.
void validate(const Recipe& recipe);

/// One `key=value` per line, every field that changes a number, in a fixed order, doubles with 17
/// significant digits. A field that was added later has a line only where it is not at its default,
/// so that older ids stay. Equal texts mean equal recipes.
std::string canonical_text(const Recipe& recipe);

/// First 16 hex digits of the SHA-256 of canonical_text().
std::string recipe_id(const Recipe& recipe);

/// True when raw rows of `a` and `b` are the same numbers up to a change of the logarithm's base:
/// equal in everything but preset name, log in {ln, log10, db} with the same floor, normalisation
/// and tail rule. This is what decides whether an NPU kernel for `a` serves `b`.
bool same_mel(const Recipe& a, const Recipe& b);

/// Spelling of an enum value in properties, caps and the canonical text, with a sentence for
/// gst-inspect-1.0. Values are in declaration order and start at 0.
template <typename E>
struct EnumName {
  E value;
  const char* nick;
  const char* description;
};
template <typename E>
std::span<const EnumName<E>> enum_names();

template <>
std::span<const EnumName<Preset>> enum_names<Preset>();
template <>
std::span<const EnumName<WindowFunction>> enum_names<WindowFunction>();
template <>
std::span<const EnumName<WindowPlace>> enum_names<WindowPlace>();
template <>
std::span<const EnumName<Spectrum>> enum_names<Spectrum>();
template <>
std::span<const EnumName<Energy>> enum_names<Energy>();
template <>
std::span<const EnumName<Dft>> enum_names<Dft>();
template <>
std::span<const EnumName<MelScale>> enum_names<MelScale>();
template <>
std::span<const EnumName<MelNorm>> enum_names<MelNorm>();
template <>
std::span<const EnumName<Padding>> enum_names<Padding>();
template <>
std::span<const EnumName<FrameCount>> enum_names<FrameCount>();
template <>
std::span<const EnumName<TailRule>> enum_names<TailRule>();
template <>
std::span<const EnumName<LogType>> enum_names<LogType>();
template <>
std::span<const EnumName<FloorMode>> enum_names<FloorMode>();
template <>
std::span<const EnumName<PreemphasisMode>> enum_names<PreemphasisMode>();
template <>
std::span<const EnumName<Normalization::Clamp>> enum_names<Normalization::Clamp>();
template <>
std::span<const EnumName<Normalization::Statistic>> enum_names<Normalization::Statistic>();

template <typename E>
const char* nick(E value) {
  return enum_names<E>()[static_cast<size_t>(value)].nick;
}
template <typename E>
std::optional<E> from_nick(std::string_view text) {
  for (const auto& name : enum_names<E>())
    if (text == name.nick) return name.value;
  return std::nullopt;
}

}  // namespace npumel
