// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/npu_service.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "gst/backend/module_loader.h"
#include "gst/backend/npu_registry.h"
#include "gst/backend/package_selection.h"

namespace npumel {
namespace {

// Opening a device takes tens of milliseconds, the known-answer test at most its timeout.
constexpr auto kOpening = std::chrono::seconds(3);

std::string seconds_text(uint64_t ns) {
  const uint64_t ms = ns / 1000000;
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

bool takes_lists(const SupervisorConfig& config) { return config.backlog && config.in_flight > 1; }

int batch_slots(const SupervisorConfig& config) {
  if (!takes_lists(config)) return config.in_flight + 1;
  // One list on the device, one waiting there, one being filled.
  constexpr int kLists = 3;
  const int slots = std::max(config.in_flight + 1, kLists * RunLists::kLongest);
  return (slots + RunLists::kLongest - 1) / RunLists::kLongest * RunLists::kLongest;
}

NpuService::NpuService(const NpumelXrtApi* scripted, Journal& journal)
    : scripted_(scripted), journal_(journal) {}

NpuService::~NpuService() = default;

void NpuService::look(BackendChoice choice, const std::string& device) {
  absence_.reset();
  refused_.reset();
  device_.reset();
  if (choice == BackendChoice::software) return;
  if (scripted_ == nullptr) absence_ = npu_absence();
  config_.choice = choice;
  if (absence_) not_used(BackendError(absence_->fault, absence_->reason));
  if (choice != BackendChoice::npu) return;
  const LoadedModule module =
      scripted_ != nullptr ? LoadedModule{scripted_, ""} : load_xrt_module();
  if (module.api == nullptr) throw BackendError(BackendFault::library_missing, module.reason);
  device_ = NpuRegistry::process().device(*module.api, device);
}

EngineRequest NpuService::request() const {
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

void NpuService::not_used(const BackendError& error) {
  if (config_.choice == BackendChoice::npu) throw BackendError(error);
  journal_.set_npu(false, error.what());
  journal_.change("software", error.what(), 0, false);
}

bool NpuService::configure(const SupervisorConfig& config) {
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
  if (config.choice == BackendChoice::software) {
    not_used(BackendError(BackendFault::unsupported, "backend=software was asked for"));
    return false;
  }
  if (absence_) {  // look() has told
    if (config.choice == BackendChoice::npu) throw BackendError(absence_->fault, absence_->reason);
    journal_.set_npu(false, absence_->reason);
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
    journal_.set_npu(true, "");
    journal_.change("npu", engine_->introduction(), 0, false);
    return true;
  } catch (const BackendError& error) {
    if (config.choice == BackendChoice::npu) refused_ = error;
    not_used(error);
    return false;
  }
}

void NpuService::report_sizes() {
  if (!engine_) return;
  journal_.set_sizes(engine_->manifest().input_bytes(), engine_->manifest().output_bytes());
  journal_.set_instruction_size(engine_->instruction_bytes());
  journal_.set_device(engine_->device().name(), engine_->device().address());
}

void NpuService::close() noexcept {
  gathered_.clear();
  opener_.reset();
  engine_.reset();
  device_.reset();
}

void NpuService::adopt(uint64_t batch) noexcept {
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
    journal_.set_npu(true, "");
    journal_.change("npu", engine_->introduction(), batch, false);
  } catch (const std::exception& error) {
    retry_.failed(now_ns());
    journal_.set_npu(false, std::string(error.what()) +
                                (retry_.gave_up() ? "; not tried again" : "; will be tried again"));
  }
}

void NpuService::attach(Batch& batch) noexcept {
  batch.run = engine_ ? engine_->run(batch.position) : nullptr;
  const bool mapped = batch.run && batch.slot.type == SampleType::s16 && engine_->maps_samples() &&
                      !batch.run->pending();
  batch.slot.samples = mapped ? batch.run->input() : batch.own.data();
}

void NpuService::start(Batch& batch, bool more) noexcept {
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

void NpuService::launch() noexcept {
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
    if (takes_lists(config_)) journal_.set_runlist_depth(depth);
  }
  gathered_.clear();
}

void NpuService::discard() noexcept { gathered_.clear(); }

bool NpuService::serves(const Batch& batch) const noexcept {
  return engine_ && batch.run && batch.run == engine_->run(batch.position);
}

bool NpuService::must_wait(const Batch& batch) const noexcept {
  return serves(batch) && (batch.way == Batch::Way::gathered ||
                           (batch.way == Batch::Way::npu && batch.run->pending()));
}

NpuService::Result NpuService::finish(Batch& batch, const RowSink& out) {
  if (lost_) throw BackendError(*lost_);
  {
    const std::lock_guard lock(signal_->mutex);
    if (signal_->interrupted) return {Result::State::interrupted, 0};
  }
  if (!serves(batch)) return {};
  if (batch.way == Batch::Way::gathered) launch();
  if (batch.way == Batch::Way::refused)
    return failed(RunOutcome::failed, false, engine_->reason(), batch.number);
  if (batch.way == Batch::Way::software) return {};
  const RunOutcome outcome = batch.run->wait(batch.deadline + kWaiterGrace);
  if (outcome == RunOutcome::pending) {
    if (batch.run->interrupted()) return {Result::State::interrupted, 0};
    return failed(RunOutcome::timed_out, false, no_result_within(config_.timeout_ms), batch.number);
  }
  if (outcome != RunOutcome::completed)
    return failed(outcome, false, batch.run->reason(), batch.number);
  const bool full = config_.verify_interval > 0 && computed_ + 1 >= config_.verify_interval;
  const NpuEngine::Finish finished = engine_->finish(batch, full, config_.recipe.log, out);
  if (!finished.good)
    return failed(RunOutcome::failed, finished.wrong_numbers, engine_->reason(),
                  full && finished.wrong_numbers ? first_suspect_ : batch.number);
  retry_.worked(now_ns());
  computed_ = full ? 0 : computed_ + 1;
  if (full) first_suspect_ = batch.number + 1;
  const NpuEngine::Times now = engine_->times();
  journal_.count_npu(batch.run->duration_ns(),
                     {now.transfer - reported_.transfer, now.convert - reported_.convert});
  reported_ = now;
  return {Result::State::good, finished.maximum};
}

// The reason may be the engine's, which stays until the end of this.
NpuService::Result NpuService::failed(RunOutcome outcome, bool wrong_numbers,
                                      const std::string& reason, uint64_t first_suspect) {
  discard();
  const std::unique_ptr<NpuEngine> engine = std::move(engine_);
  engine->give_up(outcome, reason);
  const uint64_t wait = retry_.next_wait();
  retry_.failed(now_ns());
  journal_.count_loss(outcome == RunOutcome::timed_out, wrong_numbers);
  if (config_.choice == BackendChoice::npu) {
    journal_.set_npu(false, reason);
    lost_.emplace(BackendFault::failed, reason);
    throw BackendError(*lost_);
  }
  const std::string text = "the NPU failed: " + reason +
                           (retry_.gave_up() ? "; it will not be tried again"
                                             : "; it will be tried again in " + seconds_text(wait));
  journal_.set_npu(false, text);
  journal_.change("software", text, first_suspect, true);
  return {};
}

}  // namespace npumel
