// SPDX-License-Identifier: LGPL-2.1-or-later
// Allocations of C++ that fail when a fuzz target says so, in the plugin too: its operator new is
// the program's, which must be linked with its symbols exported.
#pragma once

namespace npumel::fuzz {

/// The n-th allocation from now on throws std::bad_alloc, once; 0 = none does.
void fail_allocation(int n);

}  // namespace npumel::fuzz
