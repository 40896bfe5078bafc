// SPDX-License-Identifier: LGPL-2.1-or-later
// backend=npu: which GStreamer error each way of not having an NPU is, and that backend=auto goes
// on without a warning.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

namespace fs = std::filesystem;

/// A folder for packages that are made up, gone at the end.
class Folder {
 public:
  Folder() {
    path_ = fs::temp_directory_path() / "npumelspec-errors-XXXXXX";
    fail_unless(mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  /// A copy of a good package.
  void fill() const {
    for (const auto& file : fs::directory_iterator(std::string(TEST_PACKAGES) + "/v2-80"))
      fs::copy_file(file.path(), path_ + "/" + file.path().filename().string());
  }

 private:
  std::string path_;
};

/// The error of backend=npu; what backend=auto does instead is checked on the way.
void assert_error(const std::string& properties, GQuark domain, int code, const std::string& says) {
  const auto samples = check::audio(2 * kBatchSamples);
  const Result forced = run_stream("backend=npu preset=whisper80 " + properties, samples);
  fail_unless(forced.error.is(domain, code) && forced.error.says(says.c_str()),
              "error %s %d: %s, want %d: %s", g_quark_to_string(forced.error.domain),
              forced.error.code, forced.error.text.c_str(), code, says.c_str());
  const Result automatic = run_stream("backend=auto preset=whisper80 " + properties, samples);
  fail_unless(automatic.error.code < 0, "auto: %s", automatic.error.text.c_str());
  fail_unless(automatic.active == "software");
  ASSERT_EQUAL(automatic.warnings, 0);
  ASSERT_EQUAL(automatic.suspect_batches.size(), 1);
  fail_unless(automatic.reason.find(says) != std::string::npos, "auto says: %s, want %s",
              automatic.reason.c_str(), says.c_str());
}

void assert_resource_error(const std::string& properties, int code, const std::string& says) {
  assert_error(properties, GST_RESOURCE_ERROR, code, says);
}

void assert_module_error(const std::string& module, const std::string& says) {
  setenv("NPUMELSPEC_XRT_MODULE", module.c_str(), 1);
  assert_error(kernel_path("v2-80"), GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_INIT, says);
}

CHECK_TEST(a_missing_module_is_library_init) {
  assert_module_error("/nowhere/npumelspec-xrt.so",
                      "the XRT module is not installed (/nowhere/npumelspec-xrt.so)");
  fail_unless(!xrt_is_mapped(), "XRT is mapped");
}

CHECK_TEST(a_module_that_is_no_library_is_library_init) {
  const Folder folder;
  const std::string file = folder.path() + "/module.so";
  std::ofstream(file) << "not a library";
  assert_module_error(file, "the XRT module cannot be loaded: ");
}

CHECK_TEST(another_library_is_library_init) {
  assert_module_error("/usr/lib/x86_64-linux-gnu/libm.so.6", "is not an XRT module");
}

CHECK_TEST(a_module_of_another_version_is_library_init) {
  assert_module_error(OTHER_VERSION_MODULE, "belongs to another version of the plugin");
}

CHECK_TEST(the_named_module_is_the_one_that_is_used) {
  const Folder folder;
  const std::string file = folder.path() + "/a-copy.so";
  fs::copy_file(std::getenv("NPUMELSPEC_XRT_MODULE"), file);
  setenv("NPUMELSPEC_XRT_MODULE", file.c_str(), 1);
  const Result result = run_stream("backend=npu preset=whisper80" + kernel_path("v2-80"),
                                   check::audio(2 * kBatchSamples));
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  fail_unless(is_mapped("a-copy.so"));
  ASSERT_EQUAL(result.npu_batches, 2);
}

CHECK_TEST(an_index_beyond_the_devices_is_not_found) {
  assert_resource_error("device=1" + kernel_path("v2-80"), GST_RESOURCE_ERROR_NOT_FOUND,
                        "there is no device 1: XRT finds 1");
}

CHECK_TEST(an_address_of_no_device_is_not_found) {
  assert_resource_error("device=0000:00:1f.7" + kernel_path("v2-80"), GST_RESOURCE_ERROR_NOT_FOUND,
                        "device cannot be opened: ");
}

CHECK_TEST(emulation_mode_of_xrt_is_not_found) {
  setenv("XCL_EMULATION_MODE", "hw_emu", 1);
  assert_resource_error(kernel_path("v2-80"), GST_RESOURCE_ERROR_NOT_FOUND,
                        "XCL_EMULATION_MODE=hw_emu is set");
}

CHECK_TEST(no_package_is_not_found) {
  const Folder folder;
  assert_resource_error("kernel-path=" + folder.path(), GST_RESOURCE_ERROR_NOT_FOUND,
                        "no kernel package for whisper80 on npu1 in " + folder.path());
  assert_resource_error(kernel_path("v2-128"), GST_RESOURCE_ERROR_NOT_FOUND, "; found: v2-128");
}

CHECK_TEST(a_node_without_rights_is_open_read_write) {
  // Root may open everything; without its capabilities it is a user like any other.
  chmod("/dev/accel/accel0", 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  ASSERT_EQUAL(syscall(SYS_capset, &header, none), 0);
  assert_resource_error(
      kernel_path("v2-80"), GST_RESOURCE_ERROR_OPEN_READ_WRITE,
      "no permission to open /dev/accel/accel0: add the user to the group render");
  fail_unless(!xrt_is_mapped(), "XRT is mapped");
}

CHECK_TEST(too_little_lockable_memory_is_open_read_write) {
  Emulation::set_faults("MMAP#1+=EAGAIN");
  assert_resource_error(kernel_path("v2-80"), GST_RESOURCE_ERROR_OPEN_READ_WRITE,
                        "the locked-memory limit (ulimit -l) is too low");
}

CHECK_TEST(a_damaged_package_is_read) {
  const Folder folder;
  folder.fill();
  std::ofstream(folder.path() + "/v2-80.xclbin", std::ios::app) << "!";
  assert_resource_error("kernel-path=" + folder.path(), GST_RESOURCE_ERROR_READ,
                        "v2-80.xclbin: is not the file the manifest describes (SHA-256)");
}

CHECK_TEST(a_truncated_manifest_is_read) {
  const Folder folder;
  folder.fill();
  fs::resize_file(folder.path() + "/v2-80.json", 100);
  assert_resource_error("kernel-path=" + folder.path(), GST_RESOURCE_ERROR_READ,
                        "v2-80.json: is not JSON");
}

CHECK_TEST(a_folder_that_others_can_write_to_is_read) {
  const Folder folder;
  folder.fill();
  chmod(folder.path().c_str(), 0777);
  assert_resource_error("kernel-path=" + folder.path(), GST_RESOURCE_ERROR_READ,
                        "others can write to it, not used (chmod go-w)");
}

CHECK_TEST(no_free_hardware_context_is_busy) {
  Emulation::set_faults("CREATE_HWCTX#1+=EBUSY");
  assert_resource_error(kernel_path("v2-80"), GST_RESOURCE_ERROR_BUSY,
                        "no hardware context is free");
}

CHECK_TEST(a_wrong_known_answer_is_failed) {
  Emulation::set_faults("RUN#1+=zero");
  assert_resource_error(kernel_path("v2-80"), GST_RESOURCE_ERROR_FAILED,
                        "known-answer test: frame 0 mel 0 is 0.0000, expected ");
}

CHECK_TEST(a_recipe_without_kernel_is_refused_in_negotiation) {
  assert_error("mels=64" + kernel_path("v2-80"), GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
               "has no NPU kernel");
}

}  // namespace
