// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds and opens npumelspec-xrt.so.
#include "gst/backend/device/xrt_loader.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <mutex>

namespace npumel {
namespace {

constexpr const char* kInstalledModule = NPUMELSPEC_MODULE_DIR "/npumelspec-xrt.so";
// AMD's own package installs where the run-time linker does not look.
constexpr const char* kAmdLibrary = "/opt/xilinx/xrt/lib/libxrt_coreutil.so.2";

std::string last_error() {
  const char* text = dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
  return text != nullptr ? text : "unknown error";
}

void* open_file(const std::string& file) {
  // NODELETE: what XRT leaves running must keep its code.
  return dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
}

}  // namespace

LoadedModule load_xrt_module(const std::string& file) {
  if (access(file.c_str(), F_OK) != 0)
    return {nullptr, "the XRT module is not installed (" + file + ")"};
  void* module = open_file(file);
  if (module == nullptr) {
    const std::string reason = last_error();
    // Once loaded, a library is found again by its name, wherever it came from.
    if (dlopen(kAmdLibrary, RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE) != nullptr)
      module = open_file(file);
    if (module == nullptr) return {nullptr, "the XRT module cannot be loaded: " + reason};
  }
  const auto get = reinterpret_cast<NpumelXrtGetApi>(dlsym(module, kNpumelXrtSymbol));
  if (get == nullptr) return {nullptr, file + " is not an XRT module: " + last_error()};
  const NpumelXrtApi* api = get();
  if (api == nullptr || api->version != kNpumelXrtApiVersion || api->size != sizeof(NpumelXrtApi))
    return {nullptr, file + " belongs to another version of the plugin"};
  return {api, ""};
}

LoadedModule load_xrt_module() {
  static std::mutex mutex;
  static const NpumelXrtApi* remembered = nullptr;
  const std::lock_guard lock(mutex);
  if (remembered == nullptr) {
    const char* named = secure_getenv("NPUMELSPEC_XRT_MODULE");
    LoadedModule loaded =
        load_xrt_module(std::string(named != nullptr && *named != '\0' ? named : kInstalledModule));
    if (loaded.api == nullptr) return {nullptr, printable(loaded.reason)};
    remembered = loaded.api;
  }
  return {remembered, ""};
}

}  // namespace npumel
