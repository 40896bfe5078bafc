// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows that the NPU gives as float32 (ABI v3): the same as those of ABI v2, and, where nothing has
// to be done to them, in the memory that the NPU wrote them to.
#include <fcntl.h>
#include <gst/allocators/allocators.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "gst/npumelspec/npumelspec.h"
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr size_t kBatches = 12;

std::vector<float> rows_of(const std::string& package, const std::string& properties,
                           const Feed& feed) {
  const Result result =
      run_stream("backend=npu preset=whisper80 eos-mode=short " + properties + kernel_path(package),
                 check::audio(kBatches * kBatchSamples + 400), feed);
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  fail_unless(result.npu_batches >= kBatches, "%s", result.reason.c_str());
  return result.rows;
}

CHECK_TEST(rows_are_those_of_abi_v2_whatever_is_done_to_them) {
  const Feed file{.live = false, .chunk = 10 * kBatchSamples};
  struct Case {
    const char* properties;
    Feed feed;
  };
  for (const auto& [properties, feed] :
       {Case{"frames=100", {}}, Case{"frames=100", file}, Case{"frames=10", {}},
        Case{"frames=250 stride=50", file}, Case{"frames=0", file}, Case{"layout=mel-major", {}},
        Case{"format=F16LE", {}}, Case{"log=ln", {}}, Case{"normalize=buffer", {}}}) {
    const auto floats = rows_of("v3-80", properties, feed);
    const auto codes = rows_of("v2-80", properties, feed);
    fail_unless(floats.size() == codes.size() && !codes.empty());
    for (size_t i = 0; i < codes.size(); ++i)
      fail_unless(std::memcmp(&floats[i], &codes[i], sizeof(float)) == 0,
                  "%s: value %zu is %g, of ABI v2 %g", properties, i,
                  static_cast<double>(floats[i]), static_cast<double>(codes[i]));
  }
}

/// The units of NeMo's rows are natural logarithms, rounded to 2^-17.
CHECK_TEST(natural_logarithms_are_those_of_abi_v2) {
  const auto samples = check::audio(5 * kBatchSamples);
  const std::string properties = "backend=npu preset=nemo80";
  const Result floats = run_stream(properties + kernel_path("v3-nemo80"), samples);
  const Result codes = run_stream(properties + kernel_path("v2-nemo80"), samples);
  fail_unless(floats.npu_batches == codes.npu_batches && floats.npu_batches >= 4);
  fail_unless(floats.rows.size() == codes.rows.size());
  for (size_t i = 0; i < codes.rows.size(); ++i)
    fail_unless(
        std::abs(static_cast<double>(floats.rows[i]) - static_cast<double>(codes.rows[i])) < 8e-6,
        "value %zu", i);
}

CHECK_TEST(runs_of_1000_frames_give_the_same_rows) {
  const Feed file{.live = false, .chunk = 40 * kBatchSamples};
  const std::string both = "v3-80:" + std::string(TEST_PACKAGES) + "/v3-80-1000";
  const auto samples = check::audio(60 * kBatchSamples);
  const std::string properties = "backend=npu preset=whisper80 frames=3000 eos-mode=short";
  const Result long_runs = run_stream(properties + kernel_path(both), samples, file);
  const Result codes = run_stream(properties + kernel_path("v2-80"), samples, file);
  fail_unless(long_runs.error.code < 0, "%s", long_runs.error.text.c_str());
  fail_unless(long_runs.rows == codes.rows);
}

/// The name of the mapping that an address lies in.
std::string mapping_of(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2 && begin <= wanted && wanted < end)
      return line;
  }
  return "";
}

/// Buffers that somebody downstream keeps.
class Kept {
 public:
  explicit Kept(MelStream& stream, size_t most) : most_(most) {
    probe_ = gst_pad_add_probe(stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, keep, this,
                               nullptr);
    pad_ = GST_PAD(gst_object_ref(stream.harness()->sinkpad));
  }
  ~Kept() {
    stop();
    release();
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  void stop() {
    if (pad_ == nullptr) return;
    gst_pad_remove_probe(pad_, probe_);
    gst_object_unref(pad_);
    pad_ = nullptr;
  }
  void release() {
    for (GstBuffer* buffer : buffers_) gst_buffer_unref(buffer);
    buffers_.clear();
  }
  const std::vector<GstBuffer*>& buffers() const { return buffers_; }

 private:
  static GstPadProbeReturn keep(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto& kept = *static_cast<Kept*>(data);
    if (kept.buffers_.size() < kept.most_)
      kept.buffers_.push_back(gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info)));
    return GST_PAD_PROBE_OK;
  }

  size_t most_;
  gulong probe_ = 0;
  GstPad* pad_ = nullptr;
  std::vector<GstBuffer*> buffers_;
};

bool in_device_memory(GstBuffer* buffer) {
  GstMapInfo map;
  fail_unless(gst_buffer_map(buffer, &map, GST_MAP_READ));
  const std::string mapping = mapping_of(map.data);
  gst_buffer_unmap(buffer, &map);
  return mapping.find("emulated-npu") != std::string::npos;
}

void push_batches(MelStream& stream, const std::vector<int16_t>& samples, size_t first,
                  size_t count) {
  for (size_t batch = first; batch < first + count; ++batch)
    ASSERT_EQUAL(stream.push(std::span(samples).subspan(batch * kBatchSamples, kBatchSamples),
                             check::time_of(batch * kBatchSamples)),
                 GST_FLOW_OK);
}

std::string float_stream(const std::string& path) {
  return "backend=auto preset=whisper80 processing-latency=20000000000 "
         "retry-interval=3600000000000" +
         path;
}

/// The descriptor of a buffer's dma-buf; -1: none.
int dma_buf_of(GstBuffer* buffer) {
  GstMemory* memory = gst_buffer_peek_memory(buffer, 0);
  return GPOINTER_TO_INT(gst_mini_object_get_qdata(
             GST_MINI_OBJECT_CAST(memory), g_quark_from_static_string(NPU_MEL_QDATA_DMABUF))) -
         1;
}

CHECK_TEST(buffers_are_the_memory_that_the_npu_wrote_to) {
  Emulation::set("dma-buf", 0);
  const auto samples = check::audio(12 * kBatchSamples);
  MelStream stream(float_stream(kernel_path("v3-80")));
  Kept kept(stream, 4);
  push_batches(stream, samples, 0, 12);
  ASSERT_EQUAL(stream.stat("npu-direct-batches"), stream.stat("npu-batches"));
  fail_unless(stream.stat("npu-batches") >= 10);
  ASSERT_EQUAL(kept.buffers().size(), size_t{4});
  for (GstBuffer* buffer : kept.buffers()) {
    fail_unless(in_device_memory(buffer));
    ASSERT_EQUAL(gst_buffer_n_memory(buffer), 1U);
    ASSERT_EQUAL(gst_buffer_get_size(buffer), gsize{32000});
    fail_unless(dma_buf_of(buffer) == -1, "a driver that exports nothing");
  }
}

/// As an element downstream imports it, which maps it for itself.
class Imported {
 public:
  explicit Imported(int dma_buf)
      : allocator_(gst_dmabuf_allocator_new()),
        memory_(gst_dmabuf_allocator_alloc(allocator_, dup(dma_buf), 32000)) {
    fail_unless(memory_ != nullptr && gst_is_dmabuf_memory(memory_));
    fail_unless(gst_memory_map(memory_, &map_, GST_MAP_READ));
  }
  ~Imported() {
    gst_memory_unmap(memory_, &map_);
    gst_memory_unref(memory_);
    gst_object_unref(allocator_);
  }
  Imported(const Imported&) = delete;
  Imported& operator=(const Imported&) = delete;

  const guint8* rows() const { return map_.data; }

 private:
  GstAllocator* allocator_;
  GstMemory* memory_;
  GstMapInfo map_{};
};

CHECK_TEST(a_dma_buf_has_the_rows_of_its_buffer) {
  const auto samples = check::audio(12 * kBatchSamples);
  std::vector<int> descriptors;
  {
    MelStream stream(float_stream(kernel_path("v3-80")));
    Kept kept(stream, 4);
    push_batches(stream, samples, 0, 12);
    ASSERT_EQUAL(kept.buffers().size(), size_t{4});
    for (GstBuffer* buffer : kept.buffers()) {
      const int dma_buf = dma_buf_of(buffer);
      fail_unless(dma_buf >= 0);
      fail_unless(std::find(descriptors.begin(), descriptors.end(), dma_buf) == descriptors.end());
      descriptors.push_back(dma_buf);
      fail_unless((fcntl(dma_buf, F_GETFD) & FD_CLOEXEC) != 0, "children would inherit it");
      const Imported imported(dma_buf);
      GstMapInfo map;
      // Others hold the buffer, too: mapped for writing it would get other memory.
      fail_unless(gst_buffer_map(buffer, &map, GST_MAP_READ));
      fail_unless(map.data != imported.rows(), "a mapping of its own");
      fail_unless(std::memcmp(map.data, imported.rows(), map.size) == 0);
      // The same memory, not a copy of it.
      map.data[17] ^= 0xff;
      fail_unless(std::memcmp(map.data, imported.rows(), map.size) == 0);
      gst_buffer_unmap(buffer, &map);
    }
  }
  wait_for_contexts(0);
  wait_for([] { return Emulation::counters().buffers_alive; }, 0);
  for (const int descriptor : descriptors)
    fail_unless(fcntl(descriptor, F_GETFD) == -1, "the descriptor goes with the memory");
}

CHECK_TEST(rows_are_sent_where_the_export_fails) {
  const auto samples = check::audio(6 * kBatchSamples);
  MelStream stream(float_stream(kernel_path("v3-80")));
  Emulation::set_faults("PRIME_HANDLE_TO_FD#1+=ENOMEM");
  Kept kept(stream, 3);
  push_batches(stream, samples, 0, 6);
  ASSERT_EQUAL(stream.stat("npu-direct-batches"), stream.stat("npu-batches"));
  ASSERT_EQUAL(stream.stat("fallbacks"), 0);
  for (GstBuffer* buffer : kept.buffers())
    fail_unless(in_device_memory(buffer) && dma_buf_of(buffer) == -1);
}

CHECK_TEST(who_offers_memory_of_his_own_gets_copies) {
  const auto samples = check::audio(5 * kBatchSamples);
  MelStream stream = MelStream::idle(float_stream(kernel_path("v3-80")));
  GstAllocationParams params;
  gst_allocation_params_init(&params);
  params.padding = 64;
  gst_harness_set_propose_allocator(stream.harness(), nullptr, &params);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  Kept kept(stream, 4);
  push_batches(stream, samples, 0, 5);
  ASSERT_EQUAL(stream.stat("npu-direct-batches"), 0);
  fail_unless(stream.stat("npu-batches") >= 4);
  for (GstBuffer* buffer : kept.buffers()) fail_if(in_device_memory(buffer));
}

CHECK_TEST(buffers_outlive_the_element_and_the_device) {
  const auto samples = check::audio(8 * kBatchSamples);
  std::vector<GstBuffer*> kept_buffers;
  std::vector<std::vector<uint8_t>> before;
  {
    MelStream stream(float_stream(kernel_path("v3-80")));
    Kept kept(stream, 6);
    push_batches(stream, samples, 0, 8);
    for (GstBuffer* buffer : kept.buffers()) kept_buffers.push_back(gst_buffer_ref(buffer));
    for (GstBuffer* buffer : kept_buffers) before.push_back(check::values_of<uint8_t>(buffer));
  }
  wait_for_contexts(0);
  // Six, and the heap of the device, which XRT keeps open for them.
  wait_for([] { return Emulation::counters().buffers_alive; }, 7);
  ASSERT_EQUAL(kept_buffers.size(), size_t{6});
  // Another stream works beside them.
  const Result other = run_stream("backend=npu preset=whisper80" + kernel_path("v3-80"), samples);
  fail_unless(other.error.code < 0, "%s", other.error.text.c_str());
  wait_for_contexts(0);
  for (size_t i = 0; i < kept_buffers.size(); ++i) {
    fail_unless(in_device_memory(kept_buffers[i]));
    fail_unless(check::values_of<uint8_t>(kept_buffers[i]) == before[i], "buffer %zu", i);
    gst_buffer_unref(kept_buffers[i]);
  }
  wait_for([] { return Emulation::counters().buffers_alive; }, 0);
}

CHECK_TEST(buffers_survive_faults_of_later_runs) {
  const auto samples = check::audio(12 * kBatchSamples);
  // A device that is lost stays so.
  for (const char* fault : {"RUN#1=zero", "RUN#1=error", "EXEC_CMD#1=EIO", "RUN#1=lost"}) {
    const OwnPackage package("v3-80");
    MelStream stream(float_stream(package.kernel_path()));
    Kept kept(stream, 5);
    push_batches(stream, samples, 0, 6);
    std::vector<std::vector<uint8_t>> before;
    for (GstBuffer* buffer : kept.buffers()) before.push_back(check::values_of<uint8_t>(buffer));
    const guint64 direct = stream.stat("npu-direct-batches");
    fail_unless(direct >= 5);
    Emulation::set_faults(fault);
    push_batches(stream, samples, 6, 6);
    Emulation::set_faults("");
    fail_unless(stream.stat("fallbacks") == 1, "%s", fault);
    for (size_t i = 0; i < before.size(); ++i)
      fail_unless(check::values_of<uint8_t>(kept.buffers()[i]) == before[i], "%s: buffer %zu",
                  fault, i);
    fail_unless(stream.frames() >= 1100, "%s: %d frames", fault, stream.frames());
  }
}

}  // namespace
