// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and descriptions of the transform's enumerations.
#include <array>

#include "kernels/transform/transform_recipe.h"

namespace npumel {
namespace {

constexpr std::array kStepNames = {
#define TRANSFORM_STEP(name, description) \
  EnumName<TransformStep>{TransformStep::name, #name, description},
#include "kernels/transform/transform_steps.def"
#undef TRANSFORM_STEP
};

constexpr std::array<EnumName<TransformPreset>, 7> kTransformPresets = {{
    {TransformPreset::none, "none", "Nothing but what the other properties say"},
    {TransformPreset::mfcc13_kaldi, "mfcc13-kaldi",
     "Kaldi's conf/mfcc.conf: 13 cepstra, lifter 22, of kaldi80 with mels=23"},
    {TransformPreset::mfcc40_hires, "mfcc40-hires",
     "Kaldi's conf/mfcc_hires.conf: 40 cepstra, lifter 22, of kaldi80 with mels=40 fmax=7600"},
    {TransformPreset::mfcc20_librosa, "mfcc20-librosa",
     "librosa.feature.mfcc: 20 cepstra of librosa with log=db"},
    {TransformPreset::mfcc40_torchaudio, "mfcc40-torchaudio",
     "torchaudio.transforms.MFCC: 40 cepstra of torchaudio with log=db or ln"},
    {TransformPreset::lfr_funasr, "lfr-funasr",
     "FunASR's low frame rate, 7 rows every 6, of funasr80; am.mvn goes into a second transform"},
    {TransformPreset::seamless160, "seamless160",
     "SeamlessM4T and wav2vec-BERT 2.0: normalised over the clip, then pairs, of seamless80"},
}};

constexpr std::array<EnumName<PcenType>, 2> kPcenTypes = {{
    {PcenType::off, "off", "No"},
    {PcenType::librosa, "librosa", "librosa.pcen"},
}};

constexpr std::array<EnumName<PcenStart>, 2> kPcenStarts = {{
    {PcenStart::one, "one", "1 (librosa)"},
    {PcenStart::first, "first", "The first row"},
}};

constexpr std::array<EnumName<DctType>, 4> kDctTypes = {{
    {DctType::none, "none", "No cepstra"},
    {DctType::ortho, "ortho", "Orthonormal DCT-II"},
    {DctType::htk, "htk", "Sums times sqrt(2 / N), c0 as the others (HTK, TensorFlow)"},
    {DctType::unnormalized, "unnormalized",
     "Sums times 2 (norm=None of SciPy, librosa, torchaudio)"},
}};

constexpr std::array<EnumName<LifterRule>, 2> kLifterRules = {{
    {LifterRule::kaldi, "kaldi", "c0 has the factor 1 (Kaldi, HTK)"},
    {LifterRule::librosa, "librosa", "Counts from k + 1"},
}};

constexpr std::array<EnumName<DctOrder>, 2> kDctOrders = {{
    {DctOrder::natural, "natural", "c0, c1, c2 ..."},
    {DctOrder::htk, "htk", "c1, c2 ..., last c0 (dct=ortho: times sqrt(2)) or the energy"},
}};

constexpr std::array<EnumName<DeltaRule>, 3> kDeltaRules = {{
    {DeltaRule::kaldi, "kaldi", "Kaldi's add-deltas: rows repeated at the edges"},
    {DeltaRule::torchaudio, "torchaudio",
     "torchaudio.functional.compute_deltas, applied again: deltas repeated at the edges"},
    {DeltaRule::librosa, "librosa",
     "librosa.feature.delta: Savitzky-Golay, the edges have the value of the last full window"},
}};

constexpr std::array<EnumName<DeltaEdge>, 2> kDeltaEdges = {{
    {DeltaEdge::usual, "usual", "As delta-rule says"},
    {DeltaEdge::repeat, "repeat", "Repeated rows (mode=nearest of librosa.feature.delta)"},
}};

constexpr std::array<EnumName<CmvnType>, 5> kCmvnTypes = {{
    {CmvnType::none, "none", "No"},
    {CmvnType::global, "global", "Statistics of cmvn-file"},
    {CmvnType::clip, "clip", "Statistics of the whole clip (frames=0)"},
    {CmvnType::sliding, "sliding", "A window of rows that moves, as Kaldi's apply-cmvn-sliding"},
    {CmvnType::online, "online",
     "The rows before, and cmvn-file while they are few, as Kaldi's apply-cmvn-online"},
}};

constexpr std::array<EnumName<StackEdge>, 3> kStackEdges = {{
    {StackEdge::repeat, "repeat", "The first and the last row"},
    {StackEdge::zero, "zero", "Zeros"},
    {StackEdge::drop, "drop",
     "The first row; stacked rows that need rows after the last are left out"},
}};

}  // namespace

template <>
std::span<const EnumName<TransformStep>> enum_names<TransformStep>() {
  return kStepNames;
}
template <>
std::span<const EnumName<TransformPreset>> enum_names<TransformPreset>() {
  return kTransformPresets;
}
template <>
std::span<const EnumName<PcenType>> enum_names<PcenType>() {
  return kPcenTypes;
}
template <>
std::span<const EnumName<PcenStart>> enum_names<PcenStart>() {
  return kPcenStarts;
}
template <>
std::span<const EnumName<DctType>> enum_names<DctType>() {
  return kDctTypes;
}
template <>
std::span<const EnumName<LifterRule>> enum_names<LifterRule>() {
  return kLifterRules;
}
template <>
std::span<const EnumName<DctOrder>> enum_names<DctOrder>() {
  return kDctOrders;
}
template <>
std::span<const EnumName<DeltaRule>> enum_names<DeltaRule>() {
  return kDeltaRules;
}
template <>
std::span<const EnumName<DeltaEdge>> enum_names<DeltaEdge>() {
  return kDeltaEdges;
}
template <>
std::span<const EnumName<CmvnType>> enum_names<CmvnType>() {
  return kCmvnTypes;
}
template <>
std::span<const EnumName<StackEdge>> enum_names<StackEdge>() {
  return kStackEdges;
}

}  // namespace npumel
