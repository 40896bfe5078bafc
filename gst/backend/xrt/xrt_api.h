// SPDX-License-Identifier: LGPL-2.1-or-later
// The border between the plugin and the module that uses XRT: one table of C functions, so that the
// plugin neither links XRT nor sees its exceptions, and so that tests can put scripted faults here.
//
// Every function that can fail returns a status and fills `error` when it is not ok. No function
// throws. Functions of one context may be called from several threads; functions of one run from
// one thread at a time, except run_ended() and list_ended().
#pragma once

#include <stddef.h>
#include <stdint.h>

extern "C" {

/// Changes whenever the table or a structure in it does. The module and the plugin must agree.
inline constexpr uint32_t kNpumelXrtApiVersion = 5;

enum NpumelXrtStatus {
  NPUMEL_XRT_OK = 0,
  NPUMEL_XRT_NOT_FOUND,    ///< no such device
  NPUMEL_XRT_BUSY,         ///< hardware contexts exhausted
  NPUMEL_XRT_PERMISSION,   ///< device node rights, locked-memory limit
  NPUMEL_XRT_BAD_PACKAGE,  ///< XRT does not accept the xclbin, or it holds no usable kernel
  NPUMEL_XRT_TIMEOUT,      ///< the wait ended before the run did
  NPUMEL_XRT_FAILED,       ///< everything else
};

struct NpumelXrtError {
  char text[256];  ///< one line, for a person
};

struct NpumelXrtDevice;
struct NpumelXrtContext;
struct NpumelXrtRun;
struct NpumelXrtList;
struct NpumelXrtOutput;

struct NpumelXrtDeviceInfo {
  char name[64];     ///< as XRT gives it, e.g. "RyzenAI-npu1"
  char address[32];  ///< PCI address
};

/// Either an xclbin with instructions, whose kernel takes opcode, instructions and their size
/// before input and output, or one full ELF, whose kernel takes input and output only.
struct NpumelXrtPackage {
  const void* xclbin;
  size_t xclbin_bytes;
  const void* instructions;
  size_t instruction_bytes;  ///< a multiple of 4
  const void* elf;           ///< null: xclbin and instructions
  size_t elf_bytes;
  const char* elf_kernel;  ///< the kernel's name in the ELF
};

/// Mapped memory of a run; valid until the run is destroyed or exchanges it.
struct NpumelXrtBuffers {
  void* input;
  void* output;
};

/// Mapped memory of an output.
struct NpumelXrtRows {
  void* data;
  int dma_buf;  ///< descriptor of the same memory, the output's to close; -1: the driver gives none
};

struct NpumelXrtApi {
  uint32_t version;  ///< kNpumelXrtApiVersion
  uint32_t size;     ///< sizeof(NpumelXrtApi)
  const char* xrt_version;

  /// `device`: "" for the first, an index, or a PCI address.
  NpumelXrtStatus (*device_open)(const char* device, NpumelXrtDevice** out,
                                 NpumelXrtDeviceInfo* info, NpumelXrtError* error);
  void (*device_close)(NpumelXrtDevice* device);

  /// Makes a hardware context for the xclbin or the ELF and loads the instructions. The device must
  /// outlive the context, the context its runs.
  NpumelXrtStatus (*context_open)(NpumelXrtDevice* device, const NpumelXrtPackage* package,
                                  NpumelXrtContext** out, NpumelXrtError* error);
  void (*context_close)(NpumelXrtContext* context);

  /// Persistent buffers, mapped and zeroed, and a run object bound to them.
  NpumelXrtStatus (*run_make)(NpumelXrtContext* context, size_t input_bytes, size_t output_bytes,
                              NpumelXrtRun** out, NpumelXrtBuffers* buffers, NpumelXrtError* error);
  /// True when the run is not on the device: never started, completed, or given up by the driver.
  bool (*run_ended)(NpumelXrtRun* run);
  /// False, and nothing done, while the run has not ended: XRT aborts the process otherwise.
  bool (*run_destroy)(NpumelXrtRun* run);
  /// Makes what was written to the mapped buffer visible to the device.
  NpumelXrtStatus (*run_sync_input)(NpumelXrtRun* run, NpumelXrtError* error);
  NpumelXrtStatus (*run_sync_poison)(NpumelXrtRun* run, NpumelXrtError* error);
  /// Makes what the device wrote visible in the mapped output buffer.
  NpumelXrtStatus (*run_sync_output)(NpumelXrtRun* run, NpumelXrtError* error);
  /// A run whose start fails has not reached the device: it counts as ended.
  NpumelXrtStatus (*run_start)(NpumelXrtRun* run, NpumelXrtError* error);
  /// Ok only when the run completed. `timeout_ms` > 0.
  NpumelXrtStatus (*run_wait)(NpumelXrtRun* run, unsigned timeout_ms, NpumelXrtError* error);

  /// Memory of the device that runs of the context can write to. It may outlive the run that wrote
  /// to it, the context and the device.
  NpumelXrtStatus (*output_make)(NpumelXrtContext* context, size_t bytes, NpumelXrtOutput** out,
                                 NpumelXrtError* error);
  void (*output_destroy)(NpumelXrtOutput* output);
  /// The run, which is not on the device, and `output` exchange their memory: what the device wrote
  /// is `output`'s then, at `rows`, and the run writes to the other from its next start on.
  /// `buffers`: the run's. On failure nothing has changed. Not for runs in lists: what memory a
  /// list's runs use is noted when it is made.
  NpumelXrtStatus (*run_swap_output)(NpumelXrtRun* run, NpumelXrtOutput* output,
                                     NpumelXrtBuffers* buffers, NpumelXrtRows* rows,
                                     NpumelXrtError* error);

  /// Several runs of one context that the device gets in one submission and does in this order.
  /// They must outlive the list. A run may be in several lists and still be started alone, but be
  /// on the device only once at a time.
  NpumelXrtStatus (*list_make)(NpumelXrtContext* context, NpumelXrtRun* const* runs, size_t count,
                               NpumelXrtList** out, NpumelXrtError* error);
  /// As run_ended(), for all of its runs.
  bool (*list_ended)(NpumelXrtList* list);
  /// As run_destroy().
  bool (*list_destroy)(NpumelXrtList* list);
  /// A list whose start fails has not reached the device: it counts as ended.
  NpumelXrtStatus (*list_start)(NpumelXrtList* list, NpumelXrtError* error);
  /// Ok only when every run completed. `completed`: how many did, from the first.
  NpumelXrtStatus (*list_wait)(NpumelXrtList* list, unsigned timeout_ms, size_t* completed,
                               NpumelXrtError* error);

  /// From now on the end of the process first waits for the calls that other threads are in, though
  /// not for ever; later ones fail and do nothing. That comes before the clean-up of what XRT has
  /// made so far, and XRT makes things at the first call of each kind: to be called again whenever
  /// a thread in XRT is left to itself.
  void (*guard_exit)();
};

/// The module's only symbol.
typedef const NpumelXrtApi* (*NpumelXrtGetApi)(void);

}  // extern "C"

inline constexpr const char* kNpumelXrtSymbol = "npumelspec_xrt_api";
