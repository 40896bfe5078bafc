// SPDX-License-Identifier: LGPL-2.1-or-later
// Loudness of the audio under output buffers and whether it holds voice, for
// GstAudioLevelMeta.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/mel/recipe.h"
#include "kernels/mel/rows.h"

namespace npumel {

/// What GstAudioLevelMeta says: -dBov as in RFC 6464, 0 (loudest) to 127
/// (silence), of the root mean square; and the voice activity flag.
struct AudioLevel {
  uint8_t level = 127;
  bool voice = false;
};

/// Follows one stream: samples and rows in, levels out. The result does not
/// depend on how samples and rows are grouped. Not thread-safe.
///
/// Of each hop only the samples that its frame waits for are measured: all of them wherever the
/// reach of a frame is a hop or more, as in every preset.
///
/// The voice rule. The band level of a frame is the mean, in dB, of its rows' values in filters
/// that are centred between 250 and 3500 Hz. The noise level is the lowest band level so far,
/// rising by 2 dB a second. A frame has voice when its band level is at least 9 dB above the noise
/// level and its own hop of audio is louder than -55 dBov. A buffer has voice when at least a
/// quarter of its frames have.
///
/// Digital silence (hops of zeros, and frames after them whose windows reach into them) says
/// nothing of the noise of a room: it is what a decoder's priming or a muted microphone leaves.
/// Noise levels stay as they are. In a stream that begins with it every frame louder than -55 dBov
/// has voice until there has been a second of sound, the lowest of which is then the noise level.
class LevelMeter {
 public:
  /// Throws std::bad_alloc.
  void configure(const Recipe& recipe, SampleType type);
  /// The next sample is sample 0, the next row that of frame 0.
  void reset() noexcept;

  /// Samples as they come, without pre-emphasis; floats count as at most full
  /// scale, NaN as 0.
  void push(const void* samples, int64_t count);
  void push_silence(int64_t count);
  /// Raw rows of frames [first, first + count), in order; row 0 of `rows` is
  /// frame `first`'s. The samples of their hops have been pushed, as far as the
  /// stream has them.
  void push_rows(int64_t first, int count, const RowSink& rows);

  /// Of the samples in [first * hop, (first + count) * hop) that the stream
  /// has.
  AudioLevel level(int64_t first, int64_t count) const;
  /// Frames before `first` are not asked for any more.
  void drop_before(int64_t first);

 private:
  void add(uint64_t square) noexcept;
  void learn_noise(double band) noexcept;
  double band_level(const RowSink& rows, int row) const;
  uint64_t squares(int64_t frame) const;
  int64_t measured_of(int64_t frame) const;

  int hop_ = 1;
  int measured_ = 1;  ///< samples of a hop
  SampleType type_ = SampleType::s16;
  std::vector<int> band_;        ///< columns of a row
  double db_per_unit_ = 1;       ///< of the rows' logarithm
  bool linear_ = false;          ///< rows without a logarithm
  double rise_ = 0;              ///< dB a frame
  int window_hops_ = 1;          ///< hops that a frame's window reaches into, at most
  int second_ = 1;               ///< frames
  std::vector<uint64_t> hops_;   ///< sums of squares, from hop first_ on; the
                                 ///< last one may be growing
  std::vector<uint8_t> voiced_;  ///< of frames from first_ on
  int64_t first_ = 0;
  int64_t samples_ = 0;
  int since_silence_ = 1;  ///< frames after the last hop of zeros, at most window_hops_ + 1
  int learning_ = 0;       ///< frames of sound until noise_ is known
  double noise_ = 0;       ///< the lowest so far while learning_
  bool heard_ = false;     ///< noise_ has a value
};

}  // namespace npumel
