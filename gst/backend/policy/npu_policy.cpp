// SPDX-License-Identifier: LGPL-2.1-or-later
// Selection, supervision and retry of the NPU for one stream.
#include "gst/backend/policy/npu_policy.h"

#include <chrono>
#include <span>
#include <utility>

#include "gst/backend/packages/package_selection.h"

namespace npumel {
namespace {

// Opening a device takes tens of milliseconds, the known-answer test at most its timeout.
constexpr auto kOpening = std::chrono::seconds(3);
// A live stream does not wait for more than this, or what it grants for a batch: software computes
// until the NPU is open.
constexpr auto kLiveOpening = std::chrono::milliseconds(40);
// Who starts an element does not wait for more either: what is wrong then shows with the caps.
constexpr auto kStarting = std::chrono::milliseconds(40);
// Runs that may be late at a time: as many as a stream has slots.
constexpr std::size_t kUsualLate = 64;

std::string seconds_text(uint64_t ns) {
  const uint64_t ms = ns / 1000000;
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

/// Failures of a start that a later one may not have. Absence and rights are none: XRT keeps what
/// it has found for the life of the process.
bool may_pass(BackendFault fault) {
  return fault == BackendFault::busy || fault == BackendFault::failed;
}

}  // namespace

// Batches of which more followed at once, before lists are made.
constexpr int kSeveral = 4;

bool takes_lists(const BackendConfig& config) { return config.backlog && config.in_flight > 1; }

int batch_slots(const BackendConfig& config) { return config.in_flight + 1; }

int list_slots(const BackendConfig& config) {
  // One list on the device, one waiting there, one being filled.
  constexpr int kLists = 3;
  const int slots = std::max(config.in_flight + 1, kLists * RunLists::kLongest);
  return (slots + RunLists::kLongest - 1) / RunLists::kLongest * RunLists::kLongest;
}

int long_slots(const BackendConfig& config) {
  // One long run on the device, one being filled.
  constexpr int kRuns = 2;
  constexpr int kTogether = aie2::kLongestBatch / kBatchFrames;
  const int slots = std::max(list_slots(config), kRuns * kTogether);
  return (slots + kTogether - 1) / kTogether * kTogether;
}

NpuPolicy::NpuPolicy(const NpumelXrtApi* scripted, const std::shared_ptr<StreamSignal>& signal,
                     StatsRecorder& stats)
    : scripted_(scripted),
      stats_(stats),
      signal_(signal),
      memory_(NpuRegistry::process().memory()) {
  late_runs_.reserve(kUsualLate);
}

NpuPolicy::~NpuPolicy() {
  late_runs_.clear();
  grower_.reset();
  if (outgrown_) {
    const NpumelXrtApi& api = outgrown_->device().api();
    release(std::move(outgrown_), api);
  }
  if (engine_) {
    device_.reset();
    const NpumelXrtApi& api = engine_->device().api();
    release(std::move(engine_), api);
  } else if (device_) {
    const NpumelXrtApi& api = device_->api();
    release(std::move(device_), api);
  }
}

void NpuPolicy::look(BackendChoice choice, const std::string& device) {
  absence_.reset();
  refused_.reset();
  device_.reset();
  if (scripted_ == nullptr) absence_ = npu_absence();
  config_.choice = choice;
  if (absence_) not_used(BackendError(absence_->fault, absence_->reason));
  if (choice != BackendChoice::npu) return;
  device_ = open_device(scripted_, device, kStarting);
}

EngineRequest NpuPolicy::request() const {
  EngineRequest request;
  request.recipe = config_.recipe;
  request.device = config_.device;
  request.kernel_path = config_.kernel_path;
  request.allow_v1 = config_.choice == BackendChoice::npu || !config_.kernel_path.empty();
  request.slots = batch_slots(config_);
  // Once the ring has grown it stays as it is, whatever an NPU that comes back is good for.
  request.list_slots = lists_ ? grown_slots_ : list_slots(config_);
  request.long_slots = lists_ ? grown_slots_ : long_slots(config_);
  request.lists = lists_;
  request.timeout_ms = config_.timeout_ms;
  request.retry_interval = config_.retry_interval;
  request.memory = memory_;
  request.api = scripted_;
  return request;
}

int64_t NpuPolicy::retry_in() const noexcept {
  return retry_.retired() ? -1 : static_cast<int64_t>(retry_.wait());
}

std::string NpuPolicy::back_off() {
  retry_.failed(now_ns());
  return retry_.retired() ? "; it will not be tried again"
                          : "; it will be tried again in " + seconds_text(retry_.wait());
}

void NpuPolicy::not_used(const BackendError& error) {
  if (config_.choice == BackendChoice::npu) throw BackendError(error);
  const bool again = may_pass(error.fault()) && !error.permanent();
  const std::string text = error.what() + (again ? back_off() : "");
  stats_.set_npu(false, text);
  stats_.change("software", text, 0, again ? retry_in() : -1, false);
}

bool NpuPolicy::configure(const BackendConfig& config) {
  // The old engine keeps the context that the new one will probably share.
  std::unique_ptr<NpuEngine> previous = std::move(engine_);
  opener_.reset();
  grower_.reset();
  several_ = 0;
  lists_ = false;
  config_ = config;
  gathered_.clear();
  gathered_.reserve(RunLists::kLongest);
  late_runs_.clear();
  retry_ = RetryPolicy(config.retry_interval);
  lost_.reset();
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
  const NpuRun::Clock::duration longest = kOpening + std::chrono::milliseconds(config.timeout_ms);
  const NpuRun::Clock::duration limit =
      live() ? std::clamp<NpuRun::Clock::duration>(std::chrono::nanoseconds(config.live_deadline),
                                                   kLiveOpening, longest)
             : longest;
  const bool done = opener_->wait(NpuRun::Clock::now() + limit);
  if (outgrown_) {
    const NpumelXrtApi& api = outgrown_->device().api();
    release(std::move(outgrown_), api);
  }
  if (previous) {
    const NpumelXrtApi& api = previous->device().api();
    release(std::move(previous), api);
  }
  if (!done) {
    if (config.choice == BackendChoice::npu)
      throw BackendError(BackendFault::failed, "the NPU is still being opened");
    const char* text = "the NPU is still being opened";
    stats_.set_npu(false, text);
    stats_.change("software", text, 0, 0, false);
    return true;
  }
  try {
    use(std::exchange(opener_, nullptr)->take(), 0);
    return true;
  } catch (const BackendError& error) {
    if (config.choice == BackendChoice::npu) refused_ = error;
    not_used(error);
    return may_pass(error.fault()) && !error.permanent();
  }
}

void NpuPolicy::use(std::unique_ptr<NpuEngine> engine, uint64_t batch) {
  engine_ = std::move(engine);
  engine_->context().core()->late_in_row = 0;
  last_turn_ = 0;
  has_worked_ = true;
  reported_ = {};
  computed_ = 0;
  first_suspect_ = batch;
  report_sizes();
  stats_.set_npu(true, "");
  stats_.change("npu", engine_->introduction(), batch, 0, false);
}

bool NpuPolicy::may_grow() const noexcept { return engine_ && grower_ && grower_->done(); }

int NpuPolicy::grow() {
  try {
    std::unique_ptr<NpuEngine> larger = std::exchange(grower_, nullptr)->take();
    outgrown_ = std::exchange(engine_, std::move(larger));
    reported_ = {};
    lists_ = true;
    stats_.log(LogLevel::info,
               engine_->has_long_runs()
                   ? "several batches at once: handed over in lists or in runs of 1000 frames, "
                     "whatever is faster, from now on"
                   : "several batches at once: handed over in lists from now on");
    if (!engine_->long_refusal().empty())
      stats_.log(LogLevel::warning, "no runs of 1000 frames: " + engine_->long_refusal());
    return grown_slots_ = engine_->slots();
  } catch (const BackendError& error) {
    stats_.log(LogLevel::warning, std::string("no lists of runs: ") + error.what());
    return 0;
  }
}

void NpuPolicy::report_sizes() {
  if (!engine_) return;
  stats_.set_sizes(engine_->manifest().input_bytes(), engine_->manifest().output_bytes());
  stats_.set_instruction_size(engine_->instruction_bytes());
  stats_.set_device(engine_->device().name(), engine_->device().address());
}

void NpuPolicy::adopt(uint64_t batch) noexcept {
  if (config_.choice != BackendChoice::automatic) return;
  try {
    if (engine_) {
      check_late_runs(batch);
      return;
    }
    if (!opener_ && retry_.due(now_ns()))
      opener_ = std::make_unique<EngineOpener>(request(), signal_);
    if (!opener_ || !opener_->done()) return;
    use(std::exchange(opener_, nullptr)->take(), batch);
  } catch (const BackendError& error) {
    // What was there and has gone comes back; what never was, or is retired, does not.
    if (error.permanent() || !(has_worked_ || may_pass(error.fault()))) retry_.retire();
    const std::string text = error.what() + back_off();
    stats_.set_npu(false, text);
    stats_.change("software", text, batch, retry_in(), false);
  } catch (const std::exception& error) {
    const std::string text = error.what() + back_off();
    stats_.set_npu(false, text);
    stats_.change("software", text, batch, retry_in(), false);
  }
}

void NpuPolicy::attach(Batch& batch) noexcept {
  if (batch.run && !serves(batch)) {
    const NpumelXrtApi& api = batch.run->core()->api;
    release(std::move(batch.long_run), api, false);
    release(std::move(batch.run), api, false);
  }
  batch.run = engine_ ? engine_->run(batch.position) : nullptr;
  Slot& recorded = batch.as_recorded();
  const bool mapped = batch.run && recorded.type == SampleType::s16 && engine_->maps_samples() &&
                      !batch.run->pending();
  recorded.samples = mapped ? batch.run->input() : batch.own_memory();
}

// A quarter is left for software to compute the batch after all.
uint64_t NpuPolicy::granted_ns() const noexcept {
  return live() ? std::min(config_.live_deadline / 4 * 3, timeout_ns()) : timeout_ns();
}

NpuRun::Clock::time_point NpuPolicy::due() const {
  return NpuRun::Clock::now() + std::chrono::nanoseconds(granted_ns());
}

bool NpuPolicy::overflows() {
  // A device that is too slow for a single batch is late, not overloaded.
  const uint64_t run_ns = engine_->context().core()->run_ns;
  return hurries() && run_ns <= granted_ns() &&
         !engine_->context().make_room(due(), granted_ns(), last_turn_);
}

void NpuPolicy::start(Batch& batch, bool more) noexcept {
  batch.way = Batch::Way::software;
  batch.long_run.reset();
  if (!engine_) return;
  // The kernel emphasises what it reads: after the last sample that would not be the padding's 0.
  const bool servable = serves(batch) && !(batch.slot.raw != nullptr && batch.slot.beyond_end);
  if (servable && batch.run->pending()) {
    // A flush or a late batch has left it on the device, where it keeps its buffers until it ends.
    if (hurries()) batch.way = Batch::Way::late;
  } else if (servable && overflows()) {
    batch.way = Batch::Way::overflow;
  } else if (servable) {
    if (engine_->load(batch)) {
      batch.way = Batch::Way::gathered;
      if (gathered_.empty()) together_ = engine_->together(config_.timeout_ms);
      gathered_.push_back(&batch);
    }
  }
  if (more && !lists_ && takes_lists(config_) && ++several_ == kSeveral) prepare_lists();
  const auto together = static_cast<std::size_t>(together_);
  if (!more || gathered_.size() >= together || (batch.position + 1) % together == 0) launch();
}

void NpuPolicy::prepare_lists() noexcept {
  try {
    EngineRequest larger = request();
    larger.lists = true;
    grower_ = std::make_unique<EngineOpener>(larger, signal_);
  } catch (const std::exception& error) {
    stats_.log(LogLevel::warning, error.what());
  }
}

void NpuPolicy::launch() noexcept {
  std::span<Batch* const> left(gathered_);
  while (!left.empty()) {
    const auto due = this->due();
    NpuSubmission terms{nullptr, due, config_.timeout_ms};
    if (hurries()) terms.last_turn = last_turn_;
    const std::size_t count = engine_->start(left, together_, std::move(terms));
    // What is refused is reported when its turn comes: the reason may be a batch before it.
    for (Batch* batch : left.first(count > 0 ? count : left.size())) {
      batch->due = due;
      batch->way = count > 0 ? Batch::Way::npu : Batch::Way::refused;
    }
    if (lists_) {
      const bool long_runs = together_ > RunLists::kLongest;
      stats_.set_hand_over(long_runs ? 1 : together_,
                           long_runs ? aie2::kLongestBatch : kBatchFrames, engine_->frame_ns(),
                           engine_->long_frame_ns());
    }
    left = count > 0 ? left.subspan(count) : std::span<Batch* const>();
  }
  gathered_.clear();
}

void NpuPolicy::discard() noexcept { gathered_.clear(); }

void NpuPolicy::withdraw(const Batch& batch) noexcept {
  if (serves(batch) && batch.way == Batch::Way::npu) engine_->context(batch).withdraw(*batch.run);
}

bool NpuPolicy::serves(const Batch& batch) const noexcept {
  return engine_ && batch.run && batch.run == engine_->run(batch.position);
}

bool NpuPolicy::must_wait(const Batch& batch) const noexcept {
  return serves(batch) && (batch.way == Batch::Way::gathered ||
                           (batch.way == Batch::Way::npu && batch.run->pending()));
}

NpuPolicy::Result NpuPolicy::finish(Batch& batch, const RowSink& out, DeviceRows* sent) {
  if (lost_) throw BackendError(*lost_);
  if (!serves(batch)) return {};
  if (batch.way == Batch::Way::gathered) launch();
  switch (batch.way) {
    case Batch::Way::refused:
      return fail(Loss::failed, batch, engine_->reason(), batch.number);
    case Batch::Way::late:
      return count_late(batch);
    case Batch::Way::overflow:
      stats_.count_overflow();
      return {};
    case Batch::Way::software:
      return {};
    default:
      break;
  }
  // With BackendChoice::npu nobody else computes it, however long the queue is.
  const bool patient = config_.choice == BackendChoice::npu;
  const RunOutcome outcome = engine_->context(batch).wait(
      *batch.run, patient ? NpuRun::Clock::time_point::max() : batch.due, hurries(),
      config_.timeout_ms);
  if (hurries() && outcome != RunOutcome::withdrawn)
    last_turn_ = ++engine_->context(batch).core()->turns;
  if (outcome == RunOutcome::pending) {
    if (signal_->is_interrupted()) return {Result::State::interrupted, 0};
    late_runs_.push_back({batch.run, batch.frames, batch.number});
    return count_late(batch);
  }
  if (outcome == RunOutcome::withdrawn) {
    stats_.count_overflow();
    return {};
  }
  if (outcome != RunOutcome::completed)
    return fail(outcome == RunOutcome::timed_out ? Loss::timed_out : Loss::failed, batch,
                batch.run->reason(), batch.number);
  const bool full = config_.verify_interval > 0 && computed_ + 1 >= config_.verify_interval;
  const NpuEngine::Finish finished = engine_->finish(batch, full, config_.recipe.log, out, sent);
  if (!finished.good)
    return fail(finished.wrong_numbers ? Loss::wrong_numbers : Loss::failed, batch,
                engine_->reason(), full && finished.wrong_numbers ? first_suspect_ : batch.number);
  retry_.worked(now_ns());
  if (live()) engine_->context().core()->late_in_row = 0;
  computed_ = full ? 0 : computed_ + 1;
  if (full) first_suspect_ = batch.number + 1;
  const NpuEngine::Times now = engine_->times();
  stats_.count_npu(batch.number, batch.frames, batch.run->duration_ns(),
                   now.transfer - reported_.transfer, now.convert - reported_.convert);
  reported_ = now;
  if (sent != nullptr && *sent) stats_.count_direct();
  return {Result::State::good, finished.maximum};
}

NpuPolicy::Result NpuPolicy::count_late(const Batch& batch) {
  if (engine_->context().busy_ns() < granted_ns() / 2) {
    stats_.count_overflow();
    return {};
  }
  stats_.count_late();
  const int late = ++engine_->context().core()->late_in_row;
  if (late < kMostLate) return {};
  return fail(Loss::late, batch,
              "late for " + std::to_string(late) +
                  " batches of live streams in a row, which grant " +
                  seconds_text(config_.live_deadline),
              batch.number);
}

// Their rows are not used: software has computed them. They only judge the device.
void NpuPolicy::check_late_runs(uint64_t batch) {
  for (auto late = late_runs_.begin(); late != late_runs_.end();) {
    const RunOutcome outcome = late->run->outcome();
    if (outcome == RunOutcome::pending) {
      ++late;
      continue;
    }
    const LateRun ended = *late;
    late = late_runs_.erase(late);
    if (outcome == RunOutcome::completed) {
      if (engine_->check_late(*ended.run, ended.frames)) continue;
      fail(Loss::wrong_numbers, {}, engine_->reason(), ended.number);
    } else {
      fail(outcome == RunOutcome::timed_out ? Loss::timed_out : Loss::failed, {},
           ended.run->reason(), batch);
    }
    return;
  }
}

// The reason may be the engine's, which stays until the end of this.
NpuPolicy::Result NpuPolicy::fail(Loss loss, const Batch& batch, const std::string& reason,
                                  uint64_t first_suspect) {
  discard();
  std::unique_ptr<NpuEngine> engine = std::move(engine_);
  grower_.reset();
  several_ = 0;
  late_runs_.clear();
  const KernelManifest manifest = engine->manifest(batch);
  std::string text = about_package(manifest) + reason;
  // Others may go on using a device that is only too slow for a live stream.
  if (loss != Loss::late)
    engine->fail(batch, loss == Loss::timed_out ? RunOutcome::timed_out : RunOutcome::failed,
                 reason);
  if (loss == Loss::wrong_numbers &&
      NpuRegistry::process().count_wrong(engine->device(), manifest) >= NpuRegistry::kMostWrong) {
    text += "; " + retired_text(manifest);
    retry_.retire();
  }
  const NpumelXrtApi& api = engine->device().api();
  release(std::move(engine), api, false);
  stats_.count_loss(loss == Loss::timed_out, loss == Loss::wrong_numbers);
  if (config_.choice == BackendChoice::npu) {
    stats_.set_npu(false, text);
    lost_.emplace(BackendFault::failed, text);
    throw BackendError(*lost_);
  }
  text = (loss == Loss::late ? "the NPU is too slow: " : "the NPU failed: ") + text + back_off();
  stats_.set_npu(false, text);
  stats_.change("software", text, first_suspect, retry_in(), true);
  return {};
}

}  // namespace npumel
