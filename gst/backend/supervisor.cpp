// SPDX-License-Identifier: LGPL-2.1-or-later
// Batches go to the NPU while the policy takes them, else to software.
#include "gst/backend/supervisor.h"

#include <algorithm>
#include <utility>

#include "gst/backend/batch_ring.h"
#include "gst/backend/policy/npu_policy.h"
#include "gst/backend/software_backend.h"

namespace npumel {
namespace {

int batch_capacity(const Recipe& recipe, int frames) {
  return (frames - 1) * recipe.hop_length + recipe.win_length;
}

/// Whether slots hold samples with pre-emphasis over the waveform.
bool is_emphasized(const Recipe& recipe) {
  return recipe.preemphasis != 0 && recipe.preemphasis_mode == PreemphasisMode::waveform;
}

}  // namespace

struct Supervisor::Impl {
  explicit Impl(const NpumelXrtApi* table) : scripted(table) {}

  const NpumelXrtApi* const scripted;
  StatsRecorder stats;
  const std::shared_ptr<StreamSignal> signal = std::make_shared<StreamSignal>();
  std::unique_ptr<NpuPolicy> npu;  ///< none with BackendChoice::software
  BackendConfig config;
  std::unique_ptr<SoftwareBackend> software;
  BatchRing ring;
  bool possible = false;  ///< that batches go to the NPU, now or later

  NpuPolicy& policy() {
    if (!npu) npu = std::make_unique<NpuPolicy>(scripted, signal, stats);
    return *npu;
  }

  void grow() noexcept {
    try {
      const int slots = npu->grow();
      if (slots > 0) ring.grow(slots - 1);
    } catch (const std::exception& error) {
      stats.log(LogLevel::warning, error.what());
    }
  }

  Collected compute(const Batch& batch, const RowSink& out) {
    const uint64_t begun = now_ns();
    Collected collected;
    collected.maximum = software->compute(batch.slot.samples, batch.slot.type, batch.frames, out);
    collected.backend = "software";
    stats.count_software(batch.number, batch.frames, now_ns() - begun);
    return collected;
  }
};

Supervisor::Supervisor() : impl_(std::make_unique<Impl>(nullptr)) {}
Supervisor::Supervisor(const NpumelXrtApi& scripted) : impl_(std::make_unique<Impl>(&scripted)) {}
Supervisor::~Supervisor() { close(); }

void Supervisor::set_logger(BackendLogger* logger) noexcept { impl_->stats.set_logger(logger); }

void Supervisor::open(BackendChoice choice, const std::string& device) {
  impl_->stats.begin();
  if (choice == BackendChoice::software)
    impl_->npu.reset();
  else
    impl_->policy().look(choice, device);
}

void Supervisor::configure(const BackendConfig& config) {
  Impl& self = *impl_;
  auto software = std::make_unique<SoftwareBackend>(config.recipe, config.rows_per_call);
  discard();
  self.ring.clear();
  self.config = config;
  self.software = std::move(software);
  self.stats.begin();
  self.possible = false;
  if (config.choice == BackendChoice::software) {
    self.npu.reset();
    const char* reason = "backend=software was asked for";
    self.stats.set_npu(false, reason);
    self.stats.change("software", reason, 0, -1, false);
  } else {
    self.possible = self.policy().configure(config);
  }
  const int frames = max_frames();
  const int capacity = batch_capacity(config.recipe, frames);
  BatchRing::Memory memory{config.type, capacity};
  if (self.possible && is_emphasized(config.recipe)) memory.raw = config.raw_type;
  self.ring.reset(self.possible ? batch_slots(config) - 1 : 1, memory);
  self.stats.set_sizes(
      static_cast<uint64_t>(capacity) * size_of(config.type),
      static_cast<uint64_t>(frames) * static_cast<uint64_t>(config.recipe.width()) * sizeof(float));
  if (self.npu) self.npu->report_sizes();
}

// The ring lets go of its runs first: the last to hold them destroys them, which calls the driver.
void Supervisor::close() noexcept {
  discard();
  impl_->ring.clear();
  impl_->npu.reset();
  impl_->software.reset();
}

Slot* Supervisor::begin() noexcept {
  Impl& self = *impl_;
  if (self.ring.depth() == 0 || self.ring.full()) return nullptr;
  if (self.npu && !self.ring.next().begun && self.npu->may_grow()) {
    if (self.ring.in_flight() > 0) return nullptr;
    self.grow();
  }
  Batch& batch = self.ring.next();
  if (!batch.begun && self.npu) {
    self.npu->adopt(self.ring.next_number());
    self.npu->attach(batch);
  }
  batch.begun = true;
  return &batch.slot;
}

void Supervisor::submit(Slot&, int frames, bool more) {
  Impl& self = *impl_;
  Batch& batch = self.ring.next();
  self.ring.push(frames);
  if (self.npu) self.npu->start(batch, more && self.config.backlog);
}

int Supervisor::in_flight() const noexcept { return impl_->ring.in_flight(); }
int Supervisor::depth() const noexcept { return impl_->ring.depth(); }

int Supervisor::ahead() const noexcept {
  return std::min(impl_->config.in_flight, impl_->ring.depth());
}

bool Supervisor::ready() const noexcept {
  return impl_->ring.in_flight() > 0 &&
         !(impl_->npu && impl_->npu->must_wait(impl_->ring.oldest()));
}

Supervisor::Collected Supervisor::collect(const RowSink& out, DeviceRows* sent) {
  Impl& self = *impl_;
  Batch& batch = self.ring.oldest();
  Collected collected;
  collected.interrupted = self.signal->is_interrupted();
  if (collected.interrupted) return collected;
  NpuPolicy::Result result;
  if (self.npu) result = self.npu->finish(batch, out, sent);
  switch (result.state) {
    case NpuPolicy::Result::State::interrupted:
      collected.interrupted = true;
      return collected;
    case NpuPolicy::Result::State::good:
      collected.maximum = result.maximum;
      collected.backend = "npu";
      break;
    case NpuPolicy::Result::State::none:
      collected = self.compute(batch, out);
      break;
  }
  self.ring.pop();
  return collected;
}

void Supervisor::discard() noexcept {
  if (impl_->npu) impl_->npu->discard();
  while (impl_->ring.in_flight() > 0) {
    if (impl_->npu) impl_->npu->withdraw(impl_->ring.oldest());
    impl_->ring.pop();
  }
}

void Supervisor::interrupt() noexcept { impl_->signal->interrupt(); }
void Supervisor::resume() noexcept { impl_->signal->resume(); }

bool Supervisor::may_fill_batches() const noexcept {
  return impl_->config.backlog && impl_->possible;
}

int Supervisor::max_frames() const noexcept {
  const BackendConfig& config = impl_->config;
  return impl_->possible ? config.max_frames
                         : std::min(config.max_frames, config.max_software_frames);
}

bool Supervisor::fills_batches() const noexcept {
  return impl_->config.backlog && impl_->npu && impl_->npu->in_use();
}

const char* Supervisor::active() const noexcept { return impl_->stats.active(); }
BackendStats Supervisor::stats() const { return impl_->stats.stats(); }
std::vector<BackendNotice> Supervisor::take_notices() { return impl_->stats.take_notices(); }

}  // namespace npumel
