// SPDX-License-Identifier: LGPL-2.1-or-later
// More device and package combinations in one process than the NPU has hardware contexts. The
// emulated driver gives 6 to a process, as an NPU of the first generation gives 6 to all processes
// together.
#include "kernels/mel/sha256.h"
#include "tests/unit/support/npy.h"
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

namespace fs = std::filesystem;

constexpr int kContexts = 6;
constexpr size_t kBatches = 3;

std::string text_of(const fs::path& path) {
  const auto bytes = test::read_bytes(path);
  return {bytes.begin(), bytes.end()};
}

void replace(std::string& text, const std::string& old, const std::string& by) {
  const size_t at = text.find(old);
  fail_unless(at != std::string::npos, "no %s in the manifest", old.c_str());
  text.replace(at, old.size(), by);
}

/// Copies of the package v2-80, each with other instructions: longer by `number` words of zeros.
class Packages {
 public:
  Packages() {
    folder_ = fs::temp_directory_path() / "npumelspec-contexts-XXXXXX";
    fail_unless(mkdtemp(folder_.data()) != nullptr);
  }
  ~Packages() { fs::remove_all(folder_); }
  Packages(const Packages&) = delete;
  Packages& operator=(const Packages&) = delete;

  std::string path_of(int number) const {
    const fs::path made = fs::path(folder_) / std::to_string(number);
    if (fs::exists(made)) return made;
    const fs::path original = fs::path(TEST_PACKAGES) / "v2-80";
    fs::create_directory(made);
    fs::copy_file(original / "v2-80.xclbin", made / "v2-80.xclbin");
    const std::string old = text_of(original / "v2-80.insts.bin");
    std::string instructions = old + std::string(sizeof(uint32_t) * static_cast<size_t>(number), 0);
    const auto size = static_cast<uint32_t>(instructions.size());
    std::memcpy(instructions.data() + 12, &size, sizeof size);
    std::ofstream(made / "v2-80.insts.bin", std::ios::binary) << instructions;
    std::string manifest = text_of(original / "v2-80.json");
    replace(manifest, sha256_hex(old), sha256_hex(instructions));
    const std::string words = "\"instruction-words\": ";
    replace(manifest, words + std::to_string(old.size() / sizeof(uint32_t)),
            words + std::to_string(instructions.size() / sizeof(uint32_t)));
    std::ofstream(made / "v2-80.json", std::ios::binary) << manifest;
    return made;
  }

 private:
  std::string folder_;
};

std::string stream_properties(const std::string& backend, const std::string& folder) {
  return "preset=whisper80 backend=" + backend + " kernel-path=" + folder;
}

CHECK_TEST(the_stream_without_a_context_goes_on_in_software_until_one_is_free) {
  const auto samples = check::audio(kBatches * kBatchSamples);
  const Packages packages;
  std::vector<std::unique_ptr<MelStream>> holders;
  const emu::Counters before = Emulation::counters();
  for (int i = 0; i < kContexts; ++i) {
    holders.push_back(std::make_unique<MelStream>(stream_properties("npu", packages.path_of(i))));
    fail_unless(holders.back()->started(), "no context for stream %d", i);
    ASSERT_EQUAL(holders.back()->push(samples, 0), GST_FLOW_OK);
  }
  ASSERT_EQUAL(Emulation::counters().contexts_alive - before.contexts_alive, kContexts);

  const std::string seventh = packages.path_of(kContexts);
  const Result expected = run_stream("backend=software preset=whisper80", samples);
  const Result automatic = run_stream(stream_properties("auto", seventh), samples);
  fail_unless(automatic.error.code < 0, "%s", automatic.error.text.c_str());
  ASSERT_EQUAL(automatic.warnings, 0);
  fail_unless(automatic.reason.find("no hardware context is free") != std::string::npos, "%s",
              automatic.reason.c_str());
  assert_same_stream(automatic, expected, 0, "the seventh");
  const Result forced = run_stream(stream_properties("npu", seventh), samples);
  fail_unless(forced.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY), "%d %s",
              forced.error.code, forced.error.text.c_str());

  // Those that hold a context are not disturbed, and a package in use costs none.
  const Result shared = run_stream(stream_properties("npu", packages.path_of(0)), samples);
  fail_unless(shared.error.code < 0, "%s", shared.error.text.c_str());
  for (const auto& holder : holders) {
    fail_unless(holder->eos());
    ASSERT_EQUAL(holder->stat("npu-batches"), kBatches);
  }
  holders.pop_back();
  // A thread of its own gives the context back, because no stop waits for the driver: the start
  // waits for it.
  const Result later = run_stream(stream_properties("npu", seventh), samples);
  fail_unless(later.error.code < 0, "a context was given back: %s", later.error.text.c_str());
  ASSERT_EQUAL(later.npu_batches, kBatches);
}

}  // namespace
