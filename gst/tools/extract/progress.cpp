// SPDX-License-Identifier: LGPL-2.1-or-later
// The progress bar and its JSON counterpart.
#include "gst/tools/extract/progress.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace npumel::extract {
namespace {

constexpr auto kBarInterval = std::chrono::milliseconds(200);

/// h:mm:ss
std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::min(seconds, 3.6e9));
  char text[48];
  std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Control characters would reach the terminal.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace

Progress::Progress(std::FILE* stream, uint64_t inputs, unsigned interval)
    : stream_(stream),
      terminal_(isatty(fileno(stream)) != 0),
      inputs_(inputs),
      interval_(interval),
      start_(Clock::now()),
      shown_(start_) {}

void Progress::skipped(uint64_t inputs) {
  const std::lock_guard lock(mutex_);
  skipped_ += inputs;
}

void Progress::done(uint64_t frames, double seconds) {
  const std::lock_guard lock(mutex_);
  ++done_;
  frames_ += frames;
  seconds_ += seconds;
  show(false);
}

void Progress::failed(const std::string& name, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++failed_;
  if (terminal_)
    std::fprintf(stream_, "\r\033[K%s: %s\n", printable(name).c_str(), printable(reason).c_str());
  show(false);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  show(true);
}

uint64_t Progress::failures() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

void Progress::show(bool last) {
  const auto now = Clock::now();
  const bool due = terminal_ ? now - shown_ >= kBarInterval : now - shown_ >= interval_;
  if (!last && !due) return;
  shown_ = now;
  std::fputs((terminal_ ? bar() + (last ? "\n" : "") : json(last) + "\n").c_str(), stream_);
  std::fflush(stream_);
}

std::string Progress::bar() const {
  constexpr uint64_t kWidth = 24;
  const double elapsed = since(start_);
  const uint64_t now = done_ + failed_, all = std::max<uint64_t>(inputs_, 1);
  const auto filled = static_cast<size_t>(kWidth * std::min(skipped_ + now, all) / all);
  char text[256];
  std::snprintf(
      text, sizeof text, "\r\033[K[%s%s] %llu/%llu files, %.2f h of audio, %.0f x real time",
      std::string(filled, '#').c_str(), std::string(kWidth - filled, '.').c_str(),
      static_cast<unsigned long long>(skipped_ + now), static_cast<unsigned long long>(inputs_),
      seconds_ / 3600, elapsed > 0 ? seconds_ / elapsed : 0);
  std::string line = text;
  const uint64_t left = inputs_ - std::min(inputs_, skipped_ + now);
  if (now > 0 && left > 0)
    line +=
        ", " + clock_text(elapsed / static_cast<double>(now) * static_cast<double>(left)) + " left";
  if (failed_ > 0) line += ", " + std::to_string(failed_) + " failed";
  return line;
}

std::string Progress::json(bool last) const {
  const double elapsed = since(start_);
  const uint64_t now = done_ + failed_;
  const uint64_t left = inputs_ - std::min(inputs_, skipped_ + now);
  nlohmann::ordered_json line = {{"event", last ? "end" : "progress"},
                                 {"inputs", inputs_},
                                 {"done", done_},
                                 {"skipped", skipped_},
                                 {"failed", failed_},
                                 {"left", left},
                                 {"frames", frames_},
                                 {"audio-seconds", seconds_},
                                 {"elapsed-seconds", elapsed},
                                 {"times-real-time", elapsed > 0 ? seconds_ / elapsed : 0}};
  if (now > 0)
    line["seconds-left"] = elapsed / static_cast<double>(now) * static_cast<double>(left);
  return line.dump();
}

}  // namespace npumel::extract
