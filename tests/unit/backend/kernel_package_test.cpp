// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernel packages are hostile until checked: each way to be wrong, one by one.
#include "gst/backend/packages/kernel_package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <numbers>

#include "gst/backend/packages/package_selection.h"
#include "tests/unit/backend/test_package.h"

namespace npumel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

// The reason that parsing or loading is refused with, "" when it is not.
std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const BackendError& error) {
    EXPECT_EQ(error.fault(), BackendFault::bad_package);
    return error.what();
  }
  return "";
}

std::string parse_refusal(const std::string& text) {
  return refusal([&] { parse_manifest("/folder", "kernel", text); });
}

TEST(KernelManifest, SaysWhatAGoodManifestSays) {
  const KernelManifest v2 = parse_manifest("/f", "a", test::test_manifest(2, 128).dump());
  EXPECT_EQ(v2.target, "npu1");
  EXPECT_EQ(v2.recipe.mels, 128);
  EXPECT_EQ(v2.input_bytes(), 32480u);
  EXPECT_EQ(v2.output_bytes(), 25600u);
  const KernelManifest v1 = parse_manifest("/f", "a", test::test_manifest(1, 80).dump());
  EXPECT_EQ(v1.input_bytes(), 80000u);
  EXPECT_EQ(v1.output_bytes(), 8000u);
  EXPECT_EQ(v1.coding, (RowCoding{1, 0.05, 74, 0.05}));
  const KernelManifest v3 = parse_manifest("/f", "a", test::test_manifest(3, 128).dump());
  EXPECT_EQ(v3.input_bytes(), 32480U);
  EXPECT_EQ(v3.output_bytes(), 51200U);
  EXPECT_EQ(v3.coding, (RowCoding{4, 1, 0, 1.0 / 2048}));
  const KernelManifest nemo =
      parse_manifest("/f", "a", test::test_manifest_of("nemo80", 1000, 3).dump());
  EXPECT_EQ(nemo.output_bytes(), 320000U);
  EXPECT_EQ(nemo.coding, (RowCoding{4, 1 / std::numbers::ln10, 0, 1.0 / 2048}));
}

struct Spoiled {
  const char* name;
  const char* pointer;
  Json value;
  const char* says;
};

class SpoiledManifest : public ::testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledManifest, IsRefusedWithALineThatNamesTheFileAndTheFault) {
  Json manifest = test::test_manifest();
  const Json::json_pointer at(GetParam().pointer);
  if (GetParam().value.is_null())
    manifest[at.parent_pointer()].erase(at.back());
  else
    manifest[at] = GetParam().value;
  const std::string reason = parse_refusal(manifest.dump());
  EXPECT_THAT(reason, HasSubstr("/folder/kernel.json"));
  EXPECT_THAT(reason, HasSubstr(GetParam().says));
  EXPECT_EQ(reason.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    , SpoiledManifest,
    ::testing::Values(
        Spoiled{"format", "/format", 3, "format must be 1 to 2"},
        Spoiled{"elf_without_kernel", "/format", 2, "has no kernel"},
        Spoiled{"no_target", "/target", nullptr, "has no target"},
        Spoiled{"abi", "/abi", 4, "abi must be 1 to 3"},
        Spoiled{"abi_text", "/abi", "2", "abi is not a whole number"},
        Spoiled{"abi_huge", "/abi", 18446744073709551615U, "abi must be"},
        Spoiled{"frames", "/frames", 10, "frames must be 100 to 1000"},
        Spoiled{"frames_between", "/frames", 200, "frames must be 100 or 1000"},
        Spoiled{"mels", "/mels", 128, "whisper80 has 80 mels"},
        Spoiled{"mels_negative", "/mels", -80, "mels must be"},
        Spoiled{"recipe", "/recipe", "nobody", "unknown recipe nobody"},
        Spoiled{"recipe_of_any_rate", "/recipe", "librosa", "librosa has no rate"},
        Spoiled{"samples", "/input/samples", 16239, "samples must be 16240"},
        Spoiled{"output_type", "/output/type", "int8", "type must be int16"},
        Spoiled{"scale_zero", "/output/scale", 0, "scale must be"},
        Spoiled{"tolerance", "/tolerance", 9, "tolerance must be"},
        Spoiled{"input_is_a_list", "/input", Json::array(), "is not an object"},
        Spoiled{"words", "/instruction-words", 4294967296U, "instruction-words must be"},
        Spoiled{"digest", "/sha256/xclbin", "../../etc/passwd", "64 lower-case hex digits"}),
    [](const auto& spoiled) { return std::string(spoiled.param.name); });

TEST(KernelManifest, OfFloatRowsSaysInWhichLogarithmTheyAre) {
  Json manifest = test::test_manifest(3);
  manifest["output"]["log"] = "db";
  EXPECT_THAT(parse_refusal(manifest.dump()), HasSubstr("kernel.json: log must be log10 or ln"));
  manifest["output"].erase("log");
  EXPECT_THAT(parse_refusal(manifest.dump()), HasSubstr("has no log"));
  manifest["output"] = test::test_output("whisper80", 2);
  EXPECT_THAT(parse_refusal(manifest.dump()), HasSubstr("type must be float32"));
}

TEST(KernelManifest, IsRefusedWhenItIsNotJson) {
  EXPECT_THAT(parse_refusal("{"), HasSubstr("is not JSON"));
  EXPECT_THAT(parse_refusal("[1]"), HasSubstr("is not an object"));
  EXPECT_THAT(parse_refusal(std::string(60000, '[')), HasSubstr("nested too deeply"));
}

class PackageFiles : public ::testing::Test {
 protected:
  void SetUp() override { test::write_package(folder, "kernel", test::test_manifest()); }
  std::string load_refusal() {
    const PackageFolder found = read_package_folder(folder.path());
    if (found.manifests.empty()) return found.refused.empty() ? "" : found.refused.front();
    return refusal([&] { load_package(found.manifests.front()); });
  }
  test::TemporaryFolder folder;
};

TEST_F(PackageFiles, GoodPackageLoads) {
  const PackageFolder found = read_package_folder(folder.path());
  ASSERT_THAT(found.manifests, SizeIs(1));
  EXPECT_EQ(load_package(found.manifests[0]).xclbin, test::test_xclbin(2, 80));
}

TEST_F(PackageFiles, MissingTruncatedAndChangedFilesAreRefused) {
  folder.write("kernel.xclbin", "other");
  EXPECT_THAT(load_refusal(), HasSubstr("kernel.xclbin: is not the file"));
  unlink(folder.path("kernel.xclbin").c_str());
  EXPECT_THAT(load_refusal(), HasSubstr("kernel.xclbin: No such file"));
}

TEST_F(PackageFiles, InstructionsMustFitTheirOwnHeader) {
  std::string wrong = test::test_instructions();
  wrong[12] = 36;
  folder.write("kernel.insts.bin", wrong);
  Json manifest = test::test_manifest();
  manifest["sha256"]["insts"] = sha256_hex(wrong);
  folder.write("kernel.json", manifest.dump());
  EXPECT_THAT(load_refusal(), HasSubstr("header says 36 bytes, the file has 32"));
  manifest["instruction-words"] = 9;
  folder.write("kernel.json", manifest.dump());
  EXPECT_THAT(load_refusal(), HasSubstr("32 bytes, the manifest says 9 words"));
}

TEST_F(PackageFiles, LinksAreNotFollowed) {
  unlink(folder.path("kernel.xclbin").c_str());
  ASSERT_EQ(symlink("/etc/hostname", folder.path("kernel.xclbin").c_str()), 0);
  EXPECT_THAT(load_refusal(), HasSubstr("is a link, not followed"));
}

TEST_F(PackageFiles, AFifoDoesNotHangTheReader) {
  unlink(folder.path("kernel.insts.bin").c_str());
  ASSERT_EQ(mkfifo(folder.path("kernel.insts.bin").c_str(), 0600), 0);
  EXPECT_THAT(load_refusal(), HasSubstr("is not a regular file"));
}

TEST_F(PackageFiles, AnOversizedManifestIsNotRead) {
  folder.write("kernel.json", std::string(kMaxManifestBytes + 1, ' '));
  EXPECT_THAT(load_refusal(), HasSubstr("65537 bytes, at most 65536"));
}

TEST_F(PackageFiles, AFolderThatOthersCanWriteToIsRefused) {
  ASSERT_EQ(chmod(folder.path().c_str(), 0777), 0);
  const PackageFolder found = read_package_folder(folder.path());
  EXPECT_THAT(found.manifests, IsEmpty());
  ASSERT_THAT(found.refused, SizeIs(1));
  EXPECT_THAT(found.refused[0], HasSubstr("others can write to it"));
}

TEST_F(PackageFiles, AFileThatOthersCanWriteToIsRefused) {
  for (const char* file : {"kernel.xclbin", "kernel.insts.bin"}) {
    for (const mode_t mode : {0666, 0664, 0646}) {
      ASSERT_EQ(chmod(folder.path(file).c_str(), mode), 0);
      EXPECT_THAT(load_refusal(),
                  HasSubstr(std::string(file) + ": others can write to it, not used"));
    }
    ASSERT_EQ(chmod(folder.path(file).c_str(), 0644), 0);
  }
  ASSERT_EQ(chmod(folder.path("kernel.json").c_str(), 0666), 0);
  const PackageFolder found = read_package_folder(folder.path());
  EXPECT_THAT(found.manifests, IsEmpty());
  ASSERT_THAT(found.refused, SizeIs(1));
  EXPECT_THAT(found.refused[0], HasSubstr("kernel.json: others can write to it"));
}

TEST_F(PackageFiles, FilesAndFoldersOfAnotherUserAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(chown(folder.path("kernel.xclbin").c_str(), 4711, 4711), 0);
  EXPECT_THAT(load_refusal(), HasSubstr("kernel.xclbin: belongs to another user, not used"));
  ASSERT_EQ(chown(folder.path("kernel.xclbin").c_str(), 0, 0), 0);
  const std::string parent = folder.make_folder("parent");
  const std::string below = folder.make_folder("parent/kernels");
  EXPECT_THAT(read_package_folder(below).refused, IsEmpty());
  ASSERT_EQ(chown(parent.c_str(), 4711, 4711), 0);
  const PackageFolder found = read_package_folder(below);
  ASSERT_THAT(found.refused, SizeIs(1));
  EXPECT_THAT(found.refused[0], HasSubstr("a folder above it belongs to another user"));
}

TEST_F(PackageFiles, AFolderBelowOneThatEverybodyCanWriteToIsRefused) {
  const std::string parent = folder.make_folder("parent");
  const std::string below = folder.make_folder("parent/between/kernels");
  ASSERT_EQ(chmod(parent.c_str(), 0777), 0);
  const PackageFolder found = read_package_folder(below);
  ASSERT_THAT(found.refused, SizeIs(1));
  EXPECT_THAT(found.refused[0], HasSubstr("everybody can write to a folder above it"));
  // As /tmp is: there nobody renames what is not his.
  ASSERT_EQ(chmod(parent.c_str(), 01777), 0);
  EXPECT_THAT(read_package_folder(below).refused, IsEmpty());
}

TEST_F(PackageFiles, AFolderThatIsALinkIsRefused) {
  const std::string link = folder.path() + ".link";
  ASSERT_EQ(symlink(folder.path().c_str(), link.c_str()), 0);
  for (const std::string& name : {link, link + "/", link + "//"}) {
    const PackageFolder found = read_package_folder(name);
    EXPECT_THAT(found.manifests, IsEmpty());
    ASSERT_THAT(found.refused, SizeIs(1));
    EXPECT_THAT(found.refused[0], HasSubstr("is a link, not followed"));
  }
  unlink(link.c_str());
}

TEST_F(PackageFiles, NoReasonHasControlCharactersOrBrokenText) {
  const std::string odd = "a\n\x1b[31m\xff\xe2\x80\xae.json";
  Json manifest = test::test_manifest();
  manifest["recipe"] = "whis\u0007per\nERROR: 80";
  folder.write(odd, manifest.dump());
  const PackageFolder found = read_package_folder(folder.path());
  ASSERT_THAT(found.refused, SizeIs(1));
  EXPECT_THAT(found.refused[0],
              HasSubstr("a\\x0a\\x1b[31m\\xff\\xe2\\x80\\xae.json: unknown recipe "
                        "whis\\x07per\\x0aERROR: 80"));
}

TEST(Printable, KeepsTextAndShowsEverythingElseAsBytes) {
  EXPECT_EQ(printable("plain \xc3\xa4 \xe9\x9f\xb3 \xf0\x9f\x8e\xb5"),
            "plain \xc3\xa4 \xe9\x9f\xb3 \xf0\x9f\x8e\xb5");
  EXPECT_EQ(printable(std::string_view("\0\t\x7f", 3)), "\\x00\\x09\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "a control character of ISO 8859";
  EXPECT_EQ(printable("\xc0\xaf \xe0\x80\xaf"), "\\xc0\\xaf \\xe0\\x80\\xaf") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xe9\x9f"), "\\xe9\\x9f") << "cut off";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

class Selection : public ::testing::Test {
 protected:
  KernelManifest choose(Preset preset, bool allow_v1, const std::string& target = "npu1") {
    return choose_package({target, resolve(preset, {}, 16000), allow_v1}, {folder.path()})
        .package.manifest;
  }
  BackendFault fault_of(Preset preset, bool allow_v1, const std::string& target = "npu1") {
    try {
      choose(preset, allow_v1, target);
    } catch (const BackendError& error) {
      return error.fault();
    }
    ADD_FAILURE() << "a package was chosen";
    return BackendFault::failed;
  }
  test::TemporaryFolder folder;
};

TEST_F(Selection, ByRecipeWhateverItsNormalisation) {
  test::write_package(folder, "a", test::test_manifest(2, 80));
  test::write_package(folder, "b", test::test_manifest(2, 128));
  EXPECT_EQ(choose(Preset::whisper80, false).name, "a");
  EXPECT_EQ(choose(Preset::whisper128, false).name, "b");
  EXPECT_EQ(choose(Preset::voxtral_rt128, false).name, "b");
}

TEST_F(Selection, EightBitRowsOnlyForWhoAsksAndOnlyWithoutBetter) {
  test::write_package(folder, "z1", test::test_manifest(1, 80));
  EXPECT_EQ(fault_of(Preset::whisper80, false), BackendFault::not_found);
  try {
    choose(Preset::whisper80, false);
  } catch (const BackendError& error) {
    EXPECT_THAT(error.what(), HasSubstr("found: z1 (8-bit rows: used only with backend=npu or a "
                                        "kernel-path)"));
  }
  EXPECT_EQ(choose(Preset::whisper80, true).name, "z1");
  test::write_package(folder, "a2", test::test_manifest(2, 80));
  EXPECT_EQ(choose(Preset::whisper80, true).name, "a2");
  test::write_package(folder, "A3", test::test_manifest(3, 80));
  EXPECT_EQ(choose(Preset::whisper80, false).name, "A3") << "the later ABI, whatever its name";
}

TEST_F(Selection, EveryKernelByItsRecipeAndLogarithm) {
  for (const char* recipe : {"whisper80", "whisper128", "nemo80", "nemo128", "kaldi80"})
    test::write_package(folder, recipe, test::test_manifest_of(recipe));
  EXPECT_EQ(choose(Preset::nemo80, false).name, "nemo80");
  EXPECT_EQ(choose(Preset::nemo128, false).name, "nemo128");
  EXPECT_EQ(choose(Preset::kaldi80, false).name, "kaldi80");
  EXPECT_EQ(choose(Preset::s2t80, false).name, "kaldi80");
  EXPECT_EQ(choose(Preset::nemo128, false).input_bytes(), 32480u);
  for (const Preset preset : {Preset::nemo80, Preset::nemo128, Preset::kaldi80})
    EXPECT_TRUE(has_kernel(resolve(preset, {.log = LogType::log10}, 16000))) << nick(preset);
  EXPECT_FALSE(has_kernel(resolve(Preset::nemo80, {.preemphasis = 0.96}, 16000)));
  EXPECT_FALSE(has_kernel(resolve(Preset::kaldi80, {.input_scale = 1}, 16000)));
  EXPECT_FALSE(has_kernel(resolve(Preset::icefall80, {}, 16000)));
}

TEST_F(Selection, AKernelForLongBatchesIsForWhoAsks) {
  test::write_package(folder, "z", test::test_manifest_of("whisper80", 1000));
  EXPECT_EQ(fault_of(Preset::whisper80, false), BackendFault::not_found);
  try {
    choose(Preset::whisper80, false);
  } catch (const BackendError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("found: z (1000 frames: used for backlogs, beside one of 100)"));
  }
  test::write_package(folder, "a", test::test_manifest());
  EXPECT_EQ(choose(Preset::whisper80, false).name, "a");
  const PackageQuery query{"npu1", resolve(Preset::whisper80, {}, 16000), false, 1000};
  const KernelManifest found = choose_package(query, {folder.path()}).package.manifest;
  EXPECT_EQ(found.name, "z");
  EXPECT_EQ(found.input_bytes(), 320480u);
  EXPECT_EQ(found.output_bytes(), 160000u);
}

TEST_F(Selection, LatestNameOfSeveralVersions) {
  test::write_package(folder, "mel-1", test::test_manifest());
  test::write_package(folder, "mel-2", test::test_manifest());
  EXPECT_EQ(choose(Preset::whisper80, false).name, "mel-2");
}

TEST_F(Selection, ADamagedPackageGivesWayToTheNextAndIsNamed) {
  test::write_package(folder, "a-v1", test::test_manifest(1));
  for (const char* name : {"mel-1", "mel-2", "mel-3", "mel-4"})
    test::write_package(folder, name, test::test_manifest());
  folder.write("mel-4.xclbin", "other");
  unlink(folder.path("mel-3.insts.bin").c_str());
  const PackageQuery query{"npu1", resolve(Preset::whisper80, {}, 16000), true};
  const ChosenPackage chosen = choose_package(query, {folder.path()});
  EXPECT_EQ(chosen.package.manifest.name, "mel-2");
  EXPECT_EQ(chosen.package.xclbin, test::test_xclbin(2, 80));
  EXPECT_THAT(chosen.refused, ElementsAre(HasSubstr("mel-4.xclbin: is not the file"),
                                          HasSubstr("mel-3.insts.bin: No such file")));
}

TEST_F(Selection, WithNothingButDamagedPackagesAllAreNamed) {
  test::write_package(folder, "mel-1", test::test_manifest());
  test::write_package(folder, "mel-2", test::test_manifest());
  folder.write("mel-1.xclbin", "other");
  folder.write("mel-2.insts.bin", "");
  const std::string said = refusal([&] { choose(Preset::whisper80, false); });
  EXPECT_THAT(said, HasSubstr("; refused: "));
  EXPECT_THAT(said, HasSubstr("mel-1.xclbin: is not the file"));
  EXPECT_THAT(said, HasSubstr("mel-2.insts.bin: is not the file"));
}

TEST_F(Selection, SaysWhatIsWrong) {
  EXPECT_EQ(fault_of(Preset::whisper80, false), BackendFault::not_found);
  test::write_package(folder, "a", test::test_manifest());
  EXPECT_EQ(fault_of(Preset::whisper80, false, "npu4"), BackendFault::not_found);
  EXPECT_EQ(fault_of(Preset::icefall80, false), BackendFault::unsupported);
  folder.write("b.json", "{");
  EXPECT_EQ(fault_of(Preset::whisper128, false), BackendFault::bad_package);
  EXPECT_EQ(choose(Preset::whisper80, false).name, "a") << "one bad file spoils no good one";
}

TEST(DeviceTarget, FamiliesByName) {
  EXPECT_EQ(device_target("RyzenAI-npu1"), "npu1");
  EXPECT_EQ(device_target("NPU Phoenix"), "npu1");
  EXPECT_EQ(device_target("RyzenAI-npu5"), "npu4");
  EXPECT_EQ(device_target("NPU Strix Halo"), "npu4");
  EXPECT_EQ(device_target("RyzenAI-npu10"), "");
  EXPECT_EQ(device_target("RyzenAI-npu11"), "");
  EXPECT_EQ(device_target("NPU Strix Halo 2"), "");
  EXPECT_EQ(device_target("xilinx:pcie-hw-em:7v3:1.0"), "");
}

}  // namespace
}  // namespace npumel
