// SPDX-License-Identifier: LGPL-2.1-or-later
// Percent-encoding of names.
#pragma once

#include <string>

namespace npumel::extract {

/// `name` with '%' and every byte for which `reserved` is true written as %XX.
std::string percent_encode(const std::string& name, bool (*reserved)(char));
/// The reverse.
std::string percent_decode(const std::string& text);

}  // namespace npumel::extract
