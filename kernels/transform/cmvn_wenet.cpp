// SPDX-License-Identifier: LGPL-2.1-or-later
// WeNet's global_cmvn as JSON: mean_stat and var_stat, which are sums, and frame_num.
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "kernels/transform/cmvn_parse.h"

namespace npumel {
namespace {

/// Takes the three members of the outermost object as they come; a document would need many times
/// the memory of the file.
class WenetReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::optional<std::vector<double>> sums;
  std::optional<std::vector<double>> squares;
  std::optional<double> count;

  bool null() override { return other("null"); }
  bool boolean(bool /*value*/) override { return other("a boolean"); }
  bool number_integer(number_integer_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return number(value);
  }
  bool string(string_t& /*value*/) override { return other("a string"); }
  bool binary(binary_t& /*value*/) override { return other("bytes"); }

  bool start_object(std::size_t /*elements*/) override {
    if (depth_ > 0) other("an object");
    ++depth_;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) key_ = name;
    return true;
  }
  bool start_array(std::size_t /*elements*/) override {
    if (depth_ == 1 && key_ == "mean_stat") sums.emplace();
    if (depth_ == 1 && key_ == "var_stat") squares.emplace();
    if (depth_ > 1) other("an array");
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& /*error*/) override {
    throw std::invalid_argument("JSON is damaged or cut short at byte " + std::to_string(position) +
                                ", near " + token.substr(0, 40));
  }

 private:
  bool ours() const { return key_ == "mean_stat" || key_ == "var_stat" || key_ == "frame_num"; }

  /// Anything but a number is wrong inside our members and of no concern elsewhere.
  bool other(const char* what) const {
    if (ours()) throw std::invalid_argument(key_ + " holds " + what + " and not numbers");
    return true;
  }

  bool number(double value) {
    if (depth_ == 2 && key_ == "mean_stat" && sums) sums->push_back(value);
    if (depth_ == 2 && key_ == "var_stat" && squares) squares->push_back(value);
    if (depth_ == 1 && key_ == "frame_num") count = value;
    return true;
  }

  int depth_ = 0;
  std::string key_;
};

}  // namespace

CmvnStatistics parse_wenet_json(std::string_view contents) {
  WenetReader reader;
  nlohmann::json::sax_parse(contents, &reader);
  const auto need = [](bool there, const char* name) {
    if (!there) throw std::invalid_argument(std::string("JSON without ") + name);
  };
  need(reader.sums.has_value(), "mean_stat, an array of sums");
  need(reader.squares.has_value(), "var_stat, an array of sums of squares");
  need(reader.count.has_value(), "frame_num, the number of rows");
  return statistics_of_sums(CmvnStatistics::Form::wenet, *reader.sums, *reader.squares,
                            *reader.count);
}

}  // namespace npumel
