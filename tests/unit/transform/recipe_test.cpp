// SPDX-License-Identifier: LGPL-2.1-or-later
// Transforms as data: presets, defaults that follow a rule, refusals, texts and ids.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "kernels/transform/transform_fields.h"
#include "kernels/transform/transform_recipe.h"
#include "tests/unit/transform/transform_support.h"

namespace npumel {
namespace {

using ::testing::HasSubstr;

std::string recipe_refusal(const TransformOverrides& overrides,
                           TransformPreset preset = TransformPreset::none) {
  return test::transform_refusal([&] { resolve_transform(preset, overrides); });
}

std::string input_refusal(const TransformOverrides& overrides, const TransformInput& input,
                          TransformPreset preset = TransformPreset::none) {
  const TransformRecipe recipe = resolve_transform(preset, overrides);
  return test::transform_refusal([&] { check_transform(recipe, input); });
}

CmvnStatistics some_statistics(size_t dims, CmvnStatistics::Form form) {
  return {form, std::vector<double>(dims, 1.5), std::vector<double>(dims, 4)};
}

TEST(TransformFields, AnOverrideReachesItsOwnMembersAndNoOther) {
  for (const TransformField& field : transform_fields()) {
    const double value = field.kind == FieldKind::choice ? 1 : field.highest;
    TransformOverrides overrides;
    field.set_override(overrides, value);
    for (const TransformField& other : transform_fields())
      EXPECT_EQ(other.get_override(overrides),
                &other == &field ? std::optional<double>(value) : std::nullopt)
          << field.name << " and " << other.name;
    field.set_override(overrides, std::nullopt);
    EXPECT_EQ(overrides, TransformOverrides()) << field.name;
  }
}

TEST(TransformFields, HaveNamesOfTheirOwnAndASwitchFirst) {
  std::set<std::string> names;
  for (const TransformField& field : transform_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_GT(std::string(field.blurb).size(), 10U) << field.name;
    EXPECT_EQ(field_blurb(field).rfind("[" + std::string(nick(field.step)) + "] ", 0), 0U);
  }
  for (const auto& step : enum_names<TransformStep>())
    EXPECT_EQ(switch_of(step.value).standard, 0) << step.nick;
  EXPECT_STREQ(switch_of(TransformStep::stack).name, "stack-stride");
}

std::string number(double value) {
  std::ostringstream text;
  text.precision(10);
  text << value;
  return text.str();
}

TEST(TransformFields, AreTheTableOfThePage) {
  std::string expected;
  for (const TransformField& field : transform_fields()) {
    std::string values = number(field.lowest) + " to " + number(field.highest);
    if (field.kind == FieldKind::choice) {
      values.clear();
      for (const FieldChoice& choice : field.choices)
        values += (values.empty() ? "" : ", ") + std::string(choice.nick);
    }
    expected += "| " + std::string(field.name) + " | " + values + " | " +
                (field.kind == FieldKind::choice ? field_text(field, field.standard)
                                                 : number(field.standard)) +
                " | " + field.blurb + (field.has(field_expert) ? " (expert)" : "") + " |\n";
  }
  std::ifstream file(TRANSFORM_README);
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(page.find("|---|---|---|---|\n" + expected), std::string::npos)
      << "kernels/transform/README.md should hold:\n"
      << expected;
}

TEST(TransformRecipe, NothingIsOnUnlessSomebodySaysSo) {
  const TransformRecipe recipe = resolve_transform(TransformPreset::none, {});
  EXPECT_EQ(recipe, TransformRecipe());
  EXPECT_EQ(canonical_text(recipe), "");
  const TransformOutput output = check_transform(recipe, {});
  EXPECT_EQ(output.dims, 80);
  EXPECT_EQ(output.hop_length, 160);
  EXPECT_EQ(output.kind, "mel");
  EXPECT_EQ(output.reach, 0);
  EXPECT_EQ(transformed_rows(recipe, 7), 7);
}

// Changing one of these texts changes ids that people have stored.
TEST(TransformRecipe, PresetsHaveTheirTexts) {
  const auto text = [](TransformPreset preset) {
    return canonical_text(resolve_transform(preset, {}));
  };
  EXPECT_EQ(text(TransformPreset::mfcc13_kaldi),
            "dct=ortho\ncoefficients=13\nlifter=22\nlifter-rule=kaldi\ndct-order=natural\n");
  EXPECT_EQ(text(TransformPreset::mfcc40_hires),
            "dct=ortho\ncoefficients=40\nlifter=22\nlifter-rule=kaldi\ndct-order=natural\n");
  EXPECT_EQ(text(TransformPreset::mfcc20_librosa),
            "dct=ortho\ncoefficients=20\nlifter=0\nlifter-rule=kaldi\ndct-order=natural\n");
  EXPECT_EQ(text(TransformPreset::mfcc40_torchaudio),
            "dct=ortho\ncoefficients=40\nlifter=0\nlifter-rule=kaldi\ndct-order=natural\n");
  EXPECT_EQ(text(TransformPreset::lfr_funasr),
            "stack-stride=6\nstack-left=3\nstack-right=3\nstack-edge=repeat\n");
  EXPECT_EQ(text(TransformPreset::seamless160),
            "cmvn=clip\ncmvn-variance=true\ncmvn-window=600\ncmvn-min-window=100\n"
            "cmvn-center=false\ncmvn-global-frames=200\ncmvn-ddof=1\n"
            "cmvn-floor=9.9999999999999995e-21\ncmvn-epsilon=9.9999999999999995e-08\n"
            "stack-stride=2\nstack-left=0\nstack-right=1\nstack-edge=zero\n");
  EXPECT_EQ(transform_id(resolve_transform(TransformPreset::mfcc13_kaldi, {})).size(), 16U);
}

TEST(TransformRecipe, WhatNobodySetFollowsTheRule) {
  TransformOverrides o;
  o.deltas = 2;
  EXPECT_EQ(resolve_transform(TransformPreset::none, o).delta_window, 2);
  EXPECT_TRUE(resolve_transform(TransformPreset::none, o).delta_static);
  o.delta_rule = DeltaRule::torchaudio;
  EXPECT_EQ(resolve_transform(TransformPreset::none, o).delta_window, 5);
  EXPECT_TRUE(resolve_transform(TransformPreset::none, o).delta_static);
  o.delta_rule = DeltaRule::librosa;
  EXPECT_EQ(resolve_transform(TransformPreset::none, o).delta_window, 9);
  EXPECT_FALSE(resolve_transform(TransformPreset::none, o).delta_static);
  o.delta_static = true;
  EXPECT_TRUE(resolve_transform(TransformPreset::none, o).delta_static);

  TransformOverrides c;
  c.cmvn = CmvnType::global;
  for (const auto form :
       {CmvnStatistics::Form::kaldi, CmvnStatistics::Form::wenet, CmvnStatistics::Form::nnet1}) {
    c.cmvn_statistics = some_statistics(3, form);
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, c);
    EXPECT_EQ(recipe.cmvn_variance, form != CmvnStatistics::Form::kaldi);
    EXPECT_EQ(recipe.cmvn_statistics.variance.empty(), form == CmvnStatistics::Form::kaldi);
  }
  c.cmvn_variance = false;
  EXPECT_FALSE(resolve_transform(TransformPreset::none, c).cmvn_variance);

  TransformOverrides s;
  s.cmvn = CmvnType::sliding;
  s.cmvn_variance = true;
  EXPECT_EQ(resolve_transform(TransformPreset::none, s).cmvn_floor, 1e-10);
  s.cmvn_window = 30;
  EXPECT_EQ(resolve_transform(TransformPreset::none, s).cmvn_min_window, 30);
}

TEST(TransformRecipe, ExplicitValuesWin) {
  TransformOverrides o;
  o.coefficients = 20;
  o.lifter = 0;
  const TransformRecipe recipe = resolve_transform(TransformPreset::mfcc13_kaldi, o);
  EXPECT_EQ(recipe, resolve_transform(TransformPreset::mfcc20_librosa, {}));
}

// Recipes with the same numbers are equal, and others are not.
TEST(TransformRecipe, FieldsThatCannotChangeANumberDoNotCount) {
  TransformOverrides o;
  o.cmvn = CmvnType::clip;
  const TransformRecipe plain = resolve_transform(TransformPreset::none, o);
  o.cmvn_window = 77;
  o.cmvn_center = true;
  o.cmvn_ddof = 1;
  o.cmvn_epsilon = 3;
  EXPECT_EQ(resolve_transform(TransformPreset::none, o), plain);
  o.cmvn_variance = true;
  EXPECT_NE(resolve_transform(TransformPreset::none, o), plain);

  TransformOverrides off;
  off.dct = DctType::none;
  off.lifter = 22;
  EXPECT_EQ(resolve_transform(TransformPreset::none, off), TransformRecipe());
  EXPECT_EQ(resolve_transform(TransformPreset::mfcc13_kaldi, off), TransformRecipe());

  TransformOverrides mean;
  mean.cmvn = CmvnType::global;
  mean.cmvn_variance = false;
  mean.cmvn_statistics = some_statistics(3, CmvnStatistics::Form::nnet1);
  const std::string id = transform_id(resolve_transform(TransformPreset::none, mean));
  mean.cmvn_statistics->variance[1] = 5;
  mean.cmvn_statistics->form = CmvnStatistics::Form::kaldi;
  EXPECT_EQ(transform_id(resolve_transform(TransformPreset::none, mean)), id);
  mean.cmvn_statistics->mean[1] += 1e-9;
  EXPECT_NE(transform_id(resolve_transform(TransformPreset::none, mean)), id);
}

TEST(TransformRecipe, RefusesValuesThatCannotCount) {
  TransformOverrides o;
  o.lifter = 22;
  EXPECT_EQ(recipe_refusal(o), "lifter (22) has no effect with dct=none");
  o = {};
  o.stack_left = 4;
  EXPECT_EQ(recipe_refusal(o), "stack-left (4) has no effect with stack-stride=0");
  o = {};
  o.cmvn_statistics = some_statistics(80, CmvnStatistics::Form::kaldi);
  EXPECT_THAT(recipe_refusal(o), HasSubstr("cmvn-file has no effect with cmvn=none"));
  o.cmvn = CmvnType::clip;
  EXPECT_THAT(recipe_refusal(o), HasSubstr("cmvn-file has no effect with cmvn=clip"));
}

TEST(TransformRecipe, RefusesWhatCannotBe) {
  TransformOverrides o;
  o.deltas = 3;
  EXPECT_EQ(recipe_refusal(o), "deltas (3) must lie between 0 and 2");
  o.deltas = 1;
  o.delta_rule = DeltaRule::librosa;
  o.delta_window = 4;
  EXPECT_THAT(recipe_refusal(o), HasSubstr("delta-window (4) must be odd and at least 3 with "
                                           "delta-rule=librosa"));
  o = {};
  o.dct = DctType::ortho;
  o.lifter = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(recipe_refusal(o), HasSubstr("lifter (nan) must lie between 0 and 1000000"));
  o = {};
  o.cmvn = CmvnType::global;
  EXPECT_EQ(recipe_refusal(o), "cmvn=global needs a cmvn-file");
  o.cmvn = CmvnType::online;
  EXPECT_THAT(recipe_refusal(o), HasSubstr("cmvn=online needs a cmvn-file"));
  o.cmvn_global_frames = 0;
  EXPECT_EQ(recipe_refusal(o), "");
  o = {};
  o.cmvn = CmvnType::sliding;
  o.cmvn_window = 10;
  o.cmvn_min_window = 11;
  EXPECT_EQ(recipe_refusal(o), "cmvn-min-window (11) must not exceed cmvn-window (10)");
  o.cmvn_center = true;
  EXPECT_EQ(recipe_refusal(o), "");
  o = {};
  o.pcen = PcenType::librosa;
  o.pcen_eps = 0;
  EXPECT_EQ(recipe_refusal(o), "pcen-eps must be positive");
}

TEST(TransformRecipe, RefusesToDivideByNoDeviation) {
  TransformOverrides o;
  o.cmvn = CmvnType::global;
  o.cmvn_variance = true;
  o.cmvn_statistics = some_statistics(5, CmvnStatistics::Form::kaldi);
  o.cmvn_statistics->variance[3] = 0;
  EXPECT_THAT(recipe_refusal(o), HasSubstr("the variance of value 3 in cmvn-file is 0"));
  o.cmvn_statistics->variance[3] = -1e-3;
  EXPECT_THAT(recipe_refusal(o), HasSubstr("the variance of value 3 in cmvn-file is negative"));
  o.cmvn_floor = 1e-3;
  EXPECT_EQ(recipe_refusal(o), "");
  o.cmvn_floor.reset();
  o.cmvn_statistics->variance.clear();
  EXPECT_THAT(recipe_refusal(o), HasSubstr("cmvn-file holds no variances"));
  o.cmvn_variance = false;
  EXPECT_EQ(recipe_refusal(o), "");
}

TEST(TransformInput, RefusesRowsThatDoNotGoWithIt) {
  TransformInput input;
  input.dims = 12;
  EXPECT_EQ(input_refusal({}, input, TransformPreset::mfcc13_kaldi),
            "coefficients (13) must not exceed the 12 values of a row that the DCT reads");
  input.dims = 13;
  EXPECT_EQ(input_refusal({}, input, TransformPreset::mfcc13_kaldi), "");
  input.energy = true;
  EXPECT_THAT(input_refusal({}, input, TransformPreset::mfcc13_kaldi), HasSubstr("the 12 values"));
  TransformOverrides o;
  o.pcen = PcenType::librosa;
  EXPECT_THAT(input_refusal(o, {}), HasSubstr("set log=none in front of it"));
  o = {};
  o.cmvn = CmvnType::global;
  o.cmvn_statistics = some_statistics(560, CmvnStatistics::Form::nnet1);
  EXPECT_EQ(input_refusal(o, {}),
            "the statistics of cmvn-file are for rows of 560 values, these rows have 80");
  EXPECT_THAT(input_refusal(o, {}, TransformPreset::lfr_funasr),
              HasSubstr("let a second transform with cmvn follow"));
  input = {};
  input.dims = 1 << 20;
  EXPECT_THAT(input_refusal({}, input, TransformPreset::lfr_funasr),
              HasSubstr("stacked rows of 7340032 values"));
  input.dims = 0;
  EXPECT_THAT(input_refusal({}, input), HasSubstr("rows of 0 values"));
}

TEST(TransformOutput, SaysWhatComesOut) {
  TransformInput input;
  input.dims = 24;
  input.energy = true;
  TransformOverrides o;
  o.deltas = 2;
  o.cmvn = CmvnType::sliding;
  o.stack_left = 1;
  o.stack_right = 2;
  o.stack_stride = 3;
  const TransformRecipe recipe = resolve_transform(TransformPreset::mfcc13_kaldi, o);
  const TransformOutput output = check_transform(recipe, input);
  EXPECT_EQ(output.dims, 13 * 3 * 4);
  EXPECT_EQ(output.hop_length, 480);
  EXPECT_EQ(output.kind, "mel+dct+deltas+cmvn+stack");
  // 4 rows for the deltas; the first 100 rows share a window.
  EXPECT_EQ(output.reach, 4 + 99);
  EXPECT_EQ(output.smallest_clip, 1);
  input.kind = "mel+dct";
  EXPECT_EQ(check_transform(resolve_transform(TransformPreset::lfr_funasr, {}), input).kind,
            "mel+dct+stack");
}

TEST(TransformOutput, ReachIsThatOfTheDefinition) {
  const auto reach = [](const TransformOverrides& o, TransformPreset preset) {
    return check_transform(resolve_transform(preset, o), {}).reach;
  };
  TransformOverrides o;
  EXPECT_EQ(reach(o, TransformPreset::mfcc40_hires), 0);
  EXPECT_EQ(reach(o, TransformPreset::lfr_funasr), 3);
  o.deltas = 2;
  EXPECT_EQ(reach(o, TransformPreset::none), 4);
  EXPECT_EQ(reach(o, TransformPreset::lfr_funasr), 7);
  o.delta_rule = DeltaRule::librosa;
  EXPECT_EQ(reach(o, TransformPreset::none), 8);
  EXPECT_EQ(check_transform(resolve_transform(TransformPreset::none, o), {}).smallest_clip, 9);
  o = {};
  o.cmvn = CmvnType::sliding;
  EXPECT_EQ(reach(o, TransformPreset::none), 99);
  o.cmvn_center = true;
  EXPECT_EQ(reach(o, TransformPreset::none), 599);
  o.cmvn = CmvnType::online;
  o.cmvn_global_frames = 0;
  EXPECT_EQ(reach(o, TransformPreset::none), 0);
}

TEST(TransformRows, AreCountedAsTheOriginalsDo) {
  const TransformRecipe lfr = resolve_transform(TransformPreset::lfr_funasr, {});
  const TransformRecipe pairs = resolve_transform(TransformPreset::seamless160, {});
  TransformOverrides o;
  o.stack_left = o.stack_right = 2;
  o.stack_stride = 1;
  const TransformRecipe vad = resolve_transform(TransformPreset::none, o);
  for (int64_t rows = 0; rows < 40; ++rows) {
    EXPECT_EQ(transformed_rows(lfr, rows), (rows + 5) / 6);
    EXPECT_EQ(transformed_valid_rows(lfr, rows), (rows + 5) / 6);
    EXPECT_EQ(transformed_rows(pairs, rows), (rows + 1) / 2);
    EXPECT_EQ(transformed_valid_rows(pairs, rows), rows / 2);
    EXPECT_EQ(transformed_rows(vad, rows), rows);
  }
  o = {};
  o.deltas = 1;
  o.delta_rule = DeltaRule::librosa;
  const TransformRecipe savgol = resolve_transform(TransformPreset::none, o);
  EXPECT_EQ(transformed_rows(savgol, 8), 0);
  EXPECT_EQ(transformed_rows(savgol, 9), 9);
}

}  // namespace
}  // namespace npumel
