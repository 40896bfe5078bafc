// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads which call goes wrong, and how.
#include "tests/xrt/emulator/faults.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <string_view>
#include <utility>

namespace npumel::emu {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 12> kErrors = {{
    {"EACCES", EACCES},
    {"EAGAIN", EAGAIN},
    {"EBUSY", EBUSY},
    {"EINTR", EINTR},
    {"EINVAL", EINVAL},
    {"EIO", EIO},
    {"ENODEV", ENODEV},
    {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC},
    {"ENXIO", ENXIO},
    {"EPERM", EPERM},
    {"ETIME", ETIME},
}};

constexpr std::array<std::string_view, 15> kRunFaults = {
    "hang", "stuck", "lost",  "outage",  "abort", "error",     "timeout", "slow",
    "zero", "row0",  "stale", "garbage", "shift", "unwritten", "row"};

bool of_runs(std::string_view site) { return site == "RUN" || site.starts_with("CHAIN_"); }

}  // namespace

bool Faults::parse(const std::string& text, Rule& rule) {
  const auto hash = text.find('#');
  const auto equals = text.find('=');
  if (hash == std::string::npos || equals == std::string::npos || equals < hash + 2) return false;
  rule.site = text.substr(0, hash);
  std::string nth = text.substr(hash + 1, equals - hash - 1);
  if (nth.back() == '+' || nth.back() == '*') {
    rule.repeat = nth.back();
    nth.pop_back();
  }
  if (nth.empty() || nth.find_first_not_of("0123456789") != std::string::npos) return false;
  rule.nth = std::stoull(nth);
  if (rule.nth == 0) return false;

  std::string what = text.substr(equals + 1);
  const auto* error = std::find_if(kErrors.begin(), kErrors.end(),
                                   [&](const auto& entry) { return entry.first == what; });
  if (error != kErrors.end()) {
    rule.fault.error = error->second;
    return !of_runs(rule.site);
  }
  bool has_value = false;
  if (const auto colon = what.find(':'); colon != std::string::npos) {
    const std::string value = what.substr(colon + 1);
    has_value = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    if (!has_value) return false;
    rule.fault.value = std::stoi(value);
    what.resize(colon);
  }
  rule.fault.what = what;
  const bool needs_value = what == "slow" || what == "outage" || what == "row";
  if (has_value != needs_value && what != "hang") return false;
  if (!of_runs(rule.site)) return what == "slow" || (what == "early" && rule.site == "WAIT");
  return std::find(kRunFaults.begin(), kRunFaults.end(), what) != kRunFaults.end();
}

bool Faults::set(const std::string& text) {
  std::vector<Rule> rules;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    Rule rule;
    if (!parse(item, rule)) return false;
    rules.push_back(std::move(rule));
  }
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
  calls_.clear();
  injected_ = 0;
  return true;
}

Fault Faults::next(const std::string& site) {
  const std::lock_guard lock(mutex_);
  if (rules_.empty()) return {};
  const uint64_t call = ++calls_[site];
  for (const Rule& rule : rules_) {
    if (rule.site != site) continue;
    const bool hit = rule.repeat == '+'   ? call >= rule.nth
                     : rule.repeat == '*' ? call % rule.nth == 0
                                          : call == rule.nth;
    if (!hit) continue;
    ++injected_;
    return rule.fault;
  }
  return {};
}

}  // namespace npumel::emu
