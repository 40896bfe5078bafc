// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes become caps, buffers, events and answers of downstream for npyenc. Whatever comes, the file
// is an array of exactly the rows that were taken, or none that NumPy reads.
#include "tests/check/npy_file.h"
#include "tests/fuzz/sink_session.h"
#include "tests/fuzz/target.h"

using namespace npumel;
using namespace npumel::fuzz;

namespace {

class Session {
 public:
  explicit Session(Bytes& bytes)
      : bytes_(bytes),
        harness_(gst_harness_new_parse(bytes.byte() % 2 ? "npyenc mode=stack" : "npyenc")),
        bus_(harness_) {
    seekable_ = bytes.byte() % 8 != 0;
    harness_->sinkpad->chaindata = this;
    gst_pad_set_chain_function(harness_->sinkpad, chain);
    g_object_set_data(G_OBJECT(harness_->sinkpad), "session", this);
    gst_pad_set_query_function(harness_->sinkpad, query);
    gst_pad_set_event_function(harness_->sinkpad, event);
    gst_pad_push_event(harness_->srcpad, gst_event_new_stream_start("fuzz"));
  }

  void step() {
    switch (bytes_.byte() % 12) {
      case 0:
      case 1: {
        const check::Caps caps(pick_mel_caps(bytes_));
        gst_pad_push_event(harness_->srcpad, gst_event_new_caps(caps.get()));
        gst_pad_push_event(harness_->srcpad, pick_segment(bytes_));
        break;
      }
      case 2:
        gst_pad_push_event(harness_->srcpad, pick_segment(bytes_));
        break;
      case 3:
        gst_pad_push_event(harness_->srcpad,
                           gst_event_new_gap(bytes_.pick(kTimes) / 2, pick_time(bytes_)));
        break;
      case 4:
        flow_ = bytes_.pick(kFlows);
        break;
      case 5:
        gst_pad_push_event(harness_->srcpad, gst_event_new_flush_start());
        gst_pad_push_event(harness_->srcpad, gst_event_new_flush_stop(TRUE));
        gst_pad_push_event(harness_->srcpad, pick_segment(bytes_));
        break;
      case 6:
        ask();
        break;
      case 7: {
        const check::Caps caps(pick_mel_caps(bytes_));
        fail_allocation(bytes_.byte() % 32);
        gst_pad_push_event(harness_->srcpad, gst_event_new_caps(caps.get()));
        fail_allocation(0);
        gst_pad_push_event(harness_->srcpad, pick_segment(bytes_));
        break;
      }
      default:
        push();
        break;
    }
  }

  void finish() {
    if (bytes_.byte() % 2) {
      gst_pad_push_event(harness_->srcpad, gst_event_new_eos());
      const bool failed = static_cast<bool>(bus_.pop(GST_MESSAGE_ERROR));
      if (!failed && flow_ == GST_FLOW_OK && !refused_) demand(is_array(), "a whole file at EOS");
    } else {
      gst_element_set_state(harness_->element, GST_STATE_READY);
    }
    if (is_array()) check_array();
    gst_element_set_state(harness_->element, GST_STATE_NULL);
  }

 private:
  static Session& of(GstPad* pad) {
    return *static_cast<Session*>(g_object_get_data(G_OBJECT(pad), "session"));
  }

  static GstFlowReturn chain(GstPad* pad, GstObject*, GstBuffer* buffer) {
    fail_allocation(0);  // from here on it is the test that allocates
    Session& self = of(pad);
    const check::Buffer owned(buffer);
    if (self.flow_ != GST_FLOW_OK) return self.flow_;
    const gsize size = gst_buffer_get_size(buffer);
    demand(GST_BUFFER_OFFSET(buffer) == self.position_, "the offset is where the bytes go");
    if (self.file_.size() < self.position_ + size) self.file_.resize(self.position_ + size);
    gst_buffer_extract(buffer, 0, self.file_.data() + self.position_, size);
    self.position_ += size;
    return GST_FLOW_OK;
  }

  static gboolean event(GstPad* pad, GstObject*, GstEvent* event) {
    fail_allocation(0);
    Session& self = of(pad);
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      const GstSegment* segment = nullptr;
      gst_event_parse_segment(event, &segment);
      demand(segment->format == GST_FORMAT_BYTES, "a segment in bytes");
      self.position_ = segment->start;
    }
    demand(GST_EVENT_TYPE(event) != GST_EVENT_GAP, "no gaps in a file");
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
      self.file_.clear();
      self.taken_.clear();
      self.position_ = 0;
    }
    gst_event_unref(event);
    return TRUE;
  }

  static gboolean query(GstPad* pad, GstObject* parent, GstQuery* asked) {
    if (GST_QUERY_TYPE(asked) != GST_QUERY_SEEKING)
      return gst_pad_query_default(pad, parent, asked);
    gst_query_set_seeking(asked, GST_FORMAT_BYTES, of(pad).seekable_, 0, -1);
    return TRUE;
  }

  void push() {
    GstBuffer* buffer = pick_buffer(bytes_);
    std::string data(gst_buffer_get_size(buffer), '\0');
    gst_buffer_extract(buffer, 0, data.data(), data.size());
    const GstFlowReturn flow = gst_pad_push(harness_->srcpad, buffer);
    if (flow == GST_FLOW_OK)
      taken_ += data;
    else
      refused_ = true;
  }

  void ask() {
    constexpr GstFormat kFormats[] = {GST_FORMAT_BYTES, GST_FORMAT_TIME, GST_FORMAT_DEFAULT};
    const GstFormat format = bytes_.pick(kFormats);
    gint64 position = -1;
    if (gst_pad_peer_query_position(harness_->sinkpad, format, &position) &&
        format == GST_FORMAT_BYTES)
      demand(position >= 0, "a position");
    gst_pad_peer_query_duration(harness_->sinkpad, format, &position);
    gst_pad_push_event(harness_->sinkpad,
                       gst_event_new_seek(1.0, format, GST_SEEK_FLAG_NONE, GST_SEEK_TYPE_SET, 0,
                                          GST_SEEK_TYPE_NONE, 0));
  }

  bool is_array() const { return file_.substr(0, 128).find("'shape'") != std::string::npos; }

  void check_array() const {
    const check::NpyFile array = check::parse_npy(file_);
    const uint64_t item = array.descr == "<f2" ? 2 : 4;
    demand(array.count() * item == taken_.size(), "the shape of what was taken");
    demand(array.data.substr(0, taken_.size()) == taken_, "the bytes of what was taken");
  }

  Bytes& bytes_;
  check::Harness harness_;
  check::BusWatch bus_;
  bool seekable_ = true;
  bool refused_ = false;
  GstFlowReturn flow_ = GST_FLOW_OK;
  uint64_t position_ = 0;
  std::string file_;
  std::string taken_;  ///< since the last flush
};

}  // namespace

const GLogLevelFlags fuzz::kFatalLevels = G_LOG_LEVEL_CRITICAL;

void fuzz::play(Bytes& bytes) {
  Session session(bytes);
  play_session(session, bytes);
}
