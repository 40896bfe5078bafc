// SPDX-License-Identifier: LGPL-2.1-or-later
// Selection, supervision and retry of the NPU for one stream.
#include "gst/backend/policy/npu_policy.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "gst/backend/device/npu_engine.h"
#include "gst/backend/device/xrt_loader.h"
#include "gst/backend/packages/package_selection.h"

namespace npumel {
namespace {

// Opening a device takes tens of milliseconds, the known-answer test at most its timeout.
constexpr auto kOpening = std::chrono::seconds(3);

std::string seconds_text(uint64_t ns) {
  const uint64_t ms = ns / 1000000;
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

bool takes_lists(const BackendConfig& config) { return config.backlog && config.in_flight > 1; }

int batch_slots(const BackendConfig& config) {
  if (!takes_lists(config)) return config.in_flight + 1;
  // One list on the device, one waiting there, one being filled.
  constexpr int kLists = 3;
  const int slots = std::max(config.in_flight + 1, kLists * RunLists::kLongest);
  return (slots + RunLists::kLongest - 1) / RunLists::kLongest * RunLists::kLongest;
}

NpuPolicy::NpuPolicy(const NpumelXrtApi* scripted, const std::shared_ptr<StreamSignal>& signal,
                     StatsRecorder& stats)
    : scripted_(scripted), stats_(stats), signal_(signal) {}

NpuPolicy::~NpuPolicy() = default;

void NpuPolicy::look(BackendChoice choice, const std::string& device) {
  absence_.reset();
  refused_.reset();
  device_.reset();
  if (scripted_ == nullptr) absence_ = npu_absence();
  config_.choice = choice;
  if (absence_) not_used(BackendError(absence_->fault, absence_->reason));
  if (choice != BackendChoice::npu) return;
  const LoadedModule module =
      scripted_ != nullptr ? LoadedModule{scripted_, ""} : load_xrt_module();
  if (module.api == nullptr) throw BackendError(BackendFault::library_missing, module.reason);
  device_ = NpuRegistry::process().device(*module.api, device);
}

EngineRequest NpuPolicy::request() const {
  EngineRequest request;
  request.recipe = config_.recipe;
  request.device = config_.device;
  request.kernel_path = config_.kernel_path;
  request.allow_v1 = config_.choice == BackendChoice::npu || !config_.kernel_path.empty();
  request.slots = batch_slots(config_);
  request.lists = takes_lists(config_);
  request.timeout_ms = config_.timeout_ms;
  request.api = scripted_;
  return request;
}

void NpuPolicy::not_used(const BackendError& error) {
  if (config_.choice == BackendChoice::npu) throw BackendError(error);
  stats_.set_npu(false, error.what());
  stats_.change("software", error.what(), 0, false);
}

bool NpuPolicy::configure(const BackendConfig& config) {
  // The old engine keeps the context that the new one will probably share.
  const std::unique_ptr<NpuEngine> previous = std::move(engine_);
  opener_.reset();
  config_ = config;
  gathered_.clear();
  gathered_.reserve(RunLists::kLongest);
  retry_ = RetryPolicy(config.retry_interval);
  lost_.reset();
  reported_ = {};
  computed_ = 0;
  first_suspect_ = 0;
  if (absence_) {  // look() has told
    if (config.choice == BackendChoice::npu) throw BackendError(absence_->fault, absence_->reason);
    stats_.set_npu(false, absence_->reason);
    return false;
  }
  if (!has_kernel(config.recipe)) {
    not_used(no_kernel(config.recipe));
    return false;
  }
  // Sources offer refused caps again: what stopped the stream once is not opened a second time,
  // while the pipeline or the process is about to end.
  if (refused_) throw BackendError(*refused_);
  opener_ = std::make_unique<EngineOpener>(request(), signal_);
  const auto limit = kOpening + std::chrono::milliseconds(config.timeout_ms);
  if (!opener_->wait(NpuRun::Clock::now() + limit)) {
    not_used(BackendError(BackendFault::failed, "the NPU is still being opened"));
    return true;
  }
  try {
    engine_ = std::exchange(opener_, nullptr)->take();
    stats_.set_npu(true, "");
    stats_.change("npu", engine_->introduction(), 0, false);
    return true;
  } catch (const BackendError& error) {
    if (config.choice == BackendChoice::npu) refused_ = error;
    not_used(error);
    return false;
  }
}

void NpuPolicy::report_sizes() {
  if (!engine_) return;
  stats_.set_sizes(engine_->manifest().input_bytes(), engine_->manifest().output_bytes());
  stats_.set_instruction_size(engine_->instruction_bytes());
  stats_.set_device(engine_->device().name(), engine_->device().address());
}

void NpuPolicy::adopt(uint64_t batch) noexcept {
  if (engine_ || config_.choice != BackendChoice::automatic) return;
  try {
    if (!opener_ && retry_.due(now_ns()))
      opener_ = std::make_unique<EngineOpener>(request(), signal_);
    if (!opener_ || !opener_->done()) return;
    engine_ = std::exchange(opener_, nullptr)->take();
    reported_ = {};
    computed_ = 0;
    first_suspect_ = batch;
    report_sizes();
    stats_.set_npu(true, "");
    stats_.change("npu", engine_->introduction(), batch, false);
  } catch (const std::exception& error) {
    retry_.failed(now_ns());
    stats_.set_npu(false, std::string(error.what()) +
                              (retry_.gave_up() ? "; not tried again" : "; will be tried again"));
  }
}

void NpuPolicy::attach(Batch& batch) noexcept {
  batch.run = engine_ ? engine_->run(batch.position) : nullptr;
  const bool mapped = batch.run && batch.slot.type == SampleType::s16 && engine_->maps_samples() &&
                      !batch.run->pending();
  batch.slot.samples = mapped ? batch.run->input() : batch.own.get();
}

void NpuPolicy::start(Batch& batch, bool more) noexcept {
  batch.way = Batch::Way::software;
  if (!engine_) return;
  // A run that a flush has left on the device keeps its buffers until it ends.
  if (serves(batch) && !batch.run->pending()) {
    switch (engine_->load(batch)) {
      case NpuEngine::Load::loaded:
        batch.way = Batch::Way::gathered;
        gathered_.push_back(&batch);
        break;
      case NpuEngine::Load::failed:
        batch.way = Batch::Way::refused;
        break;
      case NpuEngine::Load::out_of_range:
        break;
    }
  }
  const auto depth = static_cast<std::size_t>(engine_->list_depth(config_.timeout_ms));
  if (!more || gathered_.size() >= depth || (batch.position + 1) % depth == 0) launch();
}

void NpuPolicy::launch() noexcept {
  std::span<Batch* const> left(gathered_);
  while (!left.empty()) {
    const int depth = engine_->list_depth(config_.timeout_ms);
    const auto deadline = NpuRun::Clock::now() + std::chrono::milliseconds(config_.timeout_ms);
    const std::size_t count = engine_->start(left, depth, deadline, config_.timeout_ms);
    // What is refused is reported when its turn comes: the reason may be a batch before it.
    for (Batch* batch : left.first(count > 0 ? count : left.size())) {
      batch->deadline = deadline;
      batch->way = count > 0 ? Batch::Way::npu : Batch::Way::refused;
    }
    left = count > 0 ? left.subspan(count) : std::span<Batch* const>();
    if (takes_lists(config_)) stats_.set_runlist_depth(depth);
  }
  gathered_.clear();
}

void NpuPolicy::discard() noexcept { gathered_.clear(); }

bool NpuPolicy::serves(const Batch& batch) const noexcept {
  return engine_ && batch.run && batch.run == engine_->run(batch.position);
}

bool NpuPolicy::must_wait(const Batch& batch) const noexcept {
  return serves(batch) && (batch.way == Batch::Way::gathered ||
                           (batch.way == Batch::Way::npu && batch.run->pending()));
}

NpuPolicy::Result NpuPolicy::finish(Batch& batch, const RowSink& out) {
  if (lost_) throw BackendError(*lost_);
  if (!serves(batch)) return {};
  if (batch.way == Batch::Way::gathered) launch();
  if (batch.way == Batch::Way::refused)
    return fail(RunOutcome::failed, false, engine_->reason(), batch.number);
  if (batch.way == Batch::Way::software) return {};
  const RunOutcome outcome = batch.run->wait(batch.deadline + kWaiterGrace);
  if (outcome == RunOutcome::pending) {
    if (batch.run->interrupted()) return {Result::State::interrupted, 0};
    return fail(RunOutcome::timed_out, false, no_result_within(config_.timeout_ms), batch.number);
  }
  if (outcome != RunOutcome::completed)
    return fail(outcome, false, batch.run->reason(), batch.number);
  const bool full = config_.verify_interval > 0 && computed_ + 1 >= config_.verify_interval;
  const NpuEngine::Finish finished = engine_->finish(batch, full, config_.recipe.log, out);
  if (!finished.good)
    return fail(RunOutcome::failed, finished.wrong_numbers, engine_->reason(),
                full && finished.wrong_numbers ? first_suspect_ : batch.number);
  retry_.worked(now_ns());
  computed_ = full ? 0 : computed_ + 1;
  if (full) first_suspect_ = batch.number + 1;
  const NpuEngine::Times now = engine_->times();
  stats_.count_npu(batch.number, batch.frames, batch.run->duration_ns(),
                   now.transfer - reported_.transfer, now.convert - reported_.convert);
  reported_ = now;
  return {Result::State::good, finished.maximum};
}

// The reason may be the engine's, which stays until the end of this.
NpuPolicy::Result NpuPolicy::fail(RunOutcome outcome, bool wrong_numbers, const std::string& reason,
                                  uint64_t first_suspect) {
  discard();
  const std::unique_ptr<NpuEngine> engine = std::move(engine_);
  engine->fail(outcome, reason);
  const uint64_t wait = retry_.next_wait();
  retry_.failed(now_ns());
  stats_.count_loss(outcome == RunOutcome::timed_out, wrong_numbers);
  if (config_.choice == BackendChoice::npu) {
    stats_.set_npu(false, reason);
    lost_.emplace(BackendFault::failed, reason);
    throw BackendError(*lost_);
  }
  const std::string text = "the NPU failed: " + reason +
                           (retry_.gave_up() ? "; it will not be tried again"
                                             : "; it will be tried again in " + seconds_text(wait));
  stats_.set_npu(false, text);
  stats_.change("software", text, first_suspect, true);
  return {};
}

}  // namespace npumel
