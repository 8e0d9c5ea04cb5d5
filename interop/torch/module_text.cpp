#include <recur/interop/torch/module_text.h>

#include <recur/framework/tensor/error.h>

#include <cctype>
#include <charconv>

namespace recur::interop {
namespace {

constexpr const char* function = "read_module_text";

class ModuleTextReader {
 public:
  explicit ModuleTextReader(const std::string& text) : text_(text) {}

  std::vector<TorchModule> read() {
    read_module("", 0);
    skip_spaces();
    require<FormatError>(at_ == text_.size(), "{}: '{}' follows the module", function, text_.substr(at_, 20));
    return std::move(found_);
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void expect(char c) {
    require<FormatError>(next() == c, "{}: '{}' is expected at character {}, got '{}'", function, c, at_,
                         text_.substr(at_, 20));
    ++at_;
  }
  std::string word() {
    const std::size_t begin = at_;
    while (std::isalnum(static_cast<unsigned char>(next())) != 0 || next() == '_' || next() == '.') ++at_;
    require<FormatError>(at_ > begin, "{}: a name is expected at character {}", function, begin);
    return text_.substr(begin, at_ - begin);
  }

  // `Class(arguments)`, or `Class(` and lines `(name): module`.
  void read_module(const std::string& name, int depth) {
    require<FormatError>(depth < 32, "{}: modules are nested more than 32 levels", function);
    TorchModule module;
    module.name = name;
    module.class_name = word();
    expect('(');
    skip_spaces();
    const bool has_children = next() == '(' && text_.find("):", at_) != std::string::npos && is_child();
    if (!has_children) {
      read_arguments(module);
      found_.push_back(std::move(module));
      return;
    }
    while (next() == '(') {
      expect('(');
      const std::string child = word();
      expect(')');
      expect(':');
      skip_spaces();
      read_module(name.empty() ? child : name + "." + child, depth + 1);
      skip_spaces();
    }
    expect(')');
  }

  // Whether "(name):" stands here, rather than an argument that is a tuple.
  [[nodiscard]] bool is_child() const {
    std::size_t end = at_ + 1;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_'))
      ++end;
    return end > at_ + 1 && text_.compare(end, 2, "):") == 0;
  }

  void read_arguments(TorchModule& module) {
    std::string part;
    int depth = 0;
    for (; depth > 0 || next() != ')'; ++at_) {
      require<FormatError>(at_ < text_.size(), "{}: a ')' is missing", function);
      const char c = text_[at_];
      depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
      if (c == ',' && depth == 0) add_argument(module, part);
      else if (std::isspace(static_cast<unsigned char>(c)) == 0) part += c;
    }
    expect(')');
    add_argument(module, part);
  }

  static void add_argument(TorchModule& module, std::string& part) {
    const auto equals = part.find('=');
    if (equals != std::string::npos) module.options[part.substr(0, equals)] = part.substr(equals + 1);
    else if (!part.empty()) module.arguments.push_back(part);
    part.clear();
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::vector<TorchModule> found_;
};

}  // namespace

std::string TorchModule::option(const std::string& key, const std::string& otherwise) const {
  const auto at = options.find(key);
  return at == options.end() ? otherwise : at->second;
}

long TorchModule::size(std::size_t place, const std::string& key) const {
  const std::string text = place < arguments.size() ? arguments[place] : option(key, "");
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require<FormatError>(error == std::errc() && end == text.data() + text.size() && value > 0,
                       "{}: {} of '{}' ({}) must be a size, got '{}'", function, key, name, class_name, text);
  return value;
}

std::vector<TorchModule> read_module_text(const std::string& text) { return ModuleTextReader(text).read(); }

}  // namespace recur::interop
