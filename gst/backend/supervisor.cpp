// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/supervisor.h"

#include <algorithm>
#include <utility>

#include "gst/backend/batch_ring.h"
#include "gst/backend/npu_service.h"
#include "gst/backend/software_backend.h"

namespace npumel {
namespace {

int batch_capacity(const Recipe& recipe, int frames) {
  return (frames - 1) * recipe.hop_length + recipe.win_length;
}

}  // namespace

struct Supervisor::Impl {
  explicit Impl(const NpumelXrtApi* scripted) : npu(scripted, journal) {}

  Journal journal;
  NpuService npu;
  SupervisorConfig config;
  std::unique_ptr<SoftwareBackend> software;
  BatchRing ring;

  Collected compute(const Batch& batch, const RowSink& out) {
    const uint64_t begun = now_ns();
    Collected collected;
    collected.maximum = software->compute(batch.slot.samples, batch.slot.type, batch.frames, out);
    collected.backend = "software";
    journal.count_software(now_ns() - begun);
    return collected;
  }
};

Supervisor::Supervisor() : impl_(std::make_unique<Impl>(nullptr)) {}
Supervisor::Supervisor(const NpumelXrtApi& scripted) : impl_(std::make_unique<Impl>(&scripted)) {}
Supervisor::~Supervisor() = default;

void Supervisor::open(BackendChoice choice, const std::string& device,
                      const std::string& kernel_path) {
  static_cast<void>(kernel_path);  // packages are chosen by recipe, which configure() knows
  impl_->journal.begin();
  impl_->npu.look(choice, device);
}

void Supervisor::configure(const SupervisorConfig& config) {
  Impl& self = *impl_;
  auto software = std::make_unique<SoftwareBackend>(config.recipe, config.rows_per_call);
  self.config = config;
  self.software = std::move(software);
  self.journal.begin();
  const bool possible = self.npu.configure(config);
  self.ring.reset(possible ? batch_slots(config) - 1 : 1, config.type,
                  batch_capacity(config.recipe, config.max_frames));
  self.journal.set_sizes(static_cast<uint64_t>(batch_capacity(config.recipe, config.max_frames)) *
                             size_of(config.type),
                         static_cast<uint64_t>(config.max_frames) *
                             static_cast<uint64_t>(config.recipe.mels) * sizeof(float));
  self.npu.report_sizes();
}

void Supervisor::close() noexcept {
  impl_->npu.close();
  impl_->ring.clear();
  impl_->software.reset();
}

Slot* Supervisor::begin() noexcept {
  Impl& self = *impl_;
  if (self.ring.depth() == 0 || self.ring.full()) return nullptr;
  Batch& batch = self.ring.next();
  if (!batch.begun) {
    self.npu.adopt(self.ring.next_number());
    self.npu.attach(batch);
    batch.begun = true;
  }
  return &batch.slot;
}

void Supervisor::submit(Slot&, int frames, bool more) {
  Impl& self = *impl_;
  Batch& batch = self.ring.next();
  self.ring.push(frames);
  self.npu.start(batch, more && self.config.backlog);
}

int Supervisor::in_flight() const noexcept { return impl_->ring.in_flight(); }
int Supervisor::depth() const noexcept { return impl_->ring.depth(); }

int Supervisor::ahead() const noexcept {
  return std::min(impl_->config.in_flight, impl_->ring.depth());
}

bool Supervisor::ready() const noexcept {
  return impl_->ring.in_flight() > 0 && !impl_->npu.must_wait(impl_->ring.oldest());
}

Supervisor::Collected Supervisor::collect(const RowSink& out) {
  Impl& self = *impl_;
  Batch& batch = self.ring.oldest();
  Collected collected;
  switch (const NpuService::Result result = self.npu.finish(batch, out); result.state) {
    case NpuService::Result::State::interrupted:
      collected.interrupted = true;
      return collected;
    case NpuService::Result::State::good:
      collected.maximum = result.maximum;
      collected.backend = "npu";
      break;
    case NpuService::Result::State::none:
      collected = self.compute(batch, out);
      break;
  }
  self.ring.pop();
  return collected;
}

void Supervisor::discard() noexcept {
  impl_->npu.discard();
  while (impl_->ring.in_flight() > 0) impl_->ring.pop();
}

void Supervisor::interrupt() noexcept { impl_->npu.signal().interrupt(); }
void Supervisor::resume() noexcept { impl_->npu.signal().resume(); }

const char* Supervisor::active() const noexcept { return impl_->journal.active(); }
SupervisorStats Supervisor::stats() const { return impl_->journal.stats(); }
std::vector<BackendNotice> Supervisor::take_notices() { return impl_->journal.take_notices(); }

}  // namespace npumel
