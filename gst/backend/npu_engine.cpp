// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/npu_engine.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "gst/backend/device_samples.h"
#include "gst/backend/monotonic.h"
#include "gst/backend/npu_registry.h"
#include "gst/backend/package_selection.h"
#include "gst/backend/row_coding.h"

namespace npumel {

NpuEngine::NpuEngine(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal) {
  NpuRegistry& registry = NpuRegistry::process();
  const auto device = registry.device(*request.api, request.device);
  const std::string target = device_target(device->name());
  if (target.empty())
    throw BackendError(BackendFault::not_found,
                       "device " + device->name() + " is not an NPU that there are kernels for");
  ChosenPackage chosen = choose_package({target, request.recipe, request.allow_v1},
                                        package_folders(request.kernel_path));
  const KernelPackage& package = chosen.package;
  refused_ = std::move(chosen.refused);
  manifest_ = package.manifest;
  instruction_bytes_ = package.instructions.size();
  context_ = registry.context(device, package, request.timeout_ms);
  runs_.reserve(static_cast<size_t>(request.slots));
  for (int i = 0; i < request.slots; i++)
    runs_.push_back(std::make_shared<NpuRun>(context_->core(), signal, manifest_.input_bytes(),
                                             manifest_.output_bytes()));
  if (request.lists) lists_ = RunLists(runs_);
  check_ = std::make_unique<RowCheck>(manifest_);
  quantized_.resize(static_cast<size_t>(sample_count(kBatchFrames)));
}

std::string NpuEngine::introduction() const {
  std::string text = "known-answer test passed: " + manifest_.name;
  for (const std::string& package : refused_) text += "; refused: " + package;
  return text;
}

bool NpuEngine::sync(NpumelXrtStatus (*action)(NpumelXrtRun*, NpumelXrtError*), const NpuRun& run) {
  const uint64_t begun = now_ns();
  NpumelXrtError error{};
  const bool good = action(run.handle(), &error) == NPUMEL_XRT_OK;
  if (!good) reason_ = error.text;
  times_.transfer += now_ns() - begun;
  return good;
}

NpuEngine::Load NpuEngine::load(const Batch& batch) {
  const NpuRun& run = *batch.run;
  const uint64_t begun = now_ns();
  auto* input = static_cast<int16_t*>(run.input());
  const int count = sample_count(batch.frames);
  const auto* samples = static_cast<const int16_t*>(batch.slot.samples);
  if (batch.slot.type == SampleType::f32) {
    if (!quantize(static_cast<const float*>(batch.slot.samples), count, quantized_.data()))
      return Load::out_of_range;
    samples = quantized_.data();
  }
  if (manifest_.abi == 1) {
    expand_frames(samples, batch.frames, input);
    std::memset(input + static_cast<ptrdiff_t>(batch.frames) * aie2::kWin, 0,
                static_cast<size_t>((kBatchFrames - batch.frames) * aie2::kWin) * sizeof *input);
  } else if (samples != input) {
    std::memcpy(input, samples, static_cast<size_t>(count) * sizeof *input);
    std::memset(input + count, 0,
                static_cast<size_t>(sample_count(kBatchFrames) - count) * sizeof *input);
  }
  std::memset(run.output(), poison_byte(manifest_.coding), manifest_.output_bytes());
  times_.convert += now_ns() - begun;
  const NpumelXrtApi& api = run.core()->api;
  const bool synced = sync(api.run_sync_input, run) && sync(api.run_sync_poison, run);
  return synced ? Load::loaded : Load::failed;
}

int NpuEngine::list_depth(unsigned timeout_ms) const noexcept {
  return lists_.empty() ? 1 : RunLists::depth_for(context_->core()->run_ns, timeout_ms);
}

std::size_t NpuEngine::start(std::span<Batch* const> loaded, int depth,
                             NpuRun::Clock::time_point deadline, unsigned timeout_ms) {
  std::size_t count = 1;
  while (count < loaded.size() && loaded[count]->position == loaded[0]->position + count) count++;
  count = std::min(count, static_cast<std::size_t>(depth));
  std::shared_ptr<NpuJob> job = lists_.longest(loaded[0]->position, count);
  if (!job) {
    job = loaded[0]->run;
    count = 1;
  }
  return context_->start(NpuSubmission{std::move(job), deadline, timeout_ms}, reason_) ? count : 0;
}

// The samples as the device saw them, whatever the ABI.
const int16_t* NpuEngine::contiguous(const Batch& batch) {
  if (batch.slot.type == SampleType::s16) return static_cast<const int16_t*>(batch.slot.samples);
  if (manifest_.abi == 2) return static_cast<const int16_t*>(batch.run->input());
  // Later batches have been quantized since this one was started.
  quantize(static_cast<const float*>(batch.slot.samples), sample_count(batch.frames),
           quantized_.data());
  return quantized_.data();
}

NpuEngine::Finish NpuEngine::finish(const Batch& batch, bool full_check, LogType log,
                                    const RowSink& out) {
  const NpuRun& run = *batch.run;
  if (!sync(run.core()->api.run_sync_output, run)) return {};
  const uint64_t begun = now_ns();
  const RowRange range =
      decode_rows(run.output(), manifest_.coding, manifest_.recipe.mels, batch.frames, log, out);
  Finish finished;
  finished.maximum = range.most * log_factor(log);
  const RowCheck::Rows rows{contiguous(batch), run.output(), batch.frames, range.most};
  finished.good = range.plausible() && (full_check ? check_->full(rows) : check_->spot(rows));
  if (!finished.good) {
    finished.wrong_numbers = true;
    reason_ = "wrong numbers: " +
              (range.plausible() ? check_->mismatch() : "rows that the kernel did not write");
  }
  times_.convert += now_ns() - begun;
  return finished;
}

void NpuEngine::give_up(RunOutcome outcome, const std::string& reason) {
  context_->break_down(outcome, reason);
}

}  // namespace npumel
