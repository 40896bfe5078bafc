// SPDX-License-Identifier: LGPL-2.1-or-later
// Which NPU the element uses: the one that was asked for, the one that is open, and whether another
// one can be accepted while the element runs.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace npumel {

/// Whether a text is an index ("0") or a PCI address ("0000:c5:00.1", the domain may be left out).
bool is_device_name(std::string_view text);

/// Any thread may call everything.
class DeviceChoice {
 public:
  struct State {
    std::string wanted;       ///< index or PCI address; "" = the first NPU
    std::string opened;       ///< PCI address; "" = none since choose()
    bool own_choice = false;  ///< neither the property nor a context said which
    bool running = false;     ///< between choose() and forget()
  };

  /// The element starts with this device.
  void choose(const std::string& wanted, bool own_choice);
  /// The element stopped: any device may be chosen next.
  void forget();
  /// The backend opened the NPU at `address`. Whether that is another one than before.
  bool opened(const std::string& address);
  State state() const;
  /// Why a context that names `device` cannot be taken now; "" when it can: a running element keeps
  /// its NPU.
  std::string refusal(const std::string& device) const;

 private:
  mutable std::mutex mutex_;
  State state_;
};

}  // namespace npumel
