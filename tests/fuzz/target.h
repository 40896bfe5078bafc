// SPDX-License-Identifier: LGPL-2.1-or-later
// What a fuzz target that runs elements defines; target.cpp calls it for every input.
#pragma once

#include <glib.h>

#include "tests/fuzz/bytes.h"

namespace npumel::fuzz {

/// Messages of these levels end the process.
extern const GLogLevelFlags kFatalLevels;

/// Plays one input. What is wrong ends the process.
void play(Bytes& bytes);

/// Steps of a session as long as there are bytes, then its end.
template <typename Session>
void play_session(Session& session, const Bytes& bytes) {
  while (!bytes.empty()) session.step();
  session.finish();
}

}  // namespace npumel::fuzz
