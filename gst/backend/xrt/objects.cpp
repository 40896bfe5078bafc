// SPDX-License-Identifier: LGPL-2.1-or-later
// The calls of XRT, which throw: devices, contexts, buffers, runs and lists.
#include "gst/backend/xrt/objects.h"

#include <xrt/experimental/xrt_ini.h>
#include <xrt/experimental/xrt_system.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace npumel::xrt_module {
namespace {

// Positions of the kernel's arguments, as every MLIR-AIE kernel has them.
constexpr int kOpcodeArgument = 0;
constexpr int kInstructionsArgument = 1;
constexpr int kWordsArgument = 2;
constexpr int kInputArgument = 3;
constexpr int kOutputArgument = 4;
constexpr int kElfOutputArgument = 1;
constexpr uint64_t kRunOpcode = 3;  // run a transaction buffer
constexpr std::string_view kKernelPrefix = "MLIR_AIE";

// XRT's messages end in line breaks and begin with spaces.
std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  const auto first = text.find_first_not_of(' ');
  const auto last = text.find_last_not_of(' ');
  return first == std::string::npos ? "no reason given" : text.substr(first, last - first + 1);
}

NpumelXrtStatus status_of(int code, NpumelXrtStatus otherwise) {
  switch (code) {
    case EACCES:
    case EPERM:
      return NPUMEL_XRT_PERMISSION;
    default:
      return otherwise;
  }
}

/// XRT's texts name the call that the driver refused.
bool names_a_call(const std::string& text) { return text.find("DRM_IOCTL_") != std::string::npos; }

// Making a context takes several driver calls, and when one fails XRT may report the EINVAL of its
// own clean-up instead. Only the call that makes the context can mean that none is free; XRT's text
// names the call.
bool names_another_call(const std::string& text) {
  return names_a_call(text) && text.find("CREATE_HWCTX") == std::string::npos;
}

// On the NPU a submitted command stays NEW until the driver writes how it ended.
bool is_final(ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_NEW:
    case ERT_CMD_STATE_QUEUED:
    case ERT_CMD_STATE_RUNNING:
    case ERT_CMD_STATE_SUBMITTED:
      return false;
    default:
      return true;
  }
}

template <typename Object>
Progress progress(bool submitted, const Object& object) {
  if (!submitted) return Progress::failed;
  const ert_cmd_state state = object.state();
  if (!is_final(state)) return Progress::running;
  return state == ERT_CMD_STATE_COMPLETED ? Progress::completed : Progress::failed;
}

void copy_text(const std::string& text, char* out, std::size_t size) {
  const std::size_t length = std::min(text.size(), size - 1);
  std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

xrt::run bound_run(const NpumelXrtContext& context, const NpumelXrtRun& buffers) {
  xrt::run run(context.kernel);
  if (context.full_elf) {
    run.set_arg(0, buffers.input);
    run.set_arg(kElfOutputArgument, buffers.output.buffer);
    return run;
  }
  run.set_arg(kOpcodeArgument, kRunOpcode);
  run.set_arg(kInstructionsArgument, context.instructions);
  run.set_arg(kWordsArgument, context.words);
  run.set_arg(kInputArgument, buffers.input);
  run.set_arg(kOutputArgument, buffers.output.buffer);
  return run;
}

/// Of the device, not of the context: rows that somebody still reads keep no hardware context.
xrt::bo output_buffer(const NpumelXrtContext& context, std::size_t bytes) {
  if (context.full_elf) return xrt::ext::bo(context.device, bytes);
  return xrt::bo(context.device, bytes, xrt::bo::flags::host_only,
                 context.kernel.group_id(kOutputArgument));
}

/// XRT keeps the descriptor with the buffer.
int exported(xrt::bo& buffer) {
  try {
    return static_cast<int>(buffer.export_buffer());
  } catch (const std::exception&) {
    return -1;
  }
}

xrt::device device_named(const std::string& device) {
  unsigned index = 0;
  const char* end = device.data() + device.size();
  const auto parsed = std::from_chars(device.data(), end, index);
  if (device.empty() || (parsed.ec == std::errc() && parsed.ptr == end)) {
    const unsigned found = xrt::system::enumerate_devices();
    if (found == 0)
      throw Fault(NPUMEL_XRT_NOT_FOUND,
                  "XRT finds no device; a device that appears later is not seen before the "
                  "process is started again");
    if (index >= found)
      throw Fault(NPUMEL_XRT_NOT_FOUND, "there is no device " + std::to_string(index) +
                                            ": XRT finds " + std::to_string(found));
    return xrt::device(index);
  }
  return xrt::device(device);
}

template <typename Make>
xrt::hw_context hardware_context(Make&& make) {
  try {
    return make();
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    if (code == EAGAIN) throw;  // see guarded()
    const bool exhausted =
        (code == EBUSY || code == EINVAL || code == ENOSPC) && !names_another_call(error.what());
    throw Fault(exhausted ? NPUMEL_XRT_BUSY : status_of(code, NPUMEL_XRT_FAILED),
                std::string(exhausted ? "no hardware context is free: "
                                      : "no hardware context can be made: ") +
                    one_line(error.what()));
  }
}

NpumelXrtContext* open_elf_context(NpumelXrtDevice& device, const NpumelXrtPackage& package) {
  auto made = std::make_unique<NpumelXrtContext>();
  made->device = device.device;
  made->full_elf = true;
  xrt::elf elf;
  try {
    std::istringstream bytes(std::string(static_cast<const char*>(package.elf), package.elf_bytes));
    elf = xrt::elf(bytes);
  } catch (const std::exception& error) {
    throw Fault(NPUMEL_XRT_BAD_PACKAGE, "XRT refuses the ELF: " + one_line(error.what()));
  }
  made->context = hardware_context([&] { return xrt::hw_context(device.device, elf); });
  try {
    made->kernel = xrt::ext::kernel(made->context, package.elf_kernel);
  } catch (const std::exception& error) {
    throw Fault(NPUMEL_XRT_BAD_PACKAGE, std::string("the ELF holds no kernel ") +
                                            package.elf_kernel + ": " + one_line(error.what()));
  }
  return made.release();
}

}  // namespace

NpumelXrtDevice* open_device(const std::string& device, NpumelXrtDeviceInfo& info) {
  try {
    auto opened = std::make_unique<NpumelXrtDevice>(NpumelXrtDevice{device_named(device)});
    copy_text(opened->device.get_info<xrt::info::device::name>(), info.name, sizeof info.name);
    copy_text(opened->device.get_info<xrt::info::device::bdf>(), info.address, sizeof info.address);
    return opened.release();
  } catch (const std::system_error& error) {
    if (error.code().value() == EAGAIN) throw;  // see guarded()
    // EINVAL is XRT's answer to an address that no device has, and the driver's to XRT's clean-up
    // after another failure; then the text names a call.
    const int code = error.code().value();
    const bool unknown =
        (code == EINVAL && !names_a_call(error.what())) || code == ENODEV || code == ENOENT;
    throw Fault(unknown ? NPUMEL_XRT_NOT_FOUND : status_of(code, NPUMEL_XRT_FAILED),
                "device cannot be opened: " + one_line(error.what()));
  } catch (const Fault&) {
    throw;
  } catch (const std::exception& error) {
    throw Fault(NPUMEL_XRT_NOT_FOUND, "device cannot be opened: " + one_line(error.what()));
  }
}

NpumelXrtContext* open_context(NpumelXrtDevice& device, const NpumelXrtPackage& package) {
  if (package.elf != nullptr) return open_elf_context(device, package);
  auto made = std::make_unique<NpumelXrtContext>();
  made->device = device.device;
  std::string kernel_name;
  xrt::uuid uuid;
  try {
    const auto* bytes = static_cast<const char*>(package.xclbin);
    const xrt::xclbin xclbin(std::vector<char>(bytes, bytes + package.xclbin_bytes));
    for (const auto& kernel : xclbin.get_kernels())
      if (kernel.get_name().rfind(kKernelPrefix, 0) == 0) kernel_name = kernel.get_name();
    if (kernel_name.empty())
      throw Fault(NPUMEL_XRT_BAD_PACKAGE, "the xclbin holds no kernel named MLIR_AIE*");
    uuid = device.device.register_xclbin(xclbin);
  } catch (const Fault&) {
    throw;
  } catch (const std::exception& error) {
    throw Fault(NPUMEL_XRT_BAD_PACKAGE, "XRT refuses the xclbin: " + one_line(error.what()));
  }
  made->context = hardware_context([&] { return xrt::hw_context(device.device, uuid); });
  made->kernel = xrt::kernel(made->context, kernel_name);
  made->instructions = xrt::bo(device.device, package.instruction_bytes, xrt::bo::flags::cacheable,
                               made->kernel.group_id(kInstructionsArgument));
  std::memcpy(made->instructions.map<void*>(), package.instructions, package.instruction_bytes);
  made->instructions.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  made->words = static_cast<uint32_t>(package.instruction_bytes / sizeof(uint32_t));
  return made.release();
}

NpumelXrtRun* make_run(NpumelXrtContext& context, std::size_t input_bytes, std::size_t output_bytes,
                       NpumelXrtBuffers& buffers) {
  auto made = std::make_unique<NpumelXrtRun>();
  if (context.full_elf)
    made->input = xrt::ext::bo(context.context, input_bytes);
  else
    made->input = xrt::bo(context.context, input_bytes, xrt::bo::flags::host_only,
                          context.kernel.group_id(kInputArgument));
  made->output.buffer = output_buffer(context, output_bytes);
  made->output_argument = context.full_elf ? kElfOutputArgument : kOutputArgument;
  buffers.input = made->input.map<void*>();
  buffers.output = made->output.buffer.map<void*>();
  std::memset(buffers.input, 0, input_bytes);
  std::memset(buffers.output, 0, output_bytes);
  made->run = bound_run(context, *made);
  return made.release();
}

NpumelXrtOutput* make_output(NpumelXrtContext& context, std::size_t bytes) {
  auto made = std::make_unique<NpumelXrtOutput>();
  made->buffer = output_buffer(context, bytes);
  made->buffer.map<void*>();
  return made.release();
}

void swap_output(NpumelXrtRun& run, NpumelXrtOutput& output, NpumelXrtBuffers& buffers,
                 NpumelXrtRows& rows) {
  if (!run.output.dma_buf) run.output.dma_buf = exported(run.output.buffer);
  const NpumelXrtBuffers now{run.input.map<void*>(), output.buffer.map<void*>()};
  const NpumelXrtRows written{run.output.buffer.map<void*>(), *run.output.dma_buf};
  run.run.set_arg(run.output_argument, output.buffer);
  std::swap(run.output, output);
  buffers = now;
  rows = written;
}

void mark_refused(const xrt::run& run) {
  run.get_ert_packet()->state = ERT_CMD_STATE_ERROR;
  // XRT looks at the command only when it is asked, and aborts the process when it believes that a
  // run in progress is destroyed.
  static_cast<void>(run.state());
}

Progress state_of(const NpumelXrtRun& run) { return progress(run.submitted, run.run); }

NpumelXrtList* make_list(NpumelXrtContext& context, NpumelXrtRun* const* runs, std::size_t count) {
  auto made = std::make_unique<NpumelXrtList>();
  made->list = xrt::runlist(context.context);
  for (std::size_t i = 0; i < count; i++) {
    made->runs.push_back(bound_run(context, *runs[i]));
    made->list.add(made->runs.back());
  }
  return made.release();
}

Progress state_of(const NpumelXrtList& list) { return progress(list.submitted, list.list); }

std::size_t completed_runs(const NpumelXrtList& list) {
  // XRT writes the state of the run that failed into its packet, and those after it as aborted; the
  // packets of the others are left as they were.
  const auto failed = std::find_if(list.runs.begin(), list.runs.end(), [](const xrt::run& run) {
    const auto state = static_cast<ert_cmd_state>(run.get_ert_packet()->state);
    return is_final(state) && state != ERT_CMD_STATE_COMPLETED;
  });
  return failed == list.runs.end() ? 0 : static_cast<std::size_t>(failed - list.runs.begin());
}

}  // namespace npumel::xrt_module
