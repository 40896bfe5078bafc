// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and checks the files of a kernel package.
#include "gst/backend/packages/kernel_package.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "kernels/mel/sha256.h"

namespace npumel {
namespace {

std::string errno_text() { return std::generic_category().message(errno); }

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

/// Who may write what the process loads: the user, root, and who owns "/" (in a container root of
/// the machine outside may have no name inside).
bool is_trusted(uid_t owner) {
  static const uid_t owner_of_all = [] {
    struct stat status {};
    return stat("/", &status) == 0 ? status.st_uid : uid_t{0};
  }();
  return owner == 0 || owner == geteuid() || owner == owner_of_all;
}

/// Throws unless only trusted users can change the file or folder.
void require_own(const struct stat& status, const std::string& label) {
  if (!is_trusted(status.st_uid))
    throw std::runtime_error(label + ": belongs to another user, not used");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw std::runtime_error(label + ": others can write to it, not used (chmod go-w)");
}

/// Throws when a folder above could be used by others to put another one in its place. They are the
/// real parents, link or no link. In a folder with the sticky bit (/tmp) only owners rename.
void require_own_parents(int folder, const std::string& label) {
  struct stat below {};
  if (fstat(folder, &below) != 0) throw std::runtime_error(label + ": " + errno_text());
  int last = folder;
  std::unique_ptr<Descriptor> owned;
  for (;;) {
    auto parent =
        std::make_unique<Descriptor>(openat(last, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    if (parent->get() < 0 || fstat(parent->get(), &status) != 0)
      throw std::runtime_error(label + ": a folder above it: " + errno_text());
    if (status.st_dev == below.st_dev && status.st_ino == below.st_ino) return;  // "/"
    if (!is_trusted(status.st_uid))
      throw std::runtime_error(label + ": a folder above it belongs to another user, not used");
    if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
      throw std::runtime_error(label + ": everybody can write to a folder above it, not used");
    below = status;
    owned = std::move(parent);
    last = owned->get();
  }
}

}  // namespace

bool is_plain_basename(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() < 256 &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

PackageDirectory::PackageDirectory(const std::string& folder) : folder_(folder) {
  // A slash at the end would have a link followed.
  const std::size_t last = folder.find_last_not_of('/');
  const std::string bare = last == std::string::npos ? folder : folder.substr(0, last + 1);
  Descriptor opened(::open(bare.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (opened.get() < 0) {
    const int reason = errno;
    std::error_code ignored;
    if (std::filesystem::is_symlink(bare, ignored))
      throw std::runtime_error(folder + ": is a link, not followed (name the folder itself)");
    errno = reason;
    throw std::runtime_error(folder + ": " + errno_text());
  }
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) throw std::runtime_error(folder + ": " + errno_text());
  require_own(status, folder);
  require_own_parents(opened.get(), folder);
  descriptor_ = opened.release();
}

PackageDirectory::~PackageDirectory() { ::close(descriptor_); }

std::vector<std::string> PackageDirectory::names_with(const std::string& suffix) const {
  std::vector<std::string> names;
  Descriptor copy(openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* opened = copy.get() < 0 ? nullptr : fdopendir(copy.get());
  if (opened == nullptr) return names;
  copy.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opened, closedir);
  while (const dirent* entry = readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = entry->d_name;
    if (name.size() > suffix.size() && name.ends_with(suffix) && is_plain_basename(name))
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string PackageDirectory::read(const std::string& name, std::size_t limit) const {
  const std::string label = folder_ + "/" + name;
  if (!is_plain_basename(name)) throw std::runtime_error(label + ": not a plain file name");
  // NONBLOCK: a FIFO must not hold us up before we see that it is one.
  const Descriptor file(
      openat(descriptor_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0)
    throw std::runtime_error(label + ": " +
                             (errno == ELOOP ? "is a link, not followed" : errno_text()));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw std::runtime_error(label + ": " + errno_text());
  if (!S_ISREG(status.st_mode)) throw std::runtime_error(label + ": is not a regular file");
  require_own(status, label);
  if (static_cast<std::size_t>(status.st_size) > limit)
    throw std::runtime_error(label + ": " + std::to_string(status.st_size) + " bytes, at most " +
                             std::to_string(limit));
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error(label + ": cannot be read in full");
    done += static_cast<std::size_t>(got);
  }
  return content;
}

namespace {

using Json = nlohmann::json;

constexpr int kNewestFormat = 2;
constexpr std::string_view kElfMagic =
    "\x7f"
    "ELF";
constexpr int kMaxNesting = 16;
constexpr std::string_view kManifestSuffix = ".json";
// Byte offset of the total size in the header of a transaction buffer, and the header's length.
constexpr std::size_t kTxnSizeOffset = 12;
constexpr std::size_t kTxnHeaderBytes = 16;

[[noreturn]] void refuse(const std::string& reason) {
  throw BackendError(BackendFault::bad_package, reason);
}

// Typed access: nlohmann's own messages do not name the key.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) refuse(where_ + ": is not an object");
  }

  int integer(const char* key, int64_t least, int64_t most) const {
    const Json& value = at(key);
    if (!value.is_number_integer()) refuse(where_ + ": " + key + " is not a whole number");
    const bool huge =
        value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(most);
    const int64_t number = huge ? most + 1 : value.get<int64_t>();
    if (number < least || number > most)
      refuse(where_ + ": " + key + " must be " + std::to_string(least) +
             (least == most ? "" : " to " + std::to_string(most)));
    return static_cast<int>(number);
  }

  double number(const char* key, double otherwise) const {
    if (!object_.contains(key)) return otherwise;
    const Json& value = at(key);
    if (!value.is_number() || !std::isfinite(value.get<double>()))
      refuse(where_ + ": " + key + " is not a number");
    return value.get<double>();
  }

  std::string text(const char* key) const {
    const Json& value = at(key);
    if (!value.is_string() || value.get_ref<const std::string&>().size() > 128)
      refuse(where_ + ": " + key + " is not a short text");
    return value.get<std::string>();
  }

  std::string text(const char* key, const char* otherwise) const {
    return object_.contains(key) ? text(key) : otherwise;
  }

  void expect_text(const char* key, const char* expected) const {
    if (text(key) != expected) refuse(where_ + ": " + key + " must be " + expected);
  }

  std::string digest(const char* key) const {
    std::string value = text(key);
    if (value.size() != 64 || value.find_first_not_of("0123456789abcdef") != std::string::npos)
      refuse(where_ + ": " + key + " is not 64 lower-case hex digits");
    return value;
  }

  Fields object(const char* key) const { return {at(key), where_ + ": " + key}; }

 private:
  const Json& at(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) refuse(where_ + ": has no " + key);
    return *found;
  }

  const Json& object_;
  std::string where_;
};

// Depth of arrays and objects, before anything builds a tree of that depth.
int nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (quoted && c == '\\') i++;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') depth--;
  }
  return deepest;
}

// Kernels exist for these presets' filters; what else they serve is same_mel()'s matter.
Recipe kernel_recipe(const std::string& preset_name, int mels, const std::string& where) {
  const auto preset = from_nick<Preset>(preset_name);
  if (!preset || *preset == Preset::custom) refuse(where + ": unknown recipe " + preset_name);
  if (published_rate(*preset) == 0) refuse(where + ": recipe " + preset_name + " has no rate");
  Recipe recipe = resolve(*preset, {}, published_rate(*preset));
  if (recipe.mels != mels)
    refuse(where + ": recipe " + preset_name + " has " + std::to_string(recipe.mels) +
           " mels, the manifest says " + std::to_string(mels));
  if (recipe.hop_length != aie2::kHop || recipe.win_length != aie2::kWin ||
      recipe.log == LogType::none)
    refuse(where + ": recipe " + preset_name + " is not one that a kernel can compute");
  return recipe;
}

RowCoding row_coding(const Fields& output, int abi, const std::string& where) {
  RowCoding coding;
  if (abi == 3) {
    output.expect_text("type", "float32");
    output.expect_text("layout", "frame-major");
    const std::string log = output.text("log");
    if (log != "log10" && log != "ln") refuse(where + ": log must be log10 or ln");
    coding.bytes = sizeof(float);
    coding.scale = log == "ln" ? 1 / std::numbers::ln10 : 1;
    return coding;
  }
  coding.bytes = abi == 1 ? 1 : 2;
  output.expect_text("type", abi == 1 ? "int8" : "int16");
  output.expect_text("layout", "frame-major");
  coding.scale = output.number("scale", 0);
  coding.zero_point = output.integer("zero-point", -32768, 32767);
  if (coding.scale < 1e-6 || coding.scale > 1) refuse(where + ": scale must be 1e-6 to 1");
  coding.step = coding.scale;
  return coding;
}

}  // namespace

std::size_t KernelManifest::input_bytes() const {
  const int samples = abi == 1 ? frames * aie2::kWin : (frames - 1) * aie2::kHop + aie2::kWin;
  return static_cast<std::size_t>(samples) * sizeof(int16_t);
}

std::size_t KernelManifest::output_bytes() const {
  return static_cast<std::size_t>(frames) * static_cast<std::size_t>(recipe.mels) *
         static_cast<std::size_t>(coding.bytes);
}

KernelManifest parse_manifest(const std::string& folder, const std::string& name,
                              std::string_view text) {
  const std::string where = folder + "/" + name + std::string(kManifestSuffix);
  if (nesting(text) > kMaxNesting) refuse(where + ": nested too deeply");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) refuse(where + ": is not JSON");
  const Fields fields(json, where);
  KernelManifest manifest;
  manifest.format = fields.integer("format", 1, kNewestFormat);
  manifest.name = name;
  manifest.folder = folder;
  manifest.target = fields.text("target");
  manifest.abi = fields.integer("abi", 1, 3);
  manifest.frames = fields.integer("frames", kBatchFrames, aie2::kLongestBatch);
  if (manifest.frames != kBatchFrames &&
      (manifest.frames != aie2::kLongestBatch || manifest.abi == 1))
    refuse(where + ": frames must be " + std::to_string(kBatchFrames) +
           (manifest.abi == 1 ? "" : " or " + std::to_string(aie2::kLongestBatch)));
  fields.integer("hop", aie2::kHop, aie2::kHop);
  const int mels = fields.integer("mels", 1, 128);
  manifest.recipe = kernel_recipe(fields.text("recipe"), mels, where);
  const Fields input = fields.object("input");
  input.expect_text("type", "int16");
  const auto samples = static_cast<int64_t>(manifest.input_bytes() / sizeof(int16_t));
  input.integer("samples", samples, samples);
  manifest.coding = row_coding(fields.object("output"), manifest.abi, where);
  manifest.tolerance = fields.number("tolerance", manifest.tolerance);
  if (manifest.tolerance <= 0 || manifest.tolerance > 0.5)
    refuse(where + ": tolerance must be above 0 and at most 0.5");
  manifest.host_twin = fields.text("host-twin", "");
  const Fields digests = fields.object("sha256");
  if (manifest.format == 2) {
    manifest.elf_kernel = fields.text("kernel");
    manifest.elf_sha256 = digests.digest("elf");
    return manifest;
  }
  manifest.instruction_words = static_cast<std::size_t>(
      fields.integer("instruction-words", 4, kMaxInstructionBytes / sizeof(uint32_t)));
  manifest.xclbin_sha256 = digests.digest("xclbin");
  manifest.instructions_sha256 = digests.digest("insts");
  return manifest;
}

namespace {

void check_elf(const KernelPackage& package) {
  const std::string where = package.manifest.folder + "/" + package.manifest.name;
  if (sha256_hex(package.elf) != package.manifest.elf_sha256)
    refuse(where + ".elf: is not the file the manifest describes (SHA-256)");
  if (!std::string_view(package.elf).starts_with(kElfMagic)) refuse(where + ".elf: is not an ELF");
}

}  // namespace

KernelPackage load_package(const KernelManifest& manifest) {
  KernelPackage package;
  package.manifest = manifest;
  try {
    const PackageDirectory directory(manifest.folder);
    if (manifest.format == 2) {
      package.elf = directory.read(manifest.name + ".elf", kMaxElfBytes);
      check_elf(package);
      return package;
    }
    package.xclbin = directory.read(manifest.name + ".xclbin", kMaxXclbinBytes);
    package.instructions = directory.read(manifest.name + ".insts.bin", kMaxInstructionBytes);
  } catch (const std::runtime_error& error) {
    refuse(error.what());
  }
  const std::string where = manifest.folder + "/" + manifest.name;
  if (sha256_hex(package.xclbin) != manifest.xclbin_sha256)
    refuse(where + ".xclbin: is not the file the manifest describes (SHA-256)");
  const std::string& instructions = package.instructions;
  if (sha256_hex(instructions) != manifest.instructions_sha256)
    refuse(where + ".insts.bin: is not the file the manifest describes (SHA-256)");
  if (instructions.size() != manifest.instruction_words * sizeof(uint32_t))
    refuse(where + ".insts.bin: " + std::to_string(instructions.size()) +
           " bytes, the manifest says " + std::to_string(manifest.instruction_words) + " words");
  uint32_t declared = 0;
  if (instructions.size() >= kTxnHeaderBytes)
    std::memcpy(&declared, instructions.data() + kTxnSizeOffset, sizeof declared);
  if (declared != instructions.size())
    refuse(where + ".insts.bin: its header says " + std::to_string(declared) +
           " bytes, the file has " + std::to_string(instructions.size()));
  return package;
}

PackageFolder read_package_folder(const std::string& folder) {
  PackageFolder found;
  std::error_code missing;
  if (!std::filesystem::exists(folder, missing)) return found;
  try {
    const PackageDirectory directory(folder);
    for (const std::string& file : directory.names_with(std::string(kManifestSuffix))) {
      try {
        const std::string name = file.substr(0, file.size() - kManifestSuffix.size());
        found.manifests.push_back(
            parse_manifest(folder, name, directory.read(file, kMaxManifestBytes)));
      } catch (const std::runtime_error& error) {
        found.refused.push_back(printable(error.what()));
      }
    }
  } catch (const std::runtime_error& error) {
    found.refused.push_back(printable(error.what()));
  }
  return found;
}

}  // namespace npumel
