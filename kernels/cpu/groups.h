// SPDX-License-Identifier: LGPL-2.1-or-later
// How the frames of a call are divided into groups.
#pragma once

#include <cstddef>

namespace npumel {

/// The groups of one call: full ones, then at most one of half as many lanes.
struct Groups {
  size_t full = 0;         ///< groups of all lanes; the last may have fewer frames than lanes
  size_t full_frames = 0;  ///< frames that these compute: the call's first ones
  size_t half_frames = 0;  ///< frames left for a half group; 0: there is none
};

/// A half group costs what a full one does at most (AVX2 and later processors, whose vectors of
/// either width take one operation), 0.7 times as much where only half of the units work on the
/// widest vectors (Intel's AVX-512), and half as much where wide operations are split (Zen 4's
/// AVX-512). Two of them are never cheaper than a full one. So on each of these processors it is
/// right to use one exactly where the frames that are left fit into it.
/// `half_lanes` = 0: there are no half groups.
constexpr Groups divide(size_t frames, size_t lanes, size_t half_lanes) {
  const size_t rest = frames % lanes;
  const size_t half_frames = rest <= half_lanes ? rest : 0;
  const size_t full_frames = frames - half_frames;
  return {(full_frames + lanes - 1) / lanes, full_frames, half_frames};
}

}  // namespace npumel
