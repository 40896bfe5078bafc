// SPDX-License-Identifier: LGPL-2.1-or-later
// The XRT objects behind the handles of xrt_api.h.
#pragma once

#include <xrt/experimental/xrt_elf.h>
#include <xrt/experimental/xrt_ext.h>
#include <xrt/experimental/xrt_kernel.h>
#include <xrt/experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_hw_context.h>
#include <xrt/xrt_kernel.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "gst/backend/xrt/timed_wait.h"
#include "gst/backend/xrt/xrt_api.h"

struct NpumelXrtDevice {
  xrt::device device;
};

struct NpumelXrtContext {
  xrt::device device;
  xrt::hw_context context;
  xrt::kernel kernel;
  xrt::bo instructions;
  uint32_t words = 0;
  bool full_elf = false;  ///< the kernel's arguments are input and output only
};

struct NpumelXrtOutput {
  xrt::bo buffer;
  std::optional<int> dma_buf;  ///< once asked for
};

// Input and output could be parts of one buffer: XRT takes parts of a host_only buffer as
// arguments, and one sync of the whole moves samples and poison together
// (tests/xrt/emulator_test.cpp). That saves no driver call, because syncing is a flush of the cache
// lines from user space, whose cost goes by the bytes; only under force_driver_sync it is a call.
// So the poison has a sync of its own.
//
// Members are destroyed from the bottom up: the runs let go of their buffers before they go.
struct NpumelXrtRun {
  xrt::bo input;
  NpumelXrtOutput output;
  int output_argument = 0;
  xrt::run run;
  std::atomic<bool> submitted = false;  ///< at least once: its state then says whether it has ended
};

// XRT takes a run into one list only, and starts none alone that is in a list: these are copies.
struct NpumelXrtList {
  std::vector<xrt::run> runs;
  xrt::runlist list;
  std::atomic<bool> submitted = false;  ///< as of a run
};

namespace npumel::xrt_module {

/// An error with the status it is reported under.
class Fault : public std::runtime_error {
 public:
  Fault(NpumelXrtStatus status, const std::string& text)
      : std::runtime_error(text), status_(status) {}
  NpumelXrtStatus status() const noexcept { return status_; }

 private:
  NpumelXrtStatus status_;
};

NpumelXrtDevice* open_device(const std::string& device, NpumelXrtDeviceInfo& info);
NpumelXrtContext* open_context(NpumelXrtDevice& device, const NpumelXrtPackage& package);
NpumelXrtRun* make_run(NpumelXrtContext& context, std::size_t input_bytes, std::size_t output_bytes,
                       NpumelXrtBuffers& buffers);
/// After start() has thrown: the run never reached the device, but its command still reads "new",
/// as that of a run in progress does.
void mark_refused(const xrt::run& run);
Progress state_of(const NpumelXrtRun& run);

NpumelXrtOutput* make_output(NpumelXrtContext& context, std::size_t bytes);
void swap_output(NpumelXrtRun& run, NpumelXrtOutput& output, NpumelXrtBuffers& buffers,
                 NpumelXrtRows& rows);

NpumelXrtList* make_list(NpumelXrtContext& context, NpumelXrtRun* const* runs, std::size_t count);
Progress state_of(const NpumelXrtList& list);
/// After an ended list's wait has failed: how many of its runs completed, from the first.
std::size_t completed_runs(const NpumelXrtList& list);

}  // namespace npumel::xrt_module
