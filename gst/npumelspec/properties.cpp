// SPDX-License-Identifier: LGPL-2.1-or-later
// Installs the properties of npumelspec with their ranges, defaults and blurbs.
#include "gst/npumelspec/properties.h"

#include "gst/common/field_properties.h"
#include "gst/npumelspec/enum_types.h"
#include "gst/npumelspec/property_ids.h"
#include "gst/npumelspec/settings.h"
#include "kernels/mel/recipe_fields.h"

namespace npumel {
namespace {

constexpr auto kReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kAlways = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_PLAYING);
constexpr auto kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

/// Installs properties of one kind after another, each in one line.
class Installer {
 public:
  explicit Installer(GObjectClass* klass) : klass_(klass) {}

  void integer(guint id, const char* name, const char* nick, const char* blurb, int lowest,
               int highest, int standard) {
    add(id, g_param_spec_int(name, nick, blurb, lowest, highest, standard, kReady));
  }
  void real(guint id, const char* name, const char* nick, const char* blurb, double lowest,
            double highest, double standard) {
    add(id, g_param_spec_double(name, nick, blurb, lowest, highest, standard, kReady));
  }
  void choice(guint id, const char* name, const char* nick, const char* blurb, GType type,
              int standard) {
    add(id, g_param_spec_enum(name, nick, blurb, type, standard, kReady));
  }
  void text(guint id, const char* name, const char* nick, const char* blurb) {
    add(id, g_param_spec_string(name, nick, blurb, nullptr, kReady));
  }
  void time(guint id, const char* name, const char* nick, const char* blurb, GstClockTime standard,
            GParamFlags flags = kReady) {
    add(id, g_param_spec_uint64(name, nick, blurb, 0, G_MAXINT64, standard, flags));
  }
  void add(guint id, GParamSpec* spec) { g_object_class_install_property(klass_, id, spec); }

 private:
  GObjectClass* klass_;
};

void install_recipe(Installer& add) {
  add.choice(kPreset, "preset", "Preset",
             "[recipe] Published front end to reproduce, for 16 kHz audio unless its description "
             "says otherwise. The properties marked [recipe] override single values of it, in any "
             "order; caps then say preset=custom. The property recipe lists all resolved values",
             preset_type(), static_cast<int>(Preset::whisper80));
  guint id = kFirstField;
  for (const RecipeField& field : recipe_fields())
    add.add(id++, field_spec(field, "GstNpuMelSpec", field_blurb(field)));
  add.add(kRecipe, g_param_spec_string("recipe", "Recipe",
                                       "[recipe] Every value that the preset and its overrides "
                                       "resolve to, one key=value a line: the text that recipe-id "
                                       "in the caps is the hash of",
                                       nullptr, kReadOnly));
}

void install_output(Installer& add) {
  add.integer(
      kFrames, "frames", "Frames",
      "[output] Frames per output buffer, one per hop-length (10 ms in most presets): fewer "
      "give less latency; 0 = the whole stream in one buffer, at its end",
      0, 3000, 100);
  add.integer(kFirstFrames, "first-frames", "First frames",
              "[output] Expert: frames in the first buffer (0 = as frames)", 0, 3000, 0);
  add.integer(kStride, "stride", "Stride",
              "[output] Frames from the start of a buffer to the start of the next one; less than "
              "frames makes buffers overlap (0 = frames)",
              0, 3000, 0);
  add.choice(kNormalize, "normalize", "Normalize",
             "[output] Normalisation of the values; buffer only with presets that publish one, "
             "running and fixed only with those that clamp below a maximum (whisper, granite, "
             "voxtral, openwakeword)",
             normalize_type(), static_cast<int>(NormalizeMode::none));
  add.real(kFixedMax, "fixed-max", "Fixed maximum",
           "[output] The maximum that normalize=fixed clamps below, in the units of log", -1e6, 1e6,
           1.5);
  add.time(
      kTailSilence, "tail-silence", "Tail silence",
      "[output] Silence appended at the end of the stream, in ns, as tail-frames says. 30 s is "
      "what whisper.cpp does",
      0);
  add.choice(kTailFrames, "tail-frames", "Tail frames",
             "[output] What becomes of frames that begin in the silence of tail-silence",
             tail_frames_type(), static_cast<int>(TailFrames::drop));
  add.choice(kEosMode, "eos-mode", "EOS mode",
             "[output] What becomes of frames that do not fill a buffer at the end of the stream",
             eos_mode_type(), static_cast<int>(EosMode::automatic));
  add.choice(kLayout, "layout", "Layout", "[output] Order of the values in a buffer",
             layout_choice_type(), static_cast<int>(LayoutChoice::automatic));
  add.choice(kFormat, "format", "Format", "[output] Type of the values", format_choice_type(),
             static_cast<int>(FormatChoice::automatic));
  add.choice(
      kLevelMeta, "level-meta", "Level meta",
      "[output] GstAudioLevelMeta on output buffers: the level of the audio under the buffer "
      "in -dBov, and a voice flag: at least a quarter of its frames are 9 dB above the noise "
      "level in the filters from 250 to 3500 Hz, and louder than -55 dBov (digital silence is no "
      "noise)",
      level_meta_type(), 0);
  add.time(kMaxDuration, "max-duration", "Maximum duration",
           "[output] With frames=0: audio in ns beyond which an error ends the stream",
           3600 * GST_SECOND);
}

void install_backend(Installer& add) {
  add.choice(kBackend, "backend", "Backend", "[npu] Where frames are computed",
             backend_choice_type(), static_cast<int>(BackendChoice::automatic));
  add.add(kActiveBackend,
          g_param_spec_string("active-backend", "Active backend",
                              "[npu] Where frames are computed now: software or npu", nullptr,
                              kReadOnly));
  add.text(kDevice, "device", "Device",
           "[npu] NPU to use: index or PCI address (unset = the first)");
  add.text(kKernelPath, "kernel-path", "Kernel path",
           "[npu] Folders with NPU kernel packages, separated by colons (unset = the environment "
           "variable NPUMELSPEC_KERNEL_PATH, then the installed folder)");
  add.add(kNpuTimeout,
          g_param_spec_uint("npu-timeout", "NPU timeout",
                            "[npu] Expert: milliseconds that the NPU may take for a batch", 1,
                            G_MAXINT, 2000, kReady));
  add.integer(kInFlight, "in-flight", "In flight",
              "[npu] Expert: batches submitted to the NPU ahead of their results; live pipelines "
              "use 1",
              1, 16, 2);
  add.add(kVerifyInterval,
          g_param_spec_uint("verify-interval", "Verify interval",
                            "[npu] Expert: every n-th NPU batch is compared in full with the CPU "
                            "(0 = never)",
                            0, G_MAXINT, 64, kReady));
  add.time(kRetryInterval, "retry-interval", "Retry interval",
           "[npu] Expert: time in ns until a failed NPU is tried again; doubles after each failure "
           "up to 5 minutes. Three failures with wrong results end the retries",
           5 * GST_SECOND);
}

void install_time(Installer& add) {
  add.time(kMaxGap, "max-gap", "Maximum gap",
           "[time] Gaps up to this (ns) are filled with silence, longer ones restart the stream",
           GST_SECOND);
  add.time(kAlignmentThreshold, "alignment-threshold", "Alignment threshold",
           "[time] Expert: timestamps may be off by this (ns) before they count as a jump",
           40 * GST_MSECOND);
  add.time(kDiscontWait, "discont-wait", "Discont wait",
           "[time] Expert: how long (ns) timestamps must be off by more than alignment-threshold "
           "before a jump is accepted",
           GST_SECOND);
  add.time(kProcessingLatency, "processing-latency", "Processing latency",
           "[time] Time (ns) granted for computing a buffer in live pipelines, a part of the "
           "latency; late-buffers in stats counts those that took longer",
           20 * GST_MSECOND, kAlways);
  add.add(kStats, g_param_spec_boxed("stats", "Statistics",
                                     "[npu] Counters since the stream started: frames, batches, "
                                     "samples, times in ns; late-buffers: took longer than "
                                     "processing-latency; npu-reason: why the NPU is not used",
                                     GST_TYPE_STRUCTURE, kReadOnly));
}

}  // namespace

void install_properties(GObjectClass* klass) {
  Installer add(klass);
  install_recipe(add);
  install_output(add);
  install_backend(add);
  install_time(add);
}

}  // namespace npumel
