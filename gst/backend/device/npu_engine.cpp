// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening, the known-answer test, and the conversion of samples and rows.
#include "gst/backend/device/npu_engine.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <future>
#include <numbers>
#include <utility>

#include "gst/backend/device/device_outputs.h"
#include "gst/backend/device/npu_run.h"
#include "gst/backend/device/row_check.h"
#include "gst/backend/device/row_coding.h"
#include "gst/backend/device/xrt_loader.h"
#include "gst/backend/packages/package_selection.h"
#include "gst/backend/types.h"

namespace npumel {
namespace {

// The path, too: what is installed elsewhere is another package.
std::string package_key(const NpuDevice& device, const KernelManifest& manifest) {
  return device.address() + " " + manifest.folder + "/" + manifest.name + " " +
         manifest.xclbin_sha256 + " " + manifest.instructions_sha256 + " " + manifest.elf_sha256;
}

// The driver gives a context's last command 2 s to end before it aborts it.
constexpr auto kClosing = std::chrono::milliseconds(2500);

}  // namespace

NpuRegistry& NpuRegistry::process() {
  // Never destroyed: a thread that opens a device may outlive everything else.
  static NpuRegistry* const registry = std::make_unique<NpuRegistry>().release();
  return *registry;
}

std::shared_ptr<NpuDevice> NpuRegistry::device(const NpumelXrtApi& api, const std::string& device) {
  const std::lock_guard lock(device_mutex_);
  std::weak_ptr<NpuDevice>& known = devices_[device];
  std::shared_ptr<NpuDevice> opened = known.lock();
  if (!opened || &opened->api() != &api) {
    opened = std::make_shared<NpuDevice>(api, device);
    known = opened;
  }
  return opened;
}

std::shared_ptr<NpuContext> NpuRegistry::context(const std::shared_ptr<NpuDevice>& device,
                                                 const KernelPackage& package, unsigned timeout_ms,
                                                 FailureMemory& memory, uint64_t retry_interval) {
  const auto deadline = NpuRun::Clock::now() + kClosing;
  while (true) {
    // Read first: what is closed while this one is refused counts.
    const uint64_t seen = returns_->ended();
    try {
      return open_context(device, package, timeout_ms, memory, retry_interval);
    } catch (const BackendError& error) {
      if (error.fault() != BackendFault::busy || !returns_->wait(seen, deadline)) throw;
    }
  }
}

std::shared_ptr<NpuContext> NpuRegistry::open_context(const std::shared_ptr<NpuDevice>& device,
                                                      const KernelPackage& package,
                                                      unsigned timeout_ms, FailureMemory& memory,
                                                      uint64_t retry_interval) {
  const std::string key = package_key(*device, package.manifest);
  const std::lock_guard lock(context_mutex_);
  std::weak_ptr<NpuContext>& known = contexts_[key];
  std::shared_ptr<NpuContext> opened = known.lock();
  if (opened && !opened->broken() && &opened->core()->api == &device->api()) return opened;
  if (wrong(*device, package.manifest) >= kMostWrong)
    throw BackendError(BackendFault::failed, retired_text(package.manifest), true);
  memory.check(key, now_ns());
  try {
    opened = std::make_shared<NpuContext>(device, package, returns_);
    run_known_answer_test(*opened, package.manifest, timeout_ms);
  } catch (const BackendError& error) {
    std::string text = about_package(package.manifest) + error.what();
    bool retired = false;
    if (error.permanent()) {
      retired = count_wrong(*device, package.manifest) >= kMostWrong;
      if (retired) text += "; " + retired_text(package.manifest);
    }
    const BackendError named(error.fault(), text, retired);
    // That all contexts are in use says nothing of the package, and the next moment one is free.
    if (error.fault() != BackendFault::busy) memory.add(key, named, now_ns() + retry_interval);
    throw BackendError(named);
  }
  known = opened;
  return opened;
}

std::shared_ptr<FailureMemory> NpuRegistry::memory() {
  const std::lock_guard lock(memory_mutex_);
  std::shared_ptr<FailureMemory> known = memory_.lock();
  if (!known) memory_ = known = std::make_shared<FailureMemory>();
  return known;
}

int NpuRegistry::count_wrong(const NpuDevice& device, const KernelManifest& manifest) {
  const std::lock_guard lock(memory_mutex_);
  return ++wrong_[package_key(device, manifest)];
}

int NpuRegistry::wrong(const NpuDevice& device, const KernelManifest& manifest) const {
  const std::lock_guard lock(memory_mutex_);
  const auto known = wrong_.find(package_key(device, manifest));
  return known == wrong_.end() ? 0 : known->second;
}

void FailureMemory::check(const std::string& package, uint64_t now) const {
  const std::lock_guard lock(mutex_);
  const auto known = failures_.find(package);
  if (known != failures_.end() && now < known->second.until)
    throw BackendError(known->second.error);
}

void FailureMemory::add(const std::string& package, const BackendError& error, uint64_t until) {
  const std::lock_guard lock(mutex_);
  failures_.insert_or_assign(package, Failure{error, until});
}

std::string about_package(const KernelManifest& manifest) {
  return "kernel package " + manifest.name + ": ";
}

std::string retired_text(const KernelManifest& manifest) {
  return about_package(manifest) +
         "not used again in this process after wrong numbers 3 times; report it, install another "
         "package or driver and start the process again";
}

void release(std::shared_ptr<void> held, const NpumelXrtApi& api, bool wait) noexcept {
  if (!held) return;
  try {
    const auto done = std::make_shared<std::promise<void>>();
    const std::future<void> ended = done->get_future();
    auto pending = std::make_shared<ContextReturns::Pending>(NpuRegistry::process().returns());
    std::thread thread =
        start_thread([held = std::move(held), pending = std::move(pending), done]() mutable {
          held.reset();
          pending.reset();
          done->set_value();
        });
    StopPatience& patience = NpuRegistry::process().patience();
    const auto begun = StopPatience::Clock::now();
    if (wait && ended.wait_for(patience.left(begun)) == std::future_status::ready) {
      thread.join();
    } else {
      api.guard_exit();
      thread.detach();
    }
    if (wait) patience.spend(StopPatience::Clock::now() - begun);
  } catch (const std::exception&) {
    held.reset();  // no thread can be had
  }
}

namespace {

constexpr int kSilentFrom = 4800;  // 800 samples: three frames see nothing else
constexpr int kSilentTo = 5600;
constexpr int kClippedFrom = 9600;
constexpr int kClippedTo = 10400;

}  // namespace

std::vector<int16_t> known_answer_samples(int frames) {
  const int count = sample_count(frames);
  std::vector<int16_t> samples(static_cast<size_t>(count));
  uint32_t random = 1;
  double phase = 0;
  for (int i = 0; i < count; i++) {
    random = random * 1664525U + 1013904223U;
    // A tone that climbs from 100 to 7000 Hz over changing noise: no two frames are alike.
    const double place = static_cast<double>(i) / count;
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

void run_known_answer_test(NpuContext& context, const KernelManifest& manifest,
                           unsigned timeout_ms) {
  const std::vector<int16_t> samples = known_answer_samples(manifest.frames);
  const auto& core = context.core();
  const auto run = std::make_shared<NpuRun>(core, std::make_shared<StreamSignal>(),
                                            manifest.input_bytes(), manifest.output_bytes());
  if (manifest.abi == 1)
    expand_frames(samples.data(), manifest.frames, static_cast<int16_t*>(run->input()));
  else
    std::memcpy(run->input(), samples.data(), manifest.input_bytes());
  std::memset(run->output(), poison_byte(manifest.coding), manifest.output_bytes());
  NpumelXrtError error{};
  check_xrt(core->api.run_sync_input(run->handle(), &error), error);
  check_xrt(core->api.run_sync_poison(run->handle(), &error), error);
  std::string reason;
  const auto due = NpuRun::Clock::now() + std::chrono::milliseconds(timeout_ms);
  if (!context.start(NpuSubmission{run, due, timeout_ms}, reason))
    throw BackendError(BackendFault::failed, "known-answer test: " + reason);
  if (context.wait(*run, NpuRun::Clock::time_point::max(), false, timeout_ms) !=
      RunOutcome::completed)
    throw BackendError(BackendFault::failed, "known-answer test: " + run->reason());
  check_xrt(core->api.run_sync_output(run->handle(), &error), error);
  std::vector<float> rows(static_cast<size_t>(manifest.frames) *
                          static_cast<size_t>(manifest.recipe.mels));
  const RowRange range =
      decode_rows(run->output(), manifest.coding, manifest.recipe.mels, manifest.frames,
                  LogType::log10, RowSink{rows.data(), ElementType::f32, manifest.recipe.mels, 1});
  RowCheck check(manifest);
  const bool plausible = range.within(check.limits());
  if (!plausible ||
      !check.full(RowCheck::Rows{samples.data(), run->output(), manifest.frames, range.most})) {
    reason = plausible ? check.mismatch() : "rows that the kernel did not write";
    context.fail(RunOutcome::failed, "wrong numbers: " + reason);
    throw BackendError(BackendFault::failed, "known-answer test: " + reason, true);
  }
  context.keep(run);
}

NpuEngine::NpuEngine(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal) {
  NpuRegistry& registry = NpuRegistry::process();
  const auto device = registry.device(*request.api, request.device);
  const std::string target = device_target(device->name());
  if (target.empty())
    throw BackendError(BackendFault::not_found,
                       "device " + device->name() + " is not an NPU that there are kernels for");
  const std::shared_ptr<FailureMemory> memory = request.memory ? request.memory : registry.memory();
  ChosenPackage chosen =
      choose_package({target, request.recipe, request.allow_v1},
                     package_folders(request.kernel_path), [&](const KernelPackage& package) {
                       context_ = registry.context(device, package, request.timeout_ms, *memory,
                                                   request.retry_interval);
                     });
  const KernelPackage& package = chosen.package;
  refused_ = std::move(chosen.refused);
  manifest_ = package.manifest;
  instruction_bytes_ = package.instructions.size();
  if (request.lists) open_long(request, device, *memory, signal);
  if (!long_) make_runs(request.lists ? request.list_slots : request.slots, signal);
  if (request.lists) lists_ = RunLists(runs_);
  if (manifest_.coding.bytes == sizeof(float))
    outputs_ = std::make_shared<DeviceOutputs>(device->api(), manifest_.output_bytes());
  check_ = std::make_unique<RowCheck>(manifest_);
  quantized_.resize(static_cast<size_t>(sample_count(kBatchFrames)));
}

NpuEngine::~NpuEngine() {
  if (outputs_) outputs_->close();
}

void NpuEngine::make_runs(int slots, const std::shared_ptr<StreamSignal>& signal) {
  runs_.clear();
  runs_.reserve(static_cast<size_t>(slots));
  while (this->slots() < slots) runs_.push_back(context_->make_run(manifest_, signal));
}

// Without one, or when it does not serve, everything goes in runs of 100.
void NpuEngine::open_long(const EngineRequest& request, const std::shared_ptr<NpuDevice>& device,
                          FailureMemory& memory, const std::shared_ptr<StreamSignal>& signal) {
  auto opened = std::make_unique<Long>();
  try {
    const PackageQuery query{device_target(device->name()), request.recipe, false,
                             aie2::kLongestBatch};
    opened->manifest =
        choose_package(query, package_folders(request.kernel_path),
                       [&](const KernelPackage& package) {
                         opened->context = NpuRegistry::process().context(
                             device, package, request.timeout_ms, memory, request.retry_interval);
                       })
            .package.manifest;
    opened->check = std::make_unique<RowCheck>(opened->manifest);
    const auto together = static_cast<std::size_t>(opened->manifest.frames / kBatchFrames);
    make_runs(request.long_slots, signal);
    for (std::size_t slot = 0; slot + together <= runs_.size(); slot += together) {
      const auto first = runs_.begin() + static_cast<std::ptrdiff_t>(slot);
      opened->runs.push_back(
          std::make_shared<LongRun>(*opened->context, opened->manifest, signal,
                                    std::vector<std::shared_ptr<NpuRun>>(
                                        first, first + static_cast<std::ptrdiff_t>(together))));
    }
    long_ = std::move(opened);
  } catch (const BackendError& error) {
    if (error.fault() != BackendFault::not_found) long_refusal_ = error.what();
  }
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

bool NpuEngine::load(const Batch& batch) {
  const NpuRun& run = *batch.run;
  const uint64_t begun = now_ns();
  auto* input = static_cast<int16_t*>(run.input());
  const int count = sample_count(batch.frames);
  const Slot& recorded = batch.as_recorded();
  const auto* samples = static_cast<const int16_t*>(recorded.samples);
  if (recorded.type == SampleType::f32) {
    if (!quantize(static_cast<const float*>(recorded.samples), count, quantized_.data()))
      return false;
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
  times_.convert += now_ns() - begun;
  return true;
}

bool NpuEngine::prepare(const NpuRun& run, const KernelManifest& manifest) {
  const uint64_t begun = now_ns();
  std::memset(run.output(), poison_byte(manifest.coding), manifest.output_bytes());
  times_.convert += now_ns() - begun;
  const NpumelXrtApi& api = run.core()->api;
  return sync(api.run_sync_input, run) && sync(api.run_sync_poison, run);
}

// Batches follow each other without a hole: what the end of one and the beginning of the next
// share is written twice.
bool NpuEngine::fill_long(std::span<Batch* const> batches) {
  const uint64_t begun = now_ns();
  LongRun& together = *batches.front()->long_run;
  auto* input = static_cast<int16_t*>(together.run().input());
  for (const Batch* batch : batches) {
    std::memcpy(input, contiguous(*batch),
                static_cast<size_t>(sample_count(kBatchFrames)) * sizeof *input);
    input += static_cast<ptrdiff_t>(kBatchFrames) * aie2::kHop;
  }
  together.fetched = false;
  times_.convert += now_ns() - begun;
  return prepare(together.run(), long_->manifest);
}

uint64_t NpuEngine::frame_ns() const noexcept { return context_->core()->run_ns / kBatchFrames; }

uint64_t NpuEngine::long_frame_ns() const noexcept {
  return long_ ? long_->context->core()->run_ns / static_cast<uint64_t>(long_->manifest.frames) : 0;
}

int NpuEngine::together(unsigned timeout_ms) noexcept {
  if (lists_.empty()) return 1;
  if (long_) {
    // It may take as much as a list of two.
    const uint64_t half_ns = long_->context->core()->run_ns / 2;
    const bool allowed = RunLists::depth_for(half_ns, timeout_ms) > 1;
    if (choice_.pays(frame_ns(), long_frame_ns(), allowed))
      return long_->manifest.frames / kBatchFrames;
  }
  return RunLists::depth_for(context_->core()->run_ns, timeout_ms);
}

NpuContext& NpuEngine::context(const Batch& batch) noexcept {
  return batch.long_run ? *long_->context : *context_;
}

const KernelManifest& NpuEngine::manifest(const Batch& batch) const noexcept {
  return batch.long_run ? long_->manifest : manifest_;
}

std::size_t NpuEngine::start(std::span<Batch* const> loaded, int depth, NpuSubmission terms) {
  std::size_t count = 1;
  while (count < loaded.size() && loaded[count]->position == loaded[0]->position + count) count++;
  count = std::min(count, static_cast<std::size_t>(depth));
  const std::span<Batch* const> together = loaded.first(count);
  const bool full = std::all_of(together.begin(), together.end(),
                                [](const Batch* batch) { return batch->frames == kBatchFrames; });
  if (long_ && full && count == static_cast<std::size_t>(long_->manifest.frames / kBatchFrames) &&
      loaded[0]->position % count == 0 && loaded[0]->position / count < long_->runs.size()) {
    for (Batch* batch : together) batch->long_run = long_->runs.at(loaded[0]->position / count);
    terms.job = loaded[0]->long_run;
    return fill_long(together) && long_->context->start(std::move(terms), reason_) ? count : 0;
  }
  terms.job = lists_.longest(loaded[0]->position, count);
  if (!terms.job) {
    terms.job = loaded[0]->run;
    count = 1;
  }
  for (const Batch* batch : loaded.first(count))
    if (!prepare(*batch->run, manifest_)) return 0;
  return context_->start(std::move(terms), reason_) ? count : 0;
}

// The samples as the device saw them, whatever the ABI.
const int16_t* NpuEngine::contiguous(const Batch& batch) {
  const Slot& recorded = batch.as_recorded();
  if (recorded.type == SampleType::s16) return static_cast<const int16_t*>(recorded.samples);
  if (manifest_.abi != 1) return static_cast<const int16_t*>(batch.run->input());
  // Later batches have been quantized since this one was started.
  quantize(static_cast<const float*>(recorded.samples), sample_count(batch.frames),
           quantized_.data());
  return quantized_.data();
}

/// From now on the run writes to other memory.
bool NpuEngine::hand_out(NpuRun& run, DeviceRows& sent) noexcept {
  DeviceRows output = outputs_->take(context_->core()->context);
  if (!output || !run.swap_output(*output)) return false;
  sent = std::move(output);
  return true;
}

NpuEngine::Finish NpuEngine::finish(const Batch& batch, bool full_check, LogType log,
                                    const RowSink& out, DeviceRows* sent) {
  LongRun* const together = batch.long_run.get();
  const NpuRun& run = together != nullptr ? together->run() : *batch.run;
  if ((together == nullptr || !together->fetched) && !sync(run.core()->api.run_sync_output, run))
    return {};
  if (together != nullptr) together->fetched = true;
  const uint64_t begun = now_ns();
  const void* codes = together != nullptr ? together->rows(*batch.run) : run.output();
  RowCheck& check = together != nullptr ? *long_->check : *check_;
  const KernelManifest& manifest = this->manifest(batch);
  const int mels = manifest.recipe.mels;
  const bool as_it_is = sent != nullptr && together == nullptr && lists_.empty() &&
                        batch.frames == kBatchFrames && are_as_sent(manifest.coding, log);
  const RowRange range = as_it_is
                             ? range_of_rows(codes, manifest.coding, mels, batch.frames)
                             : decode_rows(codes, manifest.coding, mels, batch.frames, log, out);
  Finish finished;
  finished.maximum = range.most * log_factor(log);
  const RowCheck::Rows rows{contiguous(batch), codes, batch.frames, range.most};
  const bool plausible = range.within(check.limits());
  finished.good = plausible && (full_check ? check.full(rows) : check.spot(rows));
  if (!finished.good) {
    finished.wrong_numbers = true;
    reason_ =
        "wrong numbers: " + (plausible ? check.mismatch() : "rows that the kernel did not write");
  } else if (as_it_is && !hand_out(*batch.run, *sent)) {
    decode_rows(codes, manifest.coding, mels, batch.frames, log, out);
  }
  times_.convert += now_ns() - begun;
  return finished;
}

bool NpuEngine::check_late(const NpuRun& run, int frames) {
  // The samples of ABI v1 are not contiguous in the device's buffer.
  if (manifest_.abi == 1) return true;
  if (!sync(run.core()->api.run_sync_output, run)) return false;
  late_rows_.resize(size_t{kBatchFrames} * static_cast<size_t>(manifest_.recipe.mels));
  const RowSink out{late_rows_.data(), ElementType::f32, manifest_.recipe.mels, 1};
  const RowRange range = decode_rows(run.output(), manifest_.coding, manifest_.recipe.mels, frames,
                                     LogType::log10, out);
  const RowCheck::Rows rows{static_cast<const int16_t*>(run.input()), run.output(), frames,
                            range.most};
  const bool plausible = range.within(check_->limits());
  if (plausible && check_->spot(rows)) return true;
  reason_ =
      "wrong numbers: " + (plausible ? check_->mismatch() : "rows that the kernel did not write");
  return false;
}

void NpuEngine::fail(const Batch& batch, RunOutcome outcome, const std::string& reason) {
  context(batch).fail(outcome, reason);
}

namespace {

const NpumelXrtApi* module_table() {
  const LoadedModule module = load_xrt_module();
  if (module.api == nullptr) throw BackendError(BackendFault::library_missing, module.reason);
  return module.api;
}

}  // namespace

std::shared_ptr<NpuDevice> open_device(const NpumelXrtApi* scripted, const std::string& device,
                                       std::chrono::milliseconds limit) {
  const auto opened = std::make_shared<std::promise<std::shared_ptr<NpuDevice>>>();
  const auto table = std::make_shared<std::atomic<const NpumelXrtApi*>>(nullptr);
  std::future<std::shared_ptr<NpuDevice>> result = opened->get_future();
  std::thread thread = start_thread([=] {
    try {
      *table = scripted != nullptr ? scripted : module_table();
      opened->set_value(NpuRegistry::process().device(*table->load(), device));
    } catch (...) {
      opened->set_exception(std::current_exception());
    }
  });
  if (result.wait_for(limit) == std::future_status::ready) {
    thread.join();
    return result.get();
  }
  if (const NpumelXrtApi* api = *table) api->guard_exit();
  thread.detach();
  return nullptr;
}

EngineOpener::EngineOpener(const EngineRequest& request,
                           const std::shared_ptr<StreamSignal>& signal)
    : signal_(signal), shared_(std::make_shared<Shared>()) {
  thread_ = start_thread([asked = request, signal, shared = shared_]() mutable {
    std::unique_ptr<NpuEngine> engine;
    std::optional<BackendError> error;
    try {
      if (asked.api == nullptr) asked.api = module_table();
      {
        const std::lock_guard lock(signal->mutex);
        shared->api = asked.api;
      }
      engine = std::make_unique<NpuEngine>(asked, signal);
    } catch (const BackendError& fault) {
      error = fault;
    } catch (const std::exception& other) {
      error = BackendError(BackendFault::failed, other.what());
    }
    {
      const std::lock_guard lock(signal->mutex);
      shared->engine = std::move(engine);
      shared->error = std::move(error);
      shared->done = true;
    }
    signal->changed.notify_all();
  });
}

EngineOpener::~EngineOpener() {
  if (done()) {
    thread_.join();
    if (shared_->engine) {
      const NpumelXrtApi& api = shared_->engine->device().api();
      release(std::move(shared_->engine), api);
    }
  } else {
    guard_exit();
    thread_.detach();
  }
}

// Nobody waits for it any longer, and the process may end at any time.
void EngineOpener::guard_exit() const {
  const NpumelXrtApi* api = nullptr;
  {
    const std::lock_guard lock(signal_->mutex);
    api = shared_->api;
  }
  if (api != nullptr) api->guard_exit();
}

bool EngineOpener::done() const {
  const std::lock_guard lock(signal_->mutex);
  return shared_->done;
}

bool EngineOpener::wait(NpuRun::Clock::time_point deadline) const {
  {
    std::unique_lock lock(signal_->mutex);
    signal_->changed.wait_until(lock, deadline,
                                [&] { return shared_->done || signal_->interrupted; });
    if (shared_->done) return true;
  }
  guard_exit();
  return false;
}

std::unique_ptr<NpuEngine> EngineOpener::take() {
  if (shared_->error) throw BackendError(*shared_->error);
  return std::move(shared_->engine);
}

}  // namespace npumel
