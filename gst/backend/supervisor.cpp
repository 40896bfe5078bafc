#include "gst/backend/supervisor.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "gst/backend/batch_ring.h"
#include "gst/backend/npu_probe.h"
#include "gst/backend/software_backend.h"

namespace npumel {
namespace {

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

int batch_capacity(const Recipe& recipe, int frames) {
  return (frames - 1) * recipe.hop_length + recipe.win_length;
}

}  // namespace

struct Supervisor::Impl {
  SupervisorConfig config;
  std::unique_ptr<SoftwareBackend> software;
  BatchRing ring;
  std::optional<Absence> absence;

  mutable std::mutex mutex;  ///< guards what follows
  SupervisorStats stats;
  std::vector<BackendNotice> notices;

  void note_start(const std::string& reason) {
    const std::lock_guard lock(mutex);
    stats = {};
    stats.npu_reason = reason;
    stats.input_buffer_size =
        static_cast<uint64_t>(ring.next().slot.capacity) * size_of(ring.next().slot.type);
    stats.output_buffer_size = static_cast<uint64_t>(config.max_frames) *
                               static_cast<uint64_t>(config.recipe.mels) * sizeof(float);
    notices.push_back(BackendNotice{"software", "", reason, 0, false});
  }
};

Supervisor::Supervisor() : impl_(std::make_unique<Impl>()) {}
Supervisor::~Supervisor() = default;

void Supervisor::open(BackendChoice choice, const std::string& device,
                      const std::string& kernel_path) {
  impl_->config.choice = choice;
  impl_->config.device = device;
  impl_->config.kernel_path = kernel_path;
  impl_->absence.reset();
  if (choice == BackendChoice::software) return;
  impl_->absence = npu_absence();
  if (!impl_->absence)
    impl_->absence = Absence{BackendFault::library_missing, "the XRT module is not installed"};
  if (choice == BackendChoice::npu)
    throw BackendError(impl_->absence->fault, impl_->absence->reason);
}

void Supervisor::configure(const SupervisorConfig& config) {
  Impl& self = *impl_;
  auto software = std::make_unique<SoftwareBackend>(config.recipe);
  self.ring.reset(1, config.type, batch_capacity(config.recipe, config.max_frames));
  self.software = std::move(software);
  self.config = config;
  if (config.choice == BackendChoice::software) {
    self.note_start("backend=software was asked for");
    return;
  }
  if (!self.absence) open(config.choice, config.device, config.kernel_path);
  self.note_start(self.absence->reason);
}

void Supervisor::close() noexcept {
  impl_->ring.clear();
  impl_->software.reset();
  impl_->absence.reset();
}

Slot* Supervisor::begin() noexcept {
  return impl_->ring.full() ? nullptr : &impl_->ring.next().slot;
}

void Supervisor::submit(Slot&, int frames) { impl_->ring.push(frames); }

int Supervisor::in_flight() const noexcept { return impl_->ring.in_flight(); }
int Supervisor::depth() const noexcept { return impl_->ring.depth(); }
bool Supervisor::ready() const noexcept { return impl_->ring.in_flight() > 0; }

Supervisor::Collected Supervisor::collect(const RowSink& out) {
  Impl& self = *impl_;
  const Batch& batch = self.ring.oldest();
  const uint64_t started = now_ns();
  Collected collected;
  collected.maximum =
      self.software->compute(batch.slot.samples, batch.slot.type, batch.frames, out);
  collected.backend = "software";
  self.ring.pop();
  const std::lock_guard lock(self.mutex);
  self.stats.batches++;
  self.stats.software_batches++;
  self.stats.software_time += now_ns() - started;
  return collected;
}

void Supervisor::discard() noexcept {
  while (impl_->ring.in_flight() > 0) impl_->ring.pop();
}

void Supervisor::interrupt() noexcept {}
void Supervisor::resume() noexcept {}

const char* Supervisor::active() const noexcept { return "software"; }

SupervisorStats Supervisor::stats() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stats;
}

std::vector<BackendNotice> Supervisor::take_notices() {
  const std::lock_guard lock(impl_->mutex);
  return std::exchange(impl_->notices, {});
}

}  // namespace npumel
