// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of recipe fields: that each row reaches its own members, and the table of the page.
#include "kernels/mel/recipe_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace npumel {
namespace {

using ::testing::ElementsAre;

TEST(RecipeFields, AnOverrideReachesItsOwnMembersAndNoOther) {
  for (const RecipeField& field : recipe_fields()) {
    const double value = field.kind == FieldKind::choice ? 1 : field.highest;
    RecipeOverrides overrides;
    field.set_override(overrides, value);
    for (const RecipeField& other : recipe_fields())
      EXPECT_EQ(other.get_override(overrides),
                &other == &field ? std::optional<double>(value) : std::nullopt)
          << field.name << " and " << other.name;
    field.set_override(overrides, std::nullopt);
    EXPECT_EQ(overrides, RecipeOverrides()) << field.name;
  }
}

TEST(RecipeFields, ReadTheRecipe) {
  const Recipe recipe = resolve(Preset::nemo128, {}, 16000);
  std::string text;
  for (const RecipeField& field : recipe_fields())
    if (field.get != nullptr) text += field_text(field, field.get(recipe)) + " ";
  EXPECT_THAT(text, ::testing::StartsWith("128 512 400 160 hann-symmetric center power "));
  EXPECT_THAT(text, ::testing::HasSubstr(" 5.9604644775390625e-08 add 0.96999999999999997 "
                                         "waveform false 1 "));
}

TEST(RecipeFields, HaveNamesOfTheirOwnAndSaySomething) {
  std::set<std::string> names;
  for (const RecipeField& field : recipe_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_GT(std::string(field.blurb).size(), 10U) << field.name;
    EXPECT_EQ(field.kind == FieldKind::choice, !field.choices.empty()) << field.name;
    for (size_t i = 0; i < field.choices.size(); ++i)
      EXPECT_EQ(field.choices[i].value, static_cast<int>(i)) << field.name;
    EXPECT_EQ(field_blurb(field).rfind("[recipe] ", 0), 0U) << field_blurb(field);
  }
}

// Peers fix these by name: one that is missing here no longer keeps two elements apart.
TEST(RecipeFields, InCapsAreThoseOfTheInterface) {
  std::vector<std::string> names;
  for (const RecipeField& field : recipe_fields())
    if (field.has(field_in_caps)) names.emplace_back(field.name);
  EXPECT_THAT(names, ElementsAre("mels", "n-fft", "win-length", "hop-length", "window", "spectrum",
                                 "energy", "mel-scale", "mel-norm", "fmin", "fmax", "padding",
                                 "log", "preemphasis", "input-scale"));
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string values_of(const RecipeField& field) {
  if (std::string(field.name) == "normalize-as") return "a preset";
  if (field.kind != FieldKind::choice) return number(field.lowest) + " to " + number(field.highest);
  std::string text;
  for (const FieldChoice& choice : field.choices)
    text += (text.empty() ? "" : ", ") + std::string(choice.nick);
  return text;
}

TEST(RecipeFields, AreTheTableOfThePage) {
  std::string expected;
  for (const RecipeField& field : recipe_fields()) {
    expected += "| " + std::string(field.name) + " | " + values_of(field) + " | " +
                (field.get == nullptr ? "" : field_text(field, field.standard)) + " | " +
                (field.has(field_in_caps) ? "yes" : "") + " | " + field.blurb +
                (field.has(field_expert) ? " (expert)" : "") + " |\n";
  }
  std::ifstream file(MEL_README);
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(page.find("|---|---|---|---|---|\n" + expected), std::string::npos)
      << "kernels/mel/README.md should hold:\n"
      << expected;
}

}  // namespace
}  // namespace npumel
