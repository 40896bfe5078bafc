// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples to time: one base, one sample counter, absolute scaling. Decides what a jump in the
// input's timestamps means.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <memory>

namespace npumel {

/// Not thread-safe: belongs to the streaming thread.
class Timeline {
 public:
  struct Config {
    int rate = 16000;
    GstClockTime alignment_threshold = 0;
    GstClockTime discont_wait = 0;
    GstClockTime max_gap = 0;

    bool operator==(const Config&) const = default;
  };

  /// What to do with a buffer before its samples are appended.
  struct Placement {
    bool resync = false;  ///< too far away: finish what is held, then start() anew
    int64_t gap = 0;      ///< > 0: samples of silence to insert; < 0: samples to drop
  };

  void configure(const Config& config);

  /// Forgets the base. The next sample has no time until start().
  void restart();
  bool started() const { return base_ != GST_CLOCK_TIME_NONE; }

  /// Sample 0 lies at `base`, and `samples` samples from there belong to the first buffer.
  void start(GstClockTime base, int64_t samples);

  /// Judges a buffer of `samples` samples at `pts` (GST_CLOCK_TIME_NONE: it follows the one before)
  /// when `position` samples have been taken since start(). `flagged`: the buffer itself says
  /// DISCONT or RESYNC. The rules are GstAudioStreamAlign's; jumps up to max_gap are bridged.
  Placement place(GstClockTime pts, bool flagged, int64_t samples, int64_t position);

  /// Time of a sample: base + position * second / rate, rounded down, never accumulated.
  GstClockTime at(int64_t position) const;
  /// Samples between two times, rounded to the nearest.
  int64_t samples_between(GstClockTime from, GstClockTime to) const;
  /// Samples of a duration, rounded to the nearest.
  int64_t samples_in(GstClockTime duration) const { return samples_between(0, duration); }

 private:
  struct AlignDeleter {
    void operator()(GstAudioStreamAlign* align) const { gst_audio_stream_align_free(align); }
  };

  Config config_;
  GstClockTime base_ = GST_CLOCK_TIME_NONE;
  std::unique_ptr<GstAudioStreamAlign, AlignDeleter> align_;
};

}  // namespace npumel
