#include <recur/interop/torch/pickle.h>

#include <recur/framework/tensor/error.h>
#include <recur/interop/torch/pickle_globals.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace recur::interop {
namespace {

using Kind = PickleNode::Kind;
using Place = std::uint32_t;

constexpr std::size_t largest = 16U << 20U;

class Machine {
 public:
  Machine(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {
    require<FormatError>(bytes.size() <= largest, "{}: the pickle has {} bytes, at most {} are read", where,
                         bytes.size(), largest);
  }

  Pickle run() {
    while (step()) {
    }
    check(stack_.size() == 1 && marks_.empty(), "{} objects are left where the pickle ends, one is expected",
          stack_.size());
    pickle_.root = stack_.front();
    pickle_.size = at_;
    return std::move(pickle_);
  }

  // What opcodes are made of.
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (condition) return;
    fail<FormatError>("{}: pickle, byte {}: {}", where_, begin_, fmt::vformat(message, fmt::make_format_args(args...)));
  }

  std::string_view take(std::size_t count) {
    check(count <= bytes_.size() - at_, "the pickle is cut short");
    const std::string_view found = bytes_.substr(at_, count);
    at_ += count;
    return found;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string line() {
    const std::size_t end = bytes_.find('\n', at_);
    check(end != std::string_view::npos, "the pickle is cut short");
    const std::string text(take(end - at_));
    ++at_;
    return text;
  }

  Place add(Kind kind) {
    pickle_.nodes.emplace_back();
    pickle_.nodes.back().kind = kind;
    return static_cast<Place>(pickle_.nodes.size() - 1);
  }
  void push(Kind kind) { stack_.push_back(add(kind)); }
  void push_integer(std::int64_t value) {
    push(Kind::integer);
    top().integer = value;
  }
  void push_text(std::string_view text) {
    push(Kind::text);
    top().text = text;
  }
  PickleNode& top() {
    check(stack_.size() > floor(), "an object is missing on the stack");
    return pickle_.nodes[stack_.back()];
  }
  Place pop() {
    (void)top();
    const Place place = stack_.back();
    stack_.pop_back();
    return place;
  }
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  // The objects above the last mark.
  std::vector<Place> pop_to_mark() {
    check(!marks_.empty(), "there is no mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Place> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  std::vector<Place> pop(std::size_t count) {
    std::vector<Place> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  void check_version(int version) const {
    check(version >= 2 && version <= 5, "protocol {} is not supported (2 to 5 are)", version);
  }
  void push_truth(bool value) {
    push(Kind::boolean);
    top().integer = value ? 1 : 0;
  }
  void push_mark() { marks_.push_back(stack_.size()); }
  void push_tuple(std::vector<Place> items) {
    push(Kind::tuple);
    top().items = std::move(items);
  }
  void extend_list(const std::vector<Place>& items) {
    check(top().kind == Kind::list, "something is appended to what is no list");
    top().items.insert(top().items.end(), items.begin(), items.end());
  }
  void extend_dict(const std::vector<Place>& items) {
    check(top().kind == Kind::dict && items.size() % 2 == 0, "an item is set of what is no dict");
    for (std::size_t i = 0; i < items.size(); i += 2) {
      const Kind key = pickle_[items[i]].kind;
      check(key == Kind::text || key == Kind::integer, "a key of a dict is neither text nor a number");
    }
    top().items.insert(top().items.end(), items.begin(), items.end());
  }
  void push_memo(std::size_t key) {
    const auto found = memo_.find(key);
    check(found != memo_.end(), "memo {} was not stored", key);
    stack_.push_back(found->second);
  }
  void store_memo(std::size_t key) {
    (void)top();
    memo_[key] = stack_.back();
  }

  void push_global() {
    const std::string module = line();
    const std::string name = module + " " + line();
    const std::string reason = refusal_of_global(name);
    check(reason.empty(), "{}", reason);
    push(Kind::global);
    top().text = name;
  }
  void push_long() {
    const std::size_t count = number<std::uint8_t>();
    check(count <= 8, "an integer of {} bytes", count);
    const std::string_view digits = take(count);
    std::uint64_t value = count > 0 && (static_cast<unsigned char>(digits.back()) & 0x80U) != 0 ? ~0ULL : 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8U | static_cast<unsigned char>(digits[i]);
    push_integer(static_cast<std::int64_t>(value));
  }
  void push_real() {
    std::uint64_t bits = 0;
    for (const char c : take(8)) bits = bits << 8U | static_cast<unsigned char>(c);
    push(Kind::real);
    top().real = std::bit_cast<double>(bits);
  }

  // ('storage', type, key, location, elements[, view]).
  void push_storage() {
    const std::vector<Place> id = pickle_[pop()].items;
    check(id.size() == 5 || id.size() == 6, "a storage is named by {} things, 5 or 6 are expected", id.size());
    check(pickle_[id[0]].text == "storage" && pickle_[id[1]].kind == Kind::global &&
              pickle_[id[2]].kind == Kind::text && pickle_[id[3]].kind == Kind::text &&
              pickle_[id[4]].kind == Kind::integer,
          "a persistent id that is no storage: a whole pickled module; save model.state_dict()");
    check(pickle_[id[3]].text != "meta", "a storage on the device \"meta\", which has no data");
    const auto type = storage_type(pickle_[id[1]].text);
    check(type.has_value(), "'{}' is not a type of storage", pickle_[id[1]].text);
    check(id.size() == 5 || pickle_[id[5]].kind == Kind::none,
          "a storage that is a view of another one (PyTorch before 0.4); save it again with a newer PyTorch");
    PickleNode storage;
    storage.kind = Kind::storage;
    storage.type = *type;
    storage.text = pickle_[id[2]].text;
    storage.integer = pickle_[id[4]].integer;
    check(storage.integer >= 0, "a storage of {} elements", storage.integer);
    pickle_.nodes.push_back(std::move(storage));
    stack_.push_back(static_cast<Place>(pickle_.nodes.size() - 1));
  }

  void reduce() {
    const Place arguments = pop();
    const Place callee = pop();
    check(pickle_[arguments].kind == Kind::tuple && pickle_[callee].kind == Kind::global,
          "something that is no function is called");
    const std::string name = pickle_[callee].text;  // a copy: nodes move when one is added
    const std::vector<Place> items = pickle_[arguments].items;
    if (name == "collections OrderedDict") make_dict(items);
    else if (name == "torch Size" && items.size() == 1) stack_.push_back(items[0]);
    else if (name == "torch._utils _rebuild_parameter" && items.size() == 3) stack_.push_back(items[0]);
    else if (name.starts_with("torch._utils _rebuild_tensor")) make_tensor(name, items);
    else check(false, "'{}' is called with {} arguments", name, items.size());
  }

  void make_dict(const std::vector<Place>& arguments) {
    push(Kind::dict);
    check(arguments.size() <= 1, "OrderedDict with {} arguments", arguments.size());
    if (arguments.empty()) return;
    check(pickle_[arguments[0]].kind == Kind::list, "OrderedDict of what is no list");
    std::vector<Place> items;
    for (const Place pair : pickle_[arguments[0]].items) {
      check(pickle_[pair].items.size() == 2, "OrderedDict of what are no pairs");
      items.insert(items.end(), pickle_[pair].items.begin(), pickle_[pair].items.end());
    }
    extend_dict(items);
  }

  void make_tensor(const std::string& name, const std::vector<Place>& items) {
    check(items.size() >= 4 && pickle_[items[0]].kind == Kind::storage && pickle_[items[1]].kind == Kind::integer,
          "a tensor is not made of storage, offset, sizes and strides");
    std::vector<std::int64_t> extent = {pickle_[items[1]].integer};
    for (const std::size_t which : {2U, 3U}) {
      check(pickle_[items[which]].kind == Kind::tuple, "sizes or strides of a tensor are no tuple");
      check(pickle_[items[which]].items.size() == pickle_[items[2]].items.size(),
            "a tensor has more strides than sizes");
      for (const Place size : pickle_[items[which]].items) {
        check(pickle_[size].kind == Kind::integer && pickle_[size].integer >= 0,
              "a size or stride of a tensor is no size");
        extent.push_back(pickle_[size].integer);
      }
    }
    TorchType type = pickle_[items[0]].type;
    if (name.ends_with("_v3")) {
      check(items.size() >= 7 && pickle_[items[6]].kind == Kind::global, "a tensor without a type");
      const auto own = element_type(pickle_[items[6]].text);
      check(own.has_value(), "'{}' is not a type of numbers", pickle_[items[6]].text);
      type = *own;
    }
    check(type != TorchType::bytes, "a tensor of bytes without a type");
    push(Kind::tensor);
    top().type = type;
    top().items = {items[0]};
    top().extent = std::move(extent);
  }

  // The state of an OrderedDict (its _metadata) is dropped.
  void build() {
    const Place state = pop();
    check(top().kind == Kind::dict && pickle_[state].kind == Kind::dict,
          "an object is given a state: a whole pickled module; save model.state_dict()");
  }

 private:
  [[nodiscard]] bool step();

  std::string_view bytes_;
  const std::string& where_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the current opcode
  Pickle pickle_;
  std::vector<Place> stack_;
  std::vector<std::size_t> marks_;
  std::map<std::size_t, Place> memo_;
};

/// What an opcode does. STOP ('.') is not among them.
struct Opcode {
  unsigned char code;
  void (*run)(Machine& m);
};

constexpr Opcode opcodes[] = {{0x80, [](Machine& m) { m.check_version(m.number<std::uint8_t>()); }},
                              {'X', [](Machine& m) { m.push_text(m.take(m.number<std::uint32_t>())); }},
                              {'U', [](Machine& m) { m.push_text(m.take(m.number<std::uint8_t>())); }},
                              {'T', [](Machine& m) { m.push_text(m.take(m.number<std::uint32_t>())); }},
                              {'K', [](Machine& m) { m.push_integer(m.number<std::uint8_t>()); }},
                              {'M', [](Machine& m) { m.push_integer(m.number<std::uint16_t>()); }},
                              {'J', [](Machine& m) { m.push_integer(m.number<std::int32_t>()); }},
                              {0x8A, [](Machine& m) { m.push_long(); }},
                              {'G', [](Machine& m) { m.push_real(); }},
                              {'N', [](Machine& m) { m.push(Kind::none); }},
                              {0x88, [](Machine& m) { m.push_truth(true); }},
                              {0x89, [](Machine& m) { m.push_truth(false); }},
                              {'(', [](Machine& m) { m.push_mark(); }},
                              {')', [](Machine& m) { m.push_tuple({}); }},
                              {0x85, [](Machine& m) { m.push_tuple(m.pop(1)); }},
                              {0x86, [](Machine& m) { m.push_tuple(m.pop(2)); }},
                              {0x87, [](Machine& m) { m.push_tuple(m.pop(3)); }},
                              {'t', [](Machine& m) { m.push_tuple(m.pop_to_mark()); }},
                              {']', [](Machine& m) { m.push(Kind::list); }},
                              {'a', [](Machine& m) { m.extend_list(m.pop(1)); }},
                              {'e', [](Machine& m) { m.extend_list(m.pop_to_mark()); }},
                              {'}', [](Machine& m) { m.push(Kind::dict); }},
                              {'s', [](Machine& m) { m.extend_dict(m.pop(2)); }},
                              {'u', [](Machine& m) { m.extend_dict(m.pop_to_mark()); }},
                              {'c', [](Machine& m) { m.push_global(); }},
                              {'q', [](Machine& m) { m.store_memo(m.number<std::uint8_t>()); }},
                              {'r', [](Machine& m) { m.store_memo(m.number<std::uint32_t>()); }},
                              {'h', [](Machine& m) { m.push_memo(m.number<std::uint8_t>()); }},
                              {'j', [](Machine& m) { m.push_memo(m.number<std::uint32_t>()); }},
                              {'R', [](Machine& m) { m.reduce(); }},
                              {'Q', [](Machine& m) { m.push_storage(); }},
                              {'b', [](Machine& m) { m.build(); }}};

bool Machine::step() {
  begin_ = at_;
  const unsigned char code = number<std::uint8_t>();
  if (code == '.') return false;
  const auto* const found =
      std::find_if(std::begin(opcodes), std::end(opcodes), [&](const Opcode& opcode) { return opcode.code == code; });
  check(found != std::end(opcodes), "opcode {:#x} is not one of those that state dicts are made of (pickle_protocol=2)",
        code);
  found->run(*this);
  return true;
}

}  // namespace

Pickle read_pickle(std::string_view bytes, const std::string& where) { return Machine(bytes, where).run(); }

}  // namespace recur::interop
