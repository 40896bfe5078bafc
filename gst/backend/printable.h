// SPDX-License-Identifier: LGPL-2.1-or-later
// Text from outside (manifests, the environment, file names) on its way into a message.
#pragma once

#include <string>
#include <string_view>

namespace npumel {

/// The text as valid UTF-8 without control characters: every byte of one, and every byte that is no
/// part of a valid sequence, becomes \xNN.
std::string printable(std::string_view text);

}  // namespace npumel
