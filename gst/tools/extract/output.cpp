// SPDX-License-Identifier: LGPL-2.1-or-later
// What the forms of output share, and the simplest of them: a tree of .npy files.
#include "gst/tools/extract/output.h"

#include <array>
#include <cstdio>
#include <span>
#include <stdexcept>

namespace npumel::extract {
namespace {

class NpyTree final : public Output {
 public:
  explicit NpyTree(const Folder& folder) : folder_(folder) {}

  Place store(const Input& input, const Features& features) override {
    const std::string header = npy_header(features);
    const std::array parts = {std::as_bytes(std::span(header)), std::span(features.bytes)};
    const std::array<std::span<const std::byte>, 2> bytes = {parts[0], parts[1]};
    Place place{name_of(input), 0, header.size() + features.bytes.size()};
    folder_.replace(place.output, bytes);
    return place;
  }
  bool holds(const IndexLine& line) const override {
    return folder_.size_of(line.output) == line.bytes;
  }
  bool replaces() const override { return true; }
  void check(const Index& index, const std::vector<Input>& inputs) const override {
    if (index.is_ours()) return;
    for (const Input& input : inputs)
      if (folder_.size_of(name_of(input))) refuse_foreign(folder_, name_of(input));
  }
  void begin(const Index&) override {}
  void end() override {}

 private:
  static std::string name_of(const Input& input) { return input.name + ".npy"; }

  const Folder& folder_;
};

}  // namespace

std::string npy_header(const Features& features) {
  std::string text = std::string("{'descr': '") + (features.half ? "<f2" : "<f4") +
                     "', 'fortran_order': False, 'shape': (" + std::to_string(features.rows) +
                     ", " + std::to_string(features.columns) + "), }";
  constexpr size_t kPreamble = 10, kAlignment = 64;
  text.append((kAlignment - (kPreamble + text.size() + 1) % kAlignment) % kAlignment, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

const char* name_of(Form form) {
  return form == Form::npy ? "npy" : form == Form::tar ? "tar" : "ark";
}

void refuse_foreign(const Folder& folder, const std::string& name) {
  throw std::invalid_argument(folder.path() + "/" + name +
                              " was not written by npumel-extract: use another output folder");
}

std::unique_ptr<Output> make_npy_tree(const Folder& folder) {
  return std::make_unique<NpyTree>(folder);
}

std::unique_ptr<Output> make_output(Form form, const Folder& folder, const Shard& shard,
                                    const Properties& settings) {
  const auto is = [&](const char* name, const char* value) {
    const auto found = settings.find(name);
    return found != settings.end() && found->second == value;
  };
  switch (form) {
    case Form::tar:
      return make_tar_shards(folder, shard);
    case Form::ark:
      if (is("layout", "mel-major") || is("format", "F16LE") || is("format", "f16le"))
        throw std::invalid_argument(
            "a Kaldi archive holds float32 matrices of frames: neither layout=mel-major nor "
            "format=F16LE");
      return make_kaldi_archive(folder, shard);
    case Form::npy:
      break;
  }
  return make_npy_tree(folder);
}

}  // namespace npumel::extract
