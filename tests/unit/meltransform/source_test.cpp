// SPDX-License-Identifier: LGPL-2.1-or-later
// What rows say about themselves, the caps of what is made of them, and the
// blocks they leave in.
#include "gst/meltransform/source.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kernels/mel/sha256.h"

namespace npumel {
namespace {

Source source_of(const std::string& caps_text) {
  const CapsPtr caps(gst_caps_from_string(caps_text.c_str()));
  return Source(RowInfo::from_caps(caps.get()).value());
}

/// 80 mels, 10 a buffer.
std::string mel(const std::string& more = "") {
  return "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, "
         "frames=10, "
         "framerate=10/1, rate=16000, hop-length=160, log=ln, normalize=none, "
         "recipe-id=(string)0123456789abcdef" +
         more;
}

std::string clip() {
  return "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, "
         "frames=0, "
         "rate=16000, hop-length=160, log=ln, normalize=none";
}

TransformRecipe recipe_of(TransformPreset preset, const TransformOverrides& overrides = {}) {
  return resolve_transform(preset, overrides);
}
TransformRecipe deltas_of(int order) {
  TransformOverrides overrides;
  overrides.deltas = order;
  return recipe_of(TransformPreset::none, overrides);
}

std::string refusal(const TransformRecipe& recipe, const Source& source) {
  try {
    choose_mode(recipe, source);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

bool has_words(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

TEST(Source, KnowsTheEnergyTheLogarithmAndTheGrid) {
  const Source source = source_of(mel(", energy=raw"));
  EXPECT_EQ(source.input.dims, 80);
  EXPECT_EQ(source.input.rate, 16000);
  EXPECT_EQ(source.input.hop_length, 160);
  EXPECT_TRUE(source.input.energy);
  EXPECT_TRUE(source.input.logarithm);
  EXPECT_EQ(source.input.kind, "mel");
  EXPECT_FALSE(source_of(mel(", energy=none")).input.energy);
  EXPECT_FALSE(source_of(mel()).input.energy);
}

TEST(Source, AShortBufferBelongsToItsStream) {
  const Source source = source_of(mel());
  const auto info = [](const std::string& text) {
    const CapsPtr caps(gst_caps_from_string(text.c_str()));
    return RowInfo::from_caps(caps.get()).value();
  };
  EXPECT_TRUE(
      source.same_stream(info("audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, "
                              "frames=3, "
                              "framerate=10/1, rate=16000, hop-length=160, log=ln, normalize=none, "
                              "recipe-id=(string)0123456789abcdef")));
  EXPECT_FALSE(
      source.same_stream(info("audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, "
                              "frames=5, "
                              "framerate=20/1, rate=16000, hop-length=160, log=ln, normalize=none, "
                              "recipe-id=(string)0123456789abcdef")))
      << "another geometry";
  EXPECT_FALSE(source.same_stream(info(clip())));
  const Source shorter = source_of(
      "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, "
      "mels=80, frames=3, "
      "framerate=10/1, rate=16000, hop-length=160");
  EXPECT_EQ(shorter.frames(), 10);
  EXPECT_EQ(source.frames(), 10);
}

TEST(ChooseMode, RowsThatStandAloneMayOverlapAndLackTimes) {
  const TransformRecipe cepstra = recipe_of(TransformPreset::mfcc13_kaldi);
  EXPECT_EQ(choose_mode(cepstra, source_of(mel())), Mode::alone);
  EXPECT_EQ(
      choose_mode(cepstra, source_of("audio/x-mel-spectrogram, format=F32LE, layout=frame-major, "
                                     "mels=80, frames=10, framerate=20/1, rate=16000, "
                                     "hop-length=160")),
      Mode::alone);
  EXPECT_EQ(choose_mode(cepstra, source_of("audio/x-mel-spectrogram, format=F32LE, "
                                           "layout=frame-major, mels=80, frames=10")),
            Mode::alone);
}

TEST(ChooseMode, ClipsStandAloneAndStreamsDoNot) {
  EXPECT_EQ(choose_mode(deltas_of(1), source_of(clip())), Mode::alone);
  EXPECT_EQ(choose_mode(recipe_of(TransformPreset::seamless160), source_of(clip())), Mode::alone);
  EXPECT_EQ(choose_mode(deltas_of(1), source_of(mel())), Mode::stream);
  EXPECT_EQ(choose_mode(recipe_of(TransformPreset::lfr_funasr), source_of(mel())), Mode::stream);
}

TEST(ChooseMode, SaysWhyAndWhatToDo) {
  const std::string needs_clip = refusal(recipe_of(TransformPreset::seamless160), source_of(mel()));
  EXPECT_TRUE(has_words(needs_clip, "cmvn=clip") && has_words(needs_clip, "frames=0"))
      << needs_clip;
  const std::string overlap = refusal(
      deltas_of(1), source_of("audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=80, "
                              "frames=10, framerate=20/1, rate=16000, hop-length=160"));
  EXPECT_TRUE(has_words(overlap, "10 frames") && has_words(overlap, "stride=0")) << overlap;
  const std::string times =
      refusal(deltas_of(1), source_of("audio/x-mel-spectrogram, format=F32LE, "
                                      "layout=frame-major, mels=80, frames=10"));
  EXPECT_TRUE(has_words(times, "hop-length")) << times;
  const std::string maximum =
      refusal(recipe_of(TransformPreset::mfcc20_librosa),
              source_of("audio/x-mel-spectrogram, format=F32LE, layout=frame-major, "
                        "mels=128, "
                        "frames=10, rate=16000, hop-length=512, log=db, normalize=buffer"));
  EXPECT_TRUE(has_words(maximum, "maximum") && has_words(maximum, "frames=0")) << maximum;
}

TEST(FeaturesOf, SayWhatTheyAreAndWhereTheyComeFrom) {
  TransformOverrides overrides;
  overrides.deltas = 2;
  const TransformRecipe recipe = recipe_of(TransformPreset::mfcc13_kaldi, overrides);
  const FeatureInfo features = features_of(recipe, source_of(mel()));
  EXPECT_EQ(features.kind, "mel+dct+deltas");
  EXPECT_EQ(features.dims, 39);
  EXPECT_EQ(features.frames, 10);
  EXPECT_EQ(features.rate, 16000);
  EXPECT_EQ(features.hop_length, 160);
  EXPECT_EQ(features.buffers_n, 10);
  EXPECT_EQ(features.buffers_d, 1);
  EXPECT_EQ(features.recipe_id, "0123456789abcdef");
  EXPECT_EQ(features.transform_id, transform_id(recipe));
  EXPECT_EQ(features.more, (Fields{{"log", "ln"}, {"normalize", "none"}}));
}

TEST(FeaturesOf, StackedRowsLieFurtherApart) {
  const FeatureInfo features =
      features_of(recipe_of(TransformPreset::lfr_funasr), source_of(mel()));
  EXPECT_EQ(features.dims, 560);
  EXPECT_EQ(features.hop_length, 960);
  EXPECT_EQ(features.frames, 1);
  EXPECT_EQ(features.buffers_n, 50);
  EXPECT_EQ(features.buffers_d, 3);
  EXPECT_EQ(features_of(recipe_of(TransformPreset::lfr_funasr), source_of(clip())).frames, 0);
}

TEST(FeaturesOf, BuffersHaveALargestSize) {
  const auto refused = [](const std::string& fields, int stride) {
    TransformOverrides overrides;
    overrides.stack_stride = stride;
    try {
      features_of(
          recipe_of(TransformPreset::none, overrides),
          source_of("audio/x-mel-spectrogram, format=F32LE, layout=frame-major, rate=16000, " +
                    fields));
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused("mels=64, frames=1000000, hop-length=1", 1), "");
  EXPECT_TRUE(has_words(refused("mels=68, frames=1000000, hop-length=1", 1), "too large"));
  EXPECT_EQ(refused("mels=1, frames=10, hop-length=2147483", 1000), "");
  EXPECT_NE(refused("mels=1, frames=10, hop-length=2147484", 1000), "");
}

TEST(FeaturesOf, TwoInARowHaveTheIdOfBoth) {
  const TransformRecipe first = recipe_of(TransformPreset::mfcc13_kaldi);
  const TransformRecipe second = deltas_of(2);
  const FeatureInfo cepstra = features_of(first, source_of(mel()));
  const Source between(RowInfo::from_caps(cepstra.to_caps().get()).value());
  const FeatureInfo both = features_of(second, between);
  EXPECT_EQ(both.kind, "mel+dct+deltas");
  EXPECT_EQ(both.recipe_id, "0123456789abcdef");
  EXPECT_EQ(both.dims, 39);
  EXPECT_NE(both.transform_id, transform_id(second));
  EXPECT_NE(both.transform_id, cepstra.transform_id);
  EXPECT_EQ(
      both.transform_id,
      sha256_hex("after=" + cepstra.transform_id + "\n" + canonical_text(second)).substr(0, 16));
  EXPECT_EQ(both.more, cepstra.more);
}

TEST(FeaturesOf, TheEnergyIsNamedAsLongAsItStandsInFront) {
  const Source source = source_of(mel(", energy=raw"));
  TransformOverrides sliding;
  sliding.cmvn = CmvnType::sliding;
  const FeatureInfo normalized = features_of(recipe_of(TransformPreset::none, sliding), source);
  EXPECT_EQ(normalized.more.at("energy"), FieldValue("raw"));
  EXPECT_TRUE(Source(RowInfo::from_caps(normalized.to_caps().get()).value()).input.energy);
  TransformOverrides few;
  few.coefficients = 13;
  few.dct = DctType::ortho;
  EXPECT_FALSE(features_of(recipe_of(TransformPreset::none, few), source).more.contains("energy"));
  EXPECT_FALSE(features_of(deltas_of(1), source).more.contains("energy"));
}

/// What plan_blocks() says, found by feeding buffers one after the other.
int64_t measured(const TransformRecipe& recipe, const Source& source, const Blocks& blocks) {
  Transformer transformer(recipe, source.input);
  const std::vector<float> buffer(static_cast<size_t>(source.frames() * source.input.dims));
  std::vector<float> out;
  int64_t latest = 0;
  int64_t made = 0;
  int64_t block = 0;
  // Until the two grids have met in every phase, and the edge at the start is behind.
  const int64_t all = int64_t{source.frames()} * blocks.rows * recipe.stride() + 1000;
  for (int64_t first = 0; first < all; first += source.frames()) {
    out.resize(
        static_cast<size_t>(transformer.rows_after(source.frames()) * transformer.output().dims));
    made += transformer.push(buffer, out);
    for (; (block + 1) * blocks.rows <= made; ++block)
      latest = std::max(latest, first - block * blocks.rows * recipe.stride());
  }
  EXPECT_GT(block, 0);
  return latest;
}

TEST(PlanBlocks, TheLatencyIsTheOneThatIsMeasured) {
  TransformOverrides sliding;
  sliding.cmvn = CmvnType::sliding;
  TransformOverrides centered = sliding;
  centered.cmvn_center = true;
  centered.cmvn_window = 301;
  TransformOverrides lfr;
  lfr.stack_left = 3;
  lfr.stack_right = 3;
  lfr.stack_stride = 6;
  lfr.deltas = 2;
  TransformOverrides librosa;
  librosa.deltas = 2;
  librosa.delta_rule = DeltaRule::librosa;
  const TransformRecipe recipes[] = {deltas_of(1),
                                     deltas_of(2),
                                     recipe_of(TransformPreset::lfr_funasr),
                                     recipe_of(TransformPreset::none, sliding),
                                     recipe_of(TransformPreset::none, centered),
                                     recipe_of(TransformPreset::none, lfr),
                                     recipe_of(TransformPreset::none, librosa)};
  for (const TransformRecipe& recipe : recipes)
    for (const int frames : {1, 2, 4, 6, 7, 10, 25, 100, 103}) {
      const std::string n = std::to_string(frames);
      const Source source = source_of(
          "audio/x-mel-spectrogram, format=F32LE, "
          "layout=frame-major, mels=4, frames=" +
          n + ", framerate=100/" + n + ", rate=16000, hop-length=160");
      const Transformer transformer(recipe, source.input);
      const Blocks blocks = plan_blocks(transformer, recipe.stride(), frames);
      EXPECT_EQ(blocks.rows, std::max(1, frames / recipe.stride()));
      EXPECT_EQ(blocks.latency_rows, measured(recipe, source, blocks))
          << canonical_text(recipe) << frames;
      if (frames == 1) {
        EXPECT_EQ(blocks.latency_rows, transformer.output().reach);
      }
    }
}

}  // namespace
}  // namespace npumel
