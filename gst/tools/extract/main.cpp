// SPDX-License-Identifier: LGPL-2.1-or-later
// npumel-extract: features of a corpus, from the command line.
#include <gst/gst.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include "gst/tools/extract/run.h"

namespace {

using npumel::extract::Form;
using npumel::extract::Options;

constexpr const char* kSummary =
    "INPUT is a folder, a list of paths, a JSON-lines manifest of NeMo or lhotse, or one file. "
    "What\n"
    "decodebin knows is audio; several channels are mixed to one (audioconvert), then resampled\n"
    "(audioresample, quality 4) to the rate of the preset.\n"
    "PROPERTY=VALUE sets a property of npumelspec (gst-inspect-1.0 npumelspec), such as\n"
    "normalize=buffer.\n\n"
    "OUT/index.jsonl has a line for each input with features, OUT/failed.jsonl one for each "
    "without,\n"
    "with the reason. The same command again does what is missing.\n\n"
    "Exit status: 0 every input has features, 1 some have none, 2 the command cannot work, 3 "
    "stopped\n"
    "by a signal or a full disk: the same command goes on.";

/// A whole number from `from` to `to`, all of the text. Throws std::invalid_argument.
unsigned number(const char* text, unsigned from, unsigned to, const char* what) {
  unsigned value = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  if (error != std::errc() || rest != end || value < from || value > to)
    throw std::invalid_argument(std::string(what) + ": " + text + " is no number from " +
                                std::to_string(from) + " to " + std::to_string(to));
  return value;
}

/// "3/16", from 0: shard 3 of 16 is the fourth.
npumel::extract::Shard shard_of_text(const char* text) {
  constexpr unsigned kMost = 100000;
  const char* slash = std::strchr(text, '/');
  if (slash == nullptr)
    throw std::invalid_argument(std::string("--shard: ") + text + " is not I/N, such as 0/4");
  npumel::extract::Shard shard;
  shard.count = number(slash + 1, 1, kMost, "--shard");
  shard.number = number(std::string(text, static_cast<size_t>(slash - text)).c_str(), 0,
                        shard.count - 1, "--shard");
  return shard;
}

Form form_of_text(const char* text) {
  if (std::strcmp(text, "npy") == 0) return Form::npy;
  if (std::strcmp(text, "tar") == 0) return Form::tar;
  if (std::strcmp(text, "ark") == 0) return Form::ark;
  throw std::invalid_argument(std::string("--format: ") + text + " is none of npy, tar, ark");
}

struct FreeText {
  void operator()(char* text) const { g_free(text); }
  void operator()(char** texts) const { g_strfreev(texts); }
};
using Text = std::unique_ptr<char, FreeText>;

struct Command {
  Options options;
  unsigned merge = 0;    ///< shards to join, 0 = extract
  bool version = false;  ///< print it, nothing else
};

/// Reads the command line. Throws std::invalid_argument.
Command parse(int argc, char** argv) {
  gchar *output = nullptr, *preset = nullptr, *backend = nullptr, *shard = nullptr;
  gchar *format = nullptr, *jobs = nullptr, *merge = nullptr, *interval = nullptr, *idle = nullptr;
  gchar **patterns = nullptr, **words = nullptr;
  gboolean dry_run = FALSE, version = FALSE;
  const GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "folder for the features", "OUT"},
      {"preset", 'p', 0, G_OPTION_ARG_STRING, &preset, "front end (whisper80)", "P"},
      {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "auto, npu or software (auto)", "B"},
      {"jobs", 'j', 0, G_OPTION_ARG_STRING, &jobs, "files at a time (processors)", "N"},
      {"shard", 0, 0, G_OPTION_ARG_STRING, &shard, "only shard I of N, from 0", "I/N"},
      {"merge", 0, 0, G_OPTION_ARG_STRING, &merge, "join the indexes of N shards", "N"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "npy, tar (WebDataset) or ark (Kaldi)", "F"},
      {"include", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &patterns, "only names like this", "PATTERN"},
      {"interval", 0, 0, G_OPTION_ARG_STRING, &interval, "seconds between progress lines", "S"},
      {"idle", 0, 0, G_OPTION_ARG_STRING, &idle, "give a file up after S s without data", "S"},
      {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "list what would be done", nullptr},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version and end", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, nullptr, nullptr},
      {}};
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(
      g_option_context_new("INPUT [PROPERTY=VALUE...]"), g_option_context_free);
  g_option_context_set_summary(context.get(), kSummary);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &error) != FALSE;
  const Text owned[] = {Text(output), Text(preset), Text(backend),  Text(shard), Text(format),
                        Text(jobs),   Text(merge),  Text(interval), Text(idle)};
  const std::unique_ptr<char*, FreeText> owned_patterns(patterns), owned_words(words);
  if (!parsed) {
    const std::string text = error->message;
    g_error_free(error);
    throw std::invalid_argument(text);
  }
  Command command;
  command.version = version != FALSE;
  if (command.version) return command;
  if (words == nullptr) throw std::invalid_argument("an INPUT is missing (--help)");
  if (output == nullptr) throw std::invalid_argument("--output OUT is missing (--help)");

  if (*output == '\0') throw std::invalid_argument("--output: an empty name is no folder");

  Options& options = command.options;
  options.source = words[0];
  options.output = output;
  for (char** word = words + 1; *word != nullptr; ++word) {
    const char* equals = std::strchr(*word, '=');
    if (equals == nullptr)
      throw std::invalid_argument(std::string(*word) + " is not PROPERTY=VALUE, and INPUT is one");
    options.properties[std::string(*word, static_cast<size_t>(equals - *word))] = equals + 1;
  }
  if (preset != nullptr) options.properties["preset"] = preset;
  options.properties.try_emplace("preset", "whisper80");
  if (backend != nullptr) options.properties["backend"] = backend;
  options.form = form_of_text(format != nullptr ? format : "npy");
  options.jobs = jobs != nullptr ? number(jobs, 1, 1024, "--jobs")
                                 : std::max(1U, std::thread::hardware_concurrency());
  if (shard != nullptr) options.shard = shard_of_text(shard);
  if (merge != nullptr) command.merge = number(merge, 1, 100000, "--merge");
  if (interval != nullptr) options.interval = number(interval, 1, 86400, "--interval");
  if (idle != nullptr) options.idle_limit = number(idle, 1, 86400, "--idle");
  for (char** pattern = patterns; pattern != nullptr && *pattern != nullptr; ++pattern)
    options.patterns.emplace_back(*pattern);
  options.dry_run = dry_run != FALSE;
  if (command.merge > 0 && (options.dry_run || shard != nullptr))
    throw std::invalid_argument("--merge goes with neither --dry-run nor --shard");
  return command;
}

/// SIGTERM and SIGINT are waited for, in every thread's stead, by run().
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int complain(npumel::extract::Status status, const std::exception& error) {
  std::fprintf(stderr, "npumel-extract: %s\n", error.what());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    block_signals();
    const Command command = parse(argc, argv);
    if (command.version) {
      std::puts("npumel-extract " PACKAGE_VERSION);
      return 0;
    }
    return command.merge > 0 ? npumel::extract::merge(command.options, command.merge)
                             : npumel::extract::run(command.options);
  } catch (const npumel::extract::OutputRefused& error) {
    return complain(npumel::extract::kUsage, error);
  } catch (const npumel::extract::OutputError& error) {
    return complain(npumel::extract::kStopped, error);
  } catch (const std::exception& error) {
    return complain(npumel::extract::kUsage, error);
  }
}
