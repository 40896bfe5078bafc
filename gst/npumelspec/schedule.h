// SPDX-License-Identifier: LGPL-2.1-or-later
// When the stream fills a batch, when it takes a result, and when it returns for more input.
#pragma once

#include <algorithm>
#include <cstddef>

namespace npumel {

/// What is asked of the stream, and what depends on the batches in flight.
struct Demand {
  bool everything = false;        ///< EOS, drain, a serialized event: nothing may stay in flight
  bool completes_buffer = false;  ///< the batches in flight complete an output buffer
  int depth = 1;                  ///< batches that the backend takes
  int ahead = 1;                  ///< of these, how many results may lag behind by
};

/// Batches that may stay in flight when the input is used up.
constexpr size_t may_lag(const Demand& demand) {
  if (demand.everything) return 0;
  // No buffer waits for their results yet: as many as the backend takes.
  if (!demand.completes_buffer) return static_cast<size_t>(std::max(demand.depth, 0));
  // A buffer waits for them, but the device must not run dry until upstream sends more.
  return static_cast<size_t>(std::max(demand.ahead - 1, 0));
}

enum class StreamStep {
  fill,     ///< move samples into the slot and submit it when it is full
  collect,  ///< take the result of the oldest batch, waiting for it if need be
  leave     ///< nothing to do until there is more input
};

/// The first row that applies:
///
/// | oldest batch | input                | in flight          | step                          |
/// |--------------|----------------------|--------------------|-------------------------------|
/// | done         | any                  | any                | collect: takes no time        |
/// | any          | can be moved         | any                | fill                          |
/// | -            | any                  | none               | leave                         |
/// | running      | waits for a slot     | any                | collect: frees the slot       |
/// | running      | used up              | more than may stay | collect: a buffer needs it    |
/// | running      | used up              | no more than that  | leave: overlaps with upstream |
struct Situation {
  bool oldest_done = false;
  bool can_fill = false;     ///< there is input, and a slot for it
  bool input_waits = false;  ///< there is input
  size_t in_flight = 0;
  size_t may_lag = 0;
};

constexpr StreamStep next_step(const Situation& now) {
  if (now.oldest_done) return StreamStep::collect;
  if (now.can_fill) return StreamStep::fill;
  if (now.in_flight == 0) return StreamStep::leave;
  if (now.input_waits || now.in_flight > now.may_lag) return StreamStep::collect;
  return StreamStep::leave;
}

}  // namespace npumel
