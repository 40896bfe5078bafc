// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of a stream: the right edge, the last buffer, tail silence.
#include <algorithm>

#include "gst/npumelspec/element.h"
#include "gst/npumelspec/errors.h"
#include "kernels/mel/framing.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {
namespace {

/// The shortest signal that has `frames` frames.
int64_t samples_for(const Recipe& recipe, int64_t frames) {
  int64_t low = 0;
  int64_t high = (frames + 1) * recipe.hop_length + recipe.win_length + recipe.n_fft;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (frame_count(recipe, middle) >= frames)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

bool Element::peer_takes(GstCaps* caps) const {
  return gst_pad_peer_query_accept_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), caps) != FALSE;
}

/// What tail-silence can change: rows of nothing but silence are all the same, so that one of them
/// is enough for a maximum.
int64_t Element::tail_samples() const {
  const Recipe& recipe = config_.backend.recipe;
  const int64_t enough =
      2 * (int64_t{recipe.win_length} + recipe.n_fft + framing(recipe).reach + recipe.hop_length);
  return std::min(timeline_.samples_in(active_.tail_silence), enough);
}

/// Decides how the stream ends. `length`: samples it is padded to with zeros. `eos`: nothing
/// follows in time, so that frames of tail silence have a place.
Ending Element::plan_ending(int64_t* length, bool eos) {
  const Recipe& recipe = config_.backend.recipe;
  const Shape& shape = stream_.shape();
  // Tail silence whose frames are kept is audio like any other.
  const bool keeps = eos && active_.tail_frames == TailFrames::keep;
  const int64_t kept = keeps ? timeline_.samples_in(active_.tail_silence) : 0;
  const int64_t samples = stream_.samples() + kept;
  const int64_t frames = frame_count(recipe, samples);
  Ending ending;
  *length = samples + (keeps ? 0 : tail_samples());
  if (shape.whole()) {
    const bool normalized = active_.normalize == NormalizeMode::buffer;
    const ClipShape clip = clip_shape(recipe, samples, normalized);
    *length = std::max(*length, clip.samples);
    ending.rows = clip.computed;
    ending.valid = std::min(clip.kept, frames);
    ending.dropped = clip.computed - clip.kept;
    ending.zero_rows = clip.zero_rows;
  } else {
    const int64_t next = shape.buffer_of(frames);  // the buffer that is not complete
    const int64_t covered = next == 0 ? 0 : shape.end(next - 1);
    const bool has_new = frames > covered;
    ending.rows = ending.valid = covered;
    EosMode mode = active_.eos_mode;
    if (mode == EosMode::automatic && has_new) {
      const auto partial = static_cast<int>(frames - shape.start(next));
      const CapsPtr caps = with_frames(out_caps_.get(), config_.output.layout, partial);
      mode = peer_takes(caps.get()) ? EosMode::shorten : EosMode::pad;
    }
    // Padded audio makes a first buffer even when it is too short for a frame of its own.
    if (mode == EosMode::pad && (has_new || (next == 0 && samples > 0))) {
      ending.rows = shape.end(next);
      ending.valid = frames;
      *length = std::max(*length, samples_for(recipe, ending.rows));
    } else if (mode == EosMode::shorten && has_new) {
      ending.rows = ending.valid = frames;
    }
  }
  // Rows of tail silence count for a maximum that is yet to be used.
  const bool tail_counts = active_.normalize == NormalizeMode::buffer && ending.rows > 0;
  ending.total = tail_counts ? std::max(ending.rows, frame_count(recipe, *length)) : ending.rows;
  return ending;
}

/// An exception ends this stream and not the event that asked for its end: EOS goes on after it.
GstFlowReturn Element::drain(bool eos) {
  const GstFlowReturn flow = guarded_call(self_, GST_FLOW_ERROR, [&] {
    const GstFlowReturn settled = settle();
    return settled == GST_FLOW_OK ? finish_stream(eos) : settled;
  });
  forget_input();
  return flow;
}

/// Sends what the samples taken so far yield, right edge included, and forgets them.
GstFlowReturn Element::finish_stream(bool eos) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (configured_ && !stream_.empty()) flow = push_ending(eos);
  reset_stream();
  return flow;
}

GstFlowReturn Element::push_ending(bool eos) {
  const GstFlowReturn flow = push_pending();
  if (flow != GST_FLOW_OK) return flow;
  int64_t length = 0;
  const Ending ending = plan_ending(&length, eos);
  GST_DEBUG_OBJECT(self_,
                   "ends after %" G_GINT64_FORMAT " samples: %" G_GINT64_FORMAT
                   " frames, %" G_GINT64_FORMAT " valid",
                   stream_.samples(), ending.rows, ending.valid);
  if (!eos) time_limit_ = stream_.samples();
  stream_.finish(length, ending);
  return push_pending();
}

}  // namespace npumel
