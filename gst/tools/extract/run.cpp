// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole run: which inputs are missing, workers that make them, what is written when.
#include "gst/tools/extract/run.h"

#include <glib.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "gst/tools/extract/progress.h"

namespace fs = std::filesystem;

namespace npumel::extract {
namespace {

/// Size and time of an input file, by which a finished one is known again.
struct Stamp {
  uint64_t size;
  int64_t time;
};

Stamp stamp_of(const Input& input) {
  struct stat status = {};
  if (stat(input.file.c_str(), &status) != 0)
    throw InputError(input.file + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw InputError(input.file + " is no regular file");
  return {static_cast<uint64_t>(status.st_size),
          int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::string sha256_of(const std::vector<std::byte>& bytes) {
  const std::unique_ptr<gchar, decltype(&g_free)> digits(
      g_compute_checksum_for_data(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(bytes.data()),
                                  bytes.size()),
      g_free);
  return digits.get();
}

/// Whether the features of `line` are those of this input with these settings.
bool is_current(const IndexLine& line, const Input& input, const std::string& settings_id) {
  try {
    const Stamp stamp = stamp_of(input);
    return input.refusal.empty() && line.settings_id == settings_id &&
           line.input_size == stamp.size && line.input_time == stamp.time &&
           line.input_offset == input.offset && line.input_duration == input.duration &&
           line.input_channels == input.channels;
  } catch (const InputError&) {
    return false;
  }
}

/// Threads that take one input after the other. The first OutputError ends the run.
class Workers {
 public:
  Workers(const std::vector<Input>& inputs, const Extractor& extractor, Output& output,
          Index& index, Progress& progress, Form form)
      : form_(form),
        inputs_(inputs),
        extractor_(extractor),
        output_(output),
        index_(index),
        progress_(progress) {}

  /// Returns whether every input was looked at.
  bool run(unsigned jobs) {
    std::vector<std::thread> threads;
    running_ = jobs;
    for (unsigned i = 0; i < jobs; ++i) threads.emplace_back([this] { work(); });
    watch_signals();
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
    return done_ == inputs_.size();
  }

 private:
  void work() {
    while (!ending_) {
      const size_t number = next_++;
      if (number >= inputs_.size()) break;
      try {
        one(inputs_[number]);
        ++done_;
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        ending_ = true;
      }
    }
    --running_;
  }

  void one(const Input& input) {
    std::string reason;
    try {
      if (!input.refusal.empty()) throw InputError(input.refusal);
      const Stamp stamp = stamp_of(input);
      const Features features = extractor_.extract(input, giving_up_);
      IndexLine line;
      line.path = input.name;
      line.frames = features.frames;
      line.seconds = features.seconds;
      line.recipe_id = features.recipe_id;
      line.settings_id = extractor_.settings_id();
      line.sha256 = sha256_of(features.bytes);
      line.backend = features.backend;
      line.version = PACKAGE_VERSION;
      line.input_size = stamp.size;
      line.input_time = stamp.time;
      line.input_offset = input.offset;
      line.input_duration = input.duration;
      line.input_channels = input.channels;
      store(input, features, line);
      progress_.done(features.frames, features.seconds);
      return;
    } catch (const InputError& error) {
      // What was given up on the second signal is missing, not bad.
      if (giving_up_) throw OutputError("stopped by a second signal");
      reason = error.what();
    } catch (const std::invalid_argument& error) {
      reason = error.what();
    } catch (const std::bad_alloc&) {
      reason = "out of memory: the features of a whole file are held at once";
    }
    index_.add(Failure{input.name, reason});
    progress_.failed(input.name, reason);
  }

  void store(const Input& input, const Features& features, IndexLine& line) {
    std::unique_lock lock(store_mutex_, std::defer_lock);
    if (!output_.replaces()) lock.lock();
    Place place = output_.store(input, features);
    line.output = std::move(place.output);
    line.format = name_of(form_);
    line.offset = place.offset;
    line.bytes = place.bytes;
    index_.add(line);
  }

  void watch_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    const timespec patience = {0, 50'000'000};
    while (running_ > 0) {
      if (sigtimedwait(&signals, nullptr, &patience) < 0) continue;
      if (ending_) giving_up_ = true;
      ending_ = true;
    }
  }

  const Form form_;
  const std::vector<Input>& inputs_;
  const Extractor& extractor_;
  Output& output_;
  Index& index_;
  Progress& progress_;

  std::atomic<size_t> next_{0}, done_{0};
  std::atomic<unsigned> running_{0};
  std::atomic<bool> ending_{false};     ///< no further inputs
  std::atomic<bool> giving_up_{false};  ///< not even those in hand
  std::mutex mutex_, store_mutex_;
  std::exception_ptr error_;
};

std::vector<Input> of_shard(std::vector<Input> inputs, const Shard& shard) {
  std::erase_if(inputs, [&](const Input& input) {
    return shard.count > 1 && shard_of(input.name, shard.count) != shard.number;
  });
  return inputs;
}

/// Descriptors of the locks of this run: one process writes a shard, and whole runs are alone.
std::vector<Descriptor> take_locks(const Folder& folder, const Shard& shard) {
  std::vector<Descriptor> locks;
  locks.push_back(folder.lock(kLockFile, shard.count > 1));
  if (locks.back() && shard.count > 1)
    locks.push_back(folder.lock(shard.file_name(kLockStem, ".lock"), false));
  if (!locks.back())
    throw OutputError(folder.path() + ": another npumel-extract is writing there; wait for it");
  return locks;
}

/// A folder holds features in one form, and nothing of others under the same names.
void refuse_mixtures(const Options& options, const Folder& folder, const Output& output,
                     const std::vector<Input>& inputs) {
  const Index index(folder, options.shard);
  output.check(index, inputs);
  for (const IndexLine& line : index.lines())
    if (line.format != name_of(options.form))
      throw std::invalid_argument("the output folder holds features in the form " + line.format +
                                  ": use another one");
}

/// Archives are written once: what is in them must still hold.
void refuse_changes(const Output& output, const Index& index, const std::vector<Input>& inputs,
                    const std::string& settings_id) {
  if (output.replaces()) return;
  for (const Input& input : inputs) {
    const auto line = index.find(input.name);
    if (!line || !output.holds(*line) || is_current(*line, input, settings_id)) continue;
    throw std::invalid_argument(line->settings_id != settings_id
                                    ? "the output folder holds features made with other settings: "
                                      "use another one"
                                    : input.name +
                                          " has changed since its features were stored: use "
                                          "another output folder");
  }
}

std::set<std::string_view> names_of(const std::vector<Input>& inputs) {
  std::set<std::string_view> names;
  for (const Input& input : inputs) names.insert(input.name);
  return names;
}

void list_work(const std::vector<Input>& missing, size_t finished,
               const std::vector<Failure>& refused) {
  for (const Input& input : missing) g_print("%s\n", input.name.c_str());
  for (const Failure& failure : refused)
    g_printerr("%s: %s\n", failure.name.c_str(), failure.reason.c_str());
  g_printerr("%zu of %zu inputs are to be extracted\n", missing.size(), missing.size() + finished);
}

}  // namespace

Status run(const Options& options) {
  const Extractor extractor(options.properties, options.idle_limit);
  std::error_code error;
  if (fs::equivalent(options.source, options.output, error))
    throw std::invalid_argument("INPUT and OUT are the same: use another output folder");
  InputList list = read_inputs(options.source, options.output, options.patterns);

  const Folder folder(options.output, options.shard.file_name("", ""),
                      options.dry_run ? Folder::Missing::leave : Folder::Missing::make);
  const auto output = make_output(options.form, folder, options.shard, options.properties);
  std::vector<Input> inputs = of_shard(std::move(list.inputs), options.shard);
  // Before the lock, which marks a folder as ours.
  refuse_mixtures(options, folder, *output, inputs);
  std::vector<Descriptor> locks;
  if (!options.dry_run) locks = take_locks(folder, options.shard);

  if (options.shard.number != 0) list.refused.clear();  // shard 0 tells them
  const size_t total = inputs.size() + list.refused.size();

  Index index(folder, options.shard);
  refuse_changes(*output, index, inputs, extractor.settings_id());
  const size_t finished = std::erase_if(inputs, [&](const Input& input) {
    const auto line = index.find(input.name);
    return line && is_current(*line, input, extractor.settings_id()) && output->holds(*line);
  });
  if (options.dry_run) {
    list_work(inputs, finished, list.refused);
    return kComplete;
  }
  folder.remove_leftovers();
  index.begin(
      [missing = names_of(inputs)](const IndexLine& line) { return !missing.contains(line.path); });
  output->begin(index);
  index.forget();

  Progress progress(stderr, total, options.interval);
  progress.skipped(finished);
  for (const Failure& failure : list.refused) {
    index.add(failure);
    progress.failed(failure.name, failure.reason);
  }
  const bool all =
      Workers(inputs, extractor, *output, index, progress, options.form).run(options.jobs);
  output->end();
  progress.finish();
  if (!all) return kStopped;
  return progress.failures() > 0 ? kIncomplete : kComplete;
}

}  // namespace npumel::extract
