// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the limits and habits of the emulated driver.
#include "tests/xrt/emulator/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace npumel::emu {
namespace {

struct Named {
  const char* name;
  std::atomic<uint64_t> Settings::*value;
};

constexpr std::array<Named, 9> kNames = {{{"contexts", &Settings::contexts},
                                          {"commands", &Settings::commands},
                                          {"interruptible", &Settings::interruptible},
                                          {"recovery-ms", &Settings::recovery_ms},
                                          {"destroy-ms", &Settings::destroy_ms},
                                          {"partitions", &Settings::partitions},
                                          {"slice-ms", &Settings::slice_ms},
                                          {"memlock", &Settings::memlock},
                                          {"dma-buf", &Settings::dma_buf}}};

std::string variable_of(std::string name) {
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "NPUMEL_EMU_" + name;
}

}  // namespace

Settings::Settings() {
  for (const Named& named : kNames)
    if (const char* text = std::getenv(variable_of(named.name).c_str()))
      this->*named.value = std::strtoull(text, nullptr, 10);
}

bool Settings::set(const std::string& name, uint64_t value) {
  const auto* named =
      std::find_if(kNames.begin(), kNames.end(), [&](const Named& n) { return n.name == name; });
  if (named == kNames.end()) return false;
  this->*(named->value) = value;
  return true;
}

}  // namespace npumel::emu
