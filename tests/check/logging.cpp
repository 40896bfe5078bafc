// SPDX-License-Identifier: LGPL-2.1-or-later
// From the log alone one can tell what computed which batch, why, and where time was inserted.
#include <mutex>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

/// Lines of the category npumelspec while it lives; also of npumelspec-backend if asked for.
class Log {
 public:
  explicit Log(GstDebugLevel level, bool with_backend = false) : with_backend_(with_backend) {
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(add, this, nullptr);
    gst_debug_set_active(TRUE);
    gst_debug_set_threshold_for_name("npumelspec", level);
    if (with_backend) gst_debug_set_threshold_for_name("npumelspec-backend", level);
  }
  ~Log() {
    gst_debug_set_threshold_for_name("npumelspec", GST_LEVEL_NONE);
    gst_debug_set_threshold_for_name("npumelspec-backend", GST_LEVEL_NONE);
    gst_debug_remove_log_function_by_data(this);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Lines of a level that contain all of `parts`.
  int count(GstDebugLevel level, std::initializer_list<const char*> parts) const {
    const std::lock_guard lock(mutex_);
    int found = 0;
    for (const auto& [its_level, text] : lines_) {
      bool all = its_level == level;
      for (const char* part : parts) all = all && text.find(part) != std::string::npos;
      found += all ? 1 : 0;
    }
    return found;
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return lines_.size();
  }

 private:
  static void add(GstDebugCategory* category, GstDebugLevel level, const gchar* /*file*/,
                  const gchar* /*function*/, gint /*line*/, GObject* /*object*/,
                  GstDebugMessage* message, gpointer log) {
    auto* self = static_cast<Log*>(log);
    const gchar* name = gst_debug_category_get_name(category);
    if (!g_str_equal(name, "npumelspec") &&
        !(self->with_backend_ && g_str_equal(name, "npumelspec-backend")))
      return;
    const std::lock_guard lock(self->mutex_);
    self->lines_.emplace_back(level, gst_debug_message_get(message));
  }

  bool with_backend_;
  mutable std::mutex mutex_;
  std::vector<std::pair<GstDebugLevel, std::string>> lines_;
};

}  // namespace

CHECK_TEST(every_batch_and_buffer_is_in_the_log) {
  const Log log(GST_LEVEL_LOG);
  MelStream stream("backend=software frames=100");
  run(stream, audio(250 * 160));
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"batch 0: frames 0 to 99 computed by software"}), 1);
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"batch 1: frames 100 to 199 computed by software"}), 1);
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"batch 2: frames 200 to 249 computed by software"}), 1);
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"batch ", " submitted"}), 3);
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"buffer 0: frames 0 to 99 (100 valid) at 0:00:00.0",
                                         "for 0:00:01.0", "by software, discont"}),
               1);
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"buffer 1: frames 100 to 199", "at 0:00:01.0"}), 1);
  ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {"buffer ", "frames "}), 3);
  ASSERT_EQUAL(log.count(GST_LEVEL_DEBUG, {"ends after 40000 samples"}), 1);
  ASSERT_EQUAL(log.count(GST_LEVEL_INFO, {"negotiated ", "audio/x-raw", "audio/x-mel-spec"}), 1);
  ASSERT_EQUAL(log.count(GST_LEVEL_INFO, {"buffers of up to 32000 bytes come from"}), 1);
}

CHECK_TEST(the_log_says_why_a_backend_is_active) {
  const Log log(GST_LEVEL_INFO);
  MelStream stream("backend=auto");
  run(stream, audio(32000));
  const Owned<GstStructure> stats = stream.stats();
  const char* reason = gst_structure_get_string(stats.get(), "npu-reason");
  fail_unless(reason != nullptr && *reason != '\0');
  ASSERT_EQUAL(log.count(GST_LEVEL_INFO, {"backend software from batch 0 on: ", reason}), 1);
}

CHECK_TEST(the_reason_for_a_backend_is_logged_once) {
  for (const char* backend : {"auto", "software"}) {
    const Log log(GST_LEVEL_LOG, true);
    MelStream stream(std::string("frames=10 backend=") + backend);
    run(stream, audio(32000));
    const Owned<GstStructure> stats = stream.stats();
    const char* reason = gst_structure_get_string(stats.get(), "npu-reason");
    ASSERT_EQUAL(log.count(GST_LEVEL_INFO, {reason}), 1);
    ASSERT_EQUAL(log.count(GST_LEVEL_LOG, {reason}), 0);
  }
}

CHECK_TEST(inserted_time_is_in_the_log) {
  const Log log(GST_LEVEL_DEBUG);
  MelStream stream("backend=software");
  stream.push(audio(16000), 0);
  stream.push(audio(16000), GST_SECOND + 500 * GST_MSECOND);  // half a second is missing
  stream.eos();
  ASSERT_EQUAL(log.count(GST_LEVEL_DEBUG, {"8000 samples of silence inserted at 0:00:01.000"}), 1);
  ASSERT_EQUAL(stream.stat("samples-inserted"), 8000);
}

CHECK_TEST(nothing_is_logged_below_the_threshold) {
  const Log log(GST_LEVEL_WARNING);
  // However slow the machine: lateness would be a warning.
  MelStream stream("processing-latency=60000000000 backend=software");
  run(stream, audio(32000));
  ASSERT_EQUAL(log.size(), 0U);
}
