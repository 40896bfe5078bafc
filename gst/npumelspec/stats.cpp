// SPDX-License-Identifier: LGPL-2.1-or-later
// Counters to the fields of the `stats` property.
#include "gst/npumelspec/stats.h"

#include <algorithm>

namespace npumel {

void Counters::reset() {
  for (std::atomic<uint64_t>* one :
       {&frames, &buffers, &samples_in, &samples_inserted, &samples_dropped, &samples_gap, &resyncs,
        &nonfinite, &late_buffers})
    *one = 0;
}

StructurePtr stats_structure(const Counters& counters, const BackendStats& backend, int rate) {
  const uint64_t frames = counters.frames;
  const uint64_t busy =
      backend.kernel_time + backend.transfer_time + backend.convert_time + backend.software_time;
  const uint64_t samples = counters.samples_in + counters.samples_inserted;
  const double seconds = rate > 0 ? static_cast<double>(samples) / rate : 0;
  const double realtime = busy > 0 ? seconds * 1e9 / static_cast<double>(busy) : 0;
  return StructurePtr(gst_structure_new(
      "npumelspec-stats", "frames", G_TYPE_UINT64, frames, "buffers", G_TYPE_UINT64,
      counters.buffers.load(), "batches", G_TYPE_UINT64, backend.batches, "npu-batches",
      G_TYPE_UINT64, backend.npu_batches, "npu-direct-batches", G_TYPE_UINT64,
      backend.direct_batches, "software-batches", G_TYPE_UINT64, backend.software_batches,
      "fallbacks", G_TYPE_UINT64, backend.fallbacks, "npu-timeouts", G_TYPE_UINT64,
      backend.npu_timeouts, "verify-failures", G_TYPE_UINT64, backend.verify_failures,
      "npu-late-batches", G_TYPE_UINT64, backend.late_batches, "npu-overflow-batches",
      G_TYPE_UINT64, backend.overflow_batches, "samples-in", G_TYPE_UINT64,
      counters.samples_in.load(), "samples-inserted", G_TYPE_UINT64,
      counters.samples_inserted.load(), "samples-dropped", G_TYPE_UINT64,
      counters.samples_dropped.load(), "samples-gap", G_TYPE_UINT64, counters.samples_gap.load(),
      "resyncs", G_TYPE_UINT64, counters.resyncs.load(), "nonfinite-samples", G_TYPE_UINT64,
      counters.nonfinite.load(), "late-buffers", G_TYPE_UINT64, counters.late_buffers.load(),
      "kernel-time", G_TYPE_UINT64, backend.kernel_time, "transfer-time", G_TYPE_UINT64,
      backend.transfer_time, "convert-time", G_TYPE_UINT64, backend.convert_time, "software-time",
      G_TYPE_UINT64, backend.software_time, "mean-frame-time", G_TYPE_UINT64,
      busy / std::max<uint64_t>(frames, 1), "mean-batch-time", G_TYPE_UINT64,
      busy / std::max<uint64_t>(backend.batches, 1), "realtime-factor", G_TYPE_DOUBLE, realtime,
      "input-buffer-size", G_TYPE_UINT64, backend.input_buffer_size, "output-buffer-size",
      G_TYPE_UINT64, backend.output_buffer_size, "instruction-buffer-size", G_TYPE_UINT64,
      backend.instruction_buffer_size, "runlist-depth", G_TYPE_INT, backend.runlist_depth,
      "npu-run-frames", G_TYPE_INT, backend.run_frames, "npu-frame-time", G_TYPE_UINT64,
      backend.frame_ns, "npu-frame-time-1000", G_TYPE_UINT64, backend.long_frame_ns,
      "npu-available", G_TYPE_BOOLEAN, static_cast<gboolean>(backend.npu_available), "npu-reason",
      G_TYPE_STRING, backend.npu_reason.c_str(), nullptr));
}

}  // namespace npumel
