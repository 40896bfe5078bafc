// SPDX-License-Identifier: LGPL-2.1-or-later
// One fault at the first, second and 500th call: with backend=auto the stream is complete, in order
// and right all the same; with backend=npu it ends in an error.
#pragma once

#include <map>
#include <set>

#include "tests/xrt/npu_stream.h"

namespace npumel::xrt_test {

/// A batch computed on the NPU may differ from software by this much, in log10 inside max(x, M -
/// 8).
inline constexpr double kTolerance = 0.1;
inline constexpr size_t kShort = 8;   // batches
inline constexpr size_t kLong = 510;  // more than the 500th call of anything done once a batch

inline const std::vector<int16_t>& samples(size_t batches) {
  static std::map<size_t, std::vector<int16_t>> made;
  auto& signal = made[batches];
  // The emulated NPU knows the rows of what it has computed lately. No two batches in a row are
  // alike: rows of the one before would show.
  const std::vector<int16_t> period = check::audio(2 * kBatchSamples);
  while (signal.size() < batches * kBatchSamples)
    signal.insert(signal.end(), period.begin(), period.end());
  return signal;
}

inline const Result& by_software(size_t batches) {
  static std::map<size_t, Result> made;
  auto& result = made[batches];
  if (result.rows.empty())
    result = run_stream("backend=software preset=whisper80", samples(batches));
  return result;
}

struct Case {
  std::string fault;
  std::set<int> errors;  ///< GstResourceError codes that backend=npu may end with
  std::string properties = "";
  bool harmless = false;  ///< nothing to report: the result is right
};

struct Outcome {
  Result result;
  guint64 injected = 0;
};

inline Outcome run_with(const Case& fault, const std::string& backend, size_t batches) {
  GST_DEBUG("backend=%s %s", backend.c_str(), fault.fault.c_str());
  Emulation::set_faults(fault.fault);
  Outcome outcome;
  const OwnPackage package("v2-80");
  outcome.result = run_stream(
      "backend=" + backend + " preset=whisper80 " + fault.properties + package.kernel_path(),
      samples(batches));
  outcome.injected = Emulation::counters().faults;
  Emulation::set_faults("");
  return outcome;
}

inline void assert_auto(const Case& fault, size_t batches, bool must_hit) {
  const Outcome outcome = run_with(fault, "auto", batches);
  const Result& result = outcome.result;
  fail_unless(outcome.injected > 0 || !must_hit, "%s never happened", fault.fault.c_str());
  fail_unless(result.error.code < 0, "%s: %s", fault.fault.c_str(), result.error.text.c_str());
  assert_same_stream(result, by_software(batches), kTolerance, "auto, " + fault.fault);
  if (outcome.injected == 0 || fault.harmless) {
    fail_unless(result.active == "npu", "%s: healthy, but ended on %s", fault.fault.c_str(),
                result.active.c_str());
    ASSERT_EQUAL(result.npu_batches, batches);
    return;
  }
  fail_unless(result.suspect_batches.size() == 1, "%s: %zu messages", fault.fault.c_str(),
              result.suspect_batches.size());
  fail_unless(!result.reason.empty(), "%s: no reason given", fault.fault.c_str());
  fail_unless(result.warnings <= 1, "%s: %d warnings", fault.fault.c_str(), result.warnings);
}

inline void assert_npu(const Case& fault, size_t batches) {
  const Outcome outcome = run_with(fault, "npu", batches);
  const Result& result = outcome.result;
  if (outcome.injected == 0 || fault.harmless) {
    fail_unless(result.error.code < 0, "%s: %s", fault.fault.c_str(), result.error.text.c_str());
    ASSERT_EQUAL(result.npu_batches, batches);
    return;
  }
  fail_unless(result.error.domain == GST_RESOURCE_ERROR && fault.errors.contains(result.error.code),
              "%s: error %d %s", fault.fault.c_str(), result.error.code, result.error.text.c_str());
}

/// `site#NTH=what` at the first, the second and, in a long stream, the 500th call.
inline void assert_everywhere(const std::string& site, const std::string& what,
                              const std::set<int>& errors, bool each_batch,
                              const std::string& properties = "", bool harmless = false) {
  for (const char* nth : {"#1=", "#2=", "#500="}) {
    const bool late = std::string(nth) == "#500=";
    if (late && !each_batch) continue;  // a call of the start only
    const Case fault{site + nth + what, errors, properties, harmless};
    const bool must_hit = std::string(nth) == "#1=" || each_batch;
    assert_auto(fault, late ? kLong : kShort, must_hit);
    assert_npu(fault, late ? kLong : kShort);
  }
}

inline constexpr int kFailed = GST_RESOURCE_ERROR_FAILED;
inline constexpr int kBusy = GST_RESOURCE_ERROR_BUSY;
inline constexpr int kRights = GST_RESOURCE_ERROR_OPEN_READ_WRITE;
inline constexpr int kNotFound = GST_RESOURCE_ERROR_NOT_FOUND;

}  // namespace npumel::xrt_test
