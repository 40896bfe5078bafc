// SPDX-License-Identifier: LGPL-2.1-or-later
// Which call goes wrong, and how.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace npumel::emu {

/// What is to go wrong at one call.
struct Fault {
  int error = 0;  ///< errno of a failing call, 0 = none
  std::string
      what;       ///< for RUN: hang, stuck, abort, error, timeout, lost, slow, zero, ...; "" = none
  int value = 0;  ///< the number after the colon (slow, hang, outage: ms; row: index)

  explicit operator bool() const { return error != 0 || !what.empty(); }
};

/// A list of faults such as "EXEC_CMD#500=EIO,RUN#2+=zero,RUN#1=slow:300":
/// SITE#n=what makes the n-th call at a site fail (first = 1), n+ that call and every later one,
/// n* every n-th.
/// Sites: names of driver calls (CREATE_BO, SYNC_BO, EXEC_CMD, ..., WAIT, MMAP, OPEN), which take
/// an errno name or slow:MS (done as ever, but later) and, for WAIT, early (0 before the run has
/// ended); and RUN, which counts kernel runs, CHAIN_FIRST, CHAIN_MIDDLE and CHAIN_LAST, which count
/// chains and hit one run of them. These take
///   hang (until the driver's recovery, "recovery-ms"), hang:MS, stuck (for ever),
///   lost (the device is gone for good), outage:MS (for that long: every call fails, then the
///   device is back and its contexts are gone),
///   abort, error, timeout (final states), slow:MS,
///   zero, row0, stale, garbage, shift, unwritten, row:N (COMPLETED, but the output is wrong).
/// Safe to call from any thread.
class Faults {
 public:
  /// Returns false and changes nothing when the text is malformed.
  bool set(const std::string& text);
  /// Counts one call at the site and says what happens to it.
  Fault next(const std::string& site);
  /// How many calls have failed since set().
  uint64_t injected() const { return injected_; }

 private:
  struct Rule {
    std::string site;
    uint64_t nth = 0;
    char repeat = 0;  ///< 0 once, '+' from then on, '*' every nth
    Fault fault;
  };
  static bool parse(const std::string& text, Rule& rule);

  std::mutex mutex_;
  std::vector<Rule> rules_;
  std::map<std::string, uint64_t> calls_;
  std::atomic<uint64_t> injected_{0};
};

}  // namespace npumel::emu
