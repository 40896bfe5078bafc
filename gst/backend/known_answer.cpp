// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/known_answer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "gst/backend/device_samples.h"
#include "gst/backend/npu_run.h"
#include "gst/backend/row_check.h"
#include "gst/backend/row_coding.h"
#include "gst/backend/xrt_fault.h"

namespace npumel {
namespace {

constexpr int kSamples = aie2::kSamplesV2;
constexpr int kSilentFrom = 4800;  // 800 samples: three frames see nothing else
constexpr int kSilentTo = 5600;
constexpr int kClippedFrom = 9600;
constexpr int kClippedTo = 10400;

}  // namespace

std::vector<int16_t> known_answer_samples() {
  std::vector<int16_t> samples(kSamples);
  uint32_t random = 1;
  double phase = 0;
  for (int i = 0; i < kSamples; i++) {
    random = random * 1664525U + 1013904223U;
    // A tone that climbs from 100 to 7000 Hz over changing noise: no two frames are alike.
    const double place = static_cast<double>(i) / kSamples;
    phase += 2 * std::numbers::pi * (100 + 6900 * place) / 16000;
    const double noise = (static_cast<double>(random >> 16U) / 32768.0 - 1) * (200 + 1800 * place);
    double value = 6000 * std::sin(phase) + noise;
    if (i >= kSilentFrom && i < kSilentTo) value = 0;
    if (i >= kClippedFrom && i < kClippedTo) value *= 20;
    samples[static_cast<size_t>(i)] =
        static_cast<int16_t>(std::clamp(std::nearbyint(value), -32768.0, 32767.0));
  }
  return samples;
}

void prove(NpuContext& context, const KernelManifest& manifest, unsigned timeout_ms) {
  const std::vector<int16_t> samples = known_answer_samples();
  const auto& core = context.core();
  const auto run = std::make_shared<NpuRun>(core, std::make_shared<StreamSignal>(),
                                            manifest.input_bytes(), manifest.output_bytes());
  if (manifest.abi == 1)
    expand_frames(samples.data(), kBatchFrames, static_cast<int16_t*>(run->input()));
  else
    std::memcpy(run->input(), samples.data(), manifest.input_bytes());
  std::memset(run->output(), poison_byte(manifest.coding), manifest.output_bytes());
  NpumelXrtError error{};
  check_xrt(core->api.run_sync_input(run->handle(), &error), error);
  check_xrt(core->api.run_sync_poison(run->handle(), &error), error);
  const auto deadline = NpuRun::Clock::now() + std::chrono::milliseconds(timeout_ms);
  std::string reason;
  if (!context.start(NpuSubmission{run, deadline, timeout_ms}, reason))
    throw BackendError(BackendFault::failed, "known-answer test: " + reason);
  if (run->wait(deadline + kWaiterGrace) != NpuRun::Outcome::completed) {
    reason = run->pending() ? no_result_within(timeout_ms) : run->reason();
    context.break_down(NpuRun::Outcome::timed_out, reason);
    throw BackendError(BackendFault::failed, "known-answer test: " + reason);
  }
  check_xrt(core->api.run_sync_output(run->handle(), &error), error);
  std::vector<float> rows(size_t{kBatchFrames} * static_cast<size_t>(manifest.recipe.mels));
  const RowRange range =
      decode_rows(run->output(), manifest.coding, manifest.recipe.mels, kBatchFrames,
                  LogType::log10, RowSink{rows.data(), ElementType::f32, manifest.recipe.mels, 1});
  RowCheck check(manifest);
  if (!range.plausible() ||
      !check.full(RowCheck::Rows{samples.data(), run->output(), kBatchFrames, range.most})) {
    reason = range.plausible() ? check.mismatch() : "rows that the kernel did not write";
    context.break_down(NpuRun::Outcome::failed, "wrong numbers: " + reason);
    throw BackendError(BackendFault::failed, "known-answer test: " + reason);
  }
}

}  // namespace npumel
