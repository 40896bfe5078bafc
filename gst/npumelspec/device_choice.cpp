// SPDX-License-Identifier: LGPL-2.1-or-later
// The state behind the property `device` and contexts of type gst.npu.device.
#include "gst/npumelspec/device_choice.h"

#include <algorithm>

namespace npumel {
namespace {

constexpr const char* kDecimal = "0123456789";
constexpr const char* kHexadecimal = "0123456789abcdefABCDEF";

/// Takes 1 to `most` characters of `digits` off the front.
bool take(std::string_view& text, size_t most, const char* digits) {
  const size_t count = std::min(text.find_first_not_of(digits), text.size());
  if (count == 0 || count > most) return false;
  text.remove_prefix(count);
  return true;
}

}  // namespace

/// An index or [domain:]bus:device.function.
bool is_device_name(std::string_view text) {
  if (std::string_view index = text; take(index, 4, kDecimal) && index.empty()) return true;
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (colons == 2 && !(take(text, 4, kHexadecimal) && take(text, 1, ":"))) return false;
  return take(text, 2, kHexadecimal) && take(text, 1, ":") && take(text, 2, kHexadecimal) &&
         take(text, 1, ".") && take(text, 1, "01234567") && text.empty();
}

void DeviceChoice::choose(const std::string& wanted, bool own_choice) {
  const std::lock_guard lock(mutex_);
  state_ = {wanted, "", own_choice, true};
}

void DeviceChoice::forget() {
  const std::lock_guard lock(mutex_);
  state_ = {};
}

bool DeviceChoice::opened(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (state_.opened == address) return false;
  state_.opened = address;
  return !address.empty();
}

DeviceChoice::State DeviceChoice::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string DeviceChoice::refusal(const std::string& device) const {
  const std::lock_guard lock(mutex_);
  if (!state_.running || device == state_.wanted || device == state_.opened) return "";
  std::string in_use = state_.opened.empty() ? state_.wanted : state_.opened;
  if (in_use.empty()) in_use = "the first NPU, if any";
  return "the element already runs, on " + in_use;
}

}  // namespace npumel
