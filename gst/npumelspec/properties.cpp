// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npumelspec/properties.h"

#include "gst/npumelspec/enum_types.h"
#include "gst/npumelspec/property_ids.h"
#include "gst/npumelspec/settings.h"

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
             "Published front end to reproduce, for audio of 16 kHz unless its line says "
             "otherwise. The properties from mels to input-scale change single values of it, in "
             "any order of setting; caps then say preset=custom. recipe lists all values",
             recipe_enum_type<Preset>(), static_cast<int>(Preset::whisper80));
  add.integer(kMels, "mels", "Mels",
              "Values of a frame: number of mel filters (-1 = as the preset)", -1, 512, -1);
  add.integer(kNfft, "n-fft", "FFT size", "Samples of the Fourier transform (-1 = as the preset)",
              -1, 65536, -1);
  add.integer(kWinLength, "win-length", "Window length",
              "Samples under the window function, at most n-fft (-1 = as the preset)", -1, 65536,
              -1);
  add.integer(kHopLength, "hop-length", "Hop length",
              "Samples from one frame to the next (-1 = as the preset)", -1, 65536, -1);
  add.choice(kWindow, "window", "Window function",
             "What weighs the samples of a frame before the transform",
             recipe_enum_type<WindowFunction>(), -1);
  add.choice(kWindowPlace, "window-place", "Window place",
             "Where the window function lies inside a longer FFT", recipe_enum_type<WindowPlace>(),
             -1);
  add.choice(kSpectrum, "spectrum", "Spectrum", "What the mel filters sum up",
             recipe_enum_type<Spectrum>(), -1);
  add.choice(kDft, "dft", "DFT", "How the spectrum is computed, where that shows",
             recipe_enum_type<Dft>(), -1);
  add.choice(kMelScale, "mel-scale", "Mel scale", "Mel scale and in what the filters are triangles",
             recipe_enum_type<MelScale>(), -1);
  add.choice(kMelNorm, "mel-norm", "Mel norm", "Height of the mel filters",
             recipe_enum_type<MelNorm>(), -1);
  add.integer(kFmin, "fmin", "Lowest frequency",
              "Lower edge of the lowest filter in Hz (-1 = as the preset)", -1, 96000, -1);
  add.integer(kFmax, "fmax", "Highest frequency",
              "Upper edge of the highest filter in Hz; 0 = half the rate, below -1 = that much "
              "below half the rate (-1 = as the preset)",
              -96000, 96000, -1);
  add.choice(kPadding, "padding", "Padding", "What lies before and after the audio",
             recipe_enum_type<Padding>(), -1);
  add.choice(kFrameCount, "frame-count", "Frame count rule",
             "How many frames n samples make (divisions are rounded down)",
             recipe_enum_type<FrameCount>(), -1);
  add.choice(kTailRule, "tail-rule", "Tail rule", "What frames=0 does to the end of a clip",
             recipe_enum_type<TailRule>(), -1);
  add.choice(kLog, "log", "Logarithm", "Logarithm of the mel energies", recipe_enum_type<LogType>(),
             -1);
  add.real(kLogFloor, "log-floor", "Logarithm floor",
           "Floor or guard before the logarithm (-1 = as the preset)", -1, 1e6, -1);
  add.choice(kFloorMode, "floor-mode", "Floor mode", "What log-floor does",
             recipe_enum_type<FloorMode>(), -1);
  add.real(kPreemphasis, "preemphasis", "Pre-emphasis",
           "c in y[n] = x[n] - c x[n-1]; 0 = none (-1 = as the preset)", -1, 1, -1);
  add.choice(kPreemphasisMode, "preemphasis-mode", "Pre-emphasis mode",
             "Over what pre-emphasis runs and how it begins", recipe_enum_type<PreemphasisMode>(),
             -1);
  add.choice(kRemoveDc, "remove-dc", "Remove DC", "Whether each frame loses its mean first",
             remove_dc_type(), -1);
  add.integer(kInputScale, "input-scale", "Input scale",
              "Factor on samples in [-1, 1): 1 or 32768 (-1 = as the preset)", -1, 32768, -1);
  add.choice(
      kNormalizeAs, "normalize-as", "Normalize as",
      "The preset whose published normalisation normalize=buffer applies; there is none where "
      "it is not made for this log",
      normalize_as_type(), -1);
  add.add(kRecipe, g_param_spec_string("recipe", "Recipe",
                                       "Every value that the preset and the properties resolve to, "
                                       "one key=value a line; what recipe-id in the caps hashes",
                                       nullptr, kReadOnly));
}

void install_output(Installer& add) {
  add.integer(kFrames, "frames", "Frames",
              "Frames per output buffer, one a hop-length (10 ms in most presets): fewer give less "
              "latency; 0 = the whole stream in one buffer, at its end",
              0, 3000, 100);
  add.integer(kFirstFrames, "first-frames", "First frames",
              "Frames in the first buffer (0 = as frames)", 0, 3000, 0);
  add.integer(kStride, "stride", "Stride",
              "Frames by which a buffer is ahead of the one before; less than frames makes them "
              "overlap (0 = frames)",
              0, 3000, 0);
  add.choice(kNormalize, "normalize", "Normalize",
             "Normalisation of the values; running and fixed only with presets that clamp below a "
             "maximum (whisper, granite, voxtral, openwakeword)",
             normalize_type(), static_cast<int>(NormalizeMode::none));
  add.real(kFixedMax, "fixed-max", "Fixed maximum",
           "The maximum that normalize=fixed clamps below, in the units of log", -1e6, 1e6, 1.5);
  add.time(kTailSilence, "tail-silence", "Tail silence",
           "Silence appended at the end of the stream, in ns. Its own frames are dropped, but they "
           "count for normalize=buffer. 30 s is what whisper.cpp does",
           0);
  add.choice(kEosMode, "eos-mode", "EOS mode",
             "What becomes of frames that do not fill a buffer at the end of the stream",
             eos_mode_type(), static_cast<int>(EosMode::automatic));
  add.choice(kLayout, "layout", "Layout", "Order of the values in a buffer", layout_choice_type(),
             static_cast<int>(LayoutChoice::automatic));
  add.choice(kFormat, "format", "Format", "Type of the values", format_choice_type(),
             static_cast<int>(FormatChoice::automatic));
  add.time(kMaxDuration, "max-duration", "Maximum duration",
           "With frames=0: audio in ns beyond which an error ends the stream", 3600 * GST_SECOND);
}

void install_backend(Installer& add) {
  add.choice(kBackend, "backend", "Backend", "Where frames are computed", backend_choice_type(),
             static_cast<int>(BackendChoice::automatic));
  add.add(kActiveBackend, g_param_spec_string("active-backend", "Active backend",
                                              "Where frames are computed now: software or npu",
                                              nullptr, kReadOnly));
  add.text(kDevice, "device", "Device", "NPU to use: index or PCI address (unset = the first)");
  add.text(
      kKernelPath, "kernel-path", "Kernel path",
      "Folders with NPU kernel packages, separated by colons (unset = the environment variable "
      "NPUMELSPEC_KERNEL_PATH, then the installed folder)");
  add.add(kNpuTimeout, g_param_spec_uint("npu-timeout", "NPU timeout",
                                         "Milliseconds that the NPU may take for a batch", 1,
                                         G_MAXINT, 2000, kReady));
  add.integer(kInFlight, "in-flight", "In flight",
              "Batches given to the NPU ahead of their results; live pipelines use 1", 1, 16, 2);
  add.add(kVerifyInterval,
          g_param_spec_uint("verify-interval", "Verify interval",
                            "Every n-th NPU batch is compared in full with the CPU (0 = never)", 0,
                            G_MAXINT, 64, kReady));
  add.time(kRetryInterval, "retry-interval", "Retry interval",
           "Time in ns until a failed NPU is tried again; doubles, ends after 3 failures",
           5 * GST_SECOND);
}

void install_time(Installer& add) {
  add.time(kMaxGap, "max-gap", "Maximum gap",
           "Gaps up to this (ns) are filled with silence, longer ones start the stream anew",
           GST_SECOND);
  add.time(kAlignmentThreshold, "alignment-threshold", "Alignment threshold",
           "Timestamps may be off by this (ns) before they count as a jump", 40 * GST_MSECOND);
  add.time(kDiscontWait, "discont-wait", "Discont wait",
           "How long (ns) timestamps must be off by more than alignment-threshold before a jump is "
           "accepted",
           GST_SECOND);
  add.time(kProcessingLatency, "processing-latency", "Processing latency",
           "Time (ns) granted for computing a buffer in live pipelines, a part of the latency; "
           "late-buffers in stats counts those that took longer",
           20 * GST_MSECOND, kAlways);
  add.add(kStats, g_param_spec_boxed("stats", "Statistics",
                                     "Counters since the stream started: frames, batches, samples, "
                                     "times in ns; late-buffers: took longer than "
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
