#include <recur/distributed/operation.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cstring>

namespace recur::distributed {
namespace {

// Tags of one operation, and how many operations in a row have tags of their own.
constexpr int parts_of_operation = 1024;
constexpr std::uint64_t operations = 31;

const char* kind_name(Operation::Kind kind) {
  if (kind == Operation::Kind::gather) return "a gather";
  return kind == Operation::Kind::broadcast ? "a broadcast" : "a sum";
}

}  // namespace

Operation::Operation(Link& link, std::uint64_t number, Kind kind, std::uint64_t bytes, std::string_view text)
    : link_(link), headers_(static_cast<std::size_t>(link.size())), arrived_(headers_.size(), false) {
  Header& own = headers_[static_cast<std::size_t>(link.rank())];
  own.number = number;
  own.bytes = bytes;
  own.kind = kind;
  std::copy_n(text.begin(), std::min(text.size(), own.text.size()), own.text.begin());
  for (int other = 0; other < size(); ++other) {
    incoming_.push_back(0);
    if (other == rank()) continue;
    incoming_.back() = receive(other, 0, &headers_[static_cast<std::size_t>(other)], sizeof(Header));
    send(other, 0, &own, sizeof(Header));
  }
  arrived_[static_cast<std::size_t>(link.rank())] = true;
}

int Operation::tag(int part) const {
  return static_cast<int>(header(rank()).number % operations) * parts_of_operation + part;
}

Link::Request Operation::begin_send(int to, int part, const void* bytes, std::size_t count) {
  sent_ += count;
  return link_.send(to, tag(part), bytes, count);
}

Link::Request Operation::receive(int from, int part, void* bytes, std::size_t count) {
  return link_.receive(from, tag(part), bytes, count);
}

bool Operation::all_sent() {
  std::erase_if(sending_, [this](Link::Request request) { return link_.done(request); });
  return sending_.empty();
}

std::vector<int> Operation::awaited() const {
  std::vector<int> ranks;
  for (std::size_t i = 0; i < arrived_.size(); ++i)
    if (!arrived_[i]) ranks.push_back(static_cast<int>(i));
  return ranks;
}

void Operation::check_headers() const {
  const Header& own = header(rank());
  for (int other = 0; other < size(); ++other) {
    const Header& its = header(other);
    const bool same_bytes = own.kind != Kind::sum || own.bytes == its.bytes;
    require<StateError>(
        own.number == its.number && own.kind == its.kind && same_bytes,
        "World: rank {} is at operation {}, {} of {} bytes, rank {} at operation {}, {} of {} bytes; all "
        "ranks must call the same operations in the same order",
        rank(), own.number, kind_name(own.kind), own.bytes, other, its.number, kind_name(its.kind), its.bytes);
  }
}

bool Operation::advance() {
  if (!begun_) {
    bool all = true;
    for (std::size_t i = 0; i < arrived_.size(); ++i) {
      if (!arrived_[i]) arrived_[i] = link_.done(incoming_[i]);
      all = all && arrived_[i];
    }
    if (!all) return false;
    check_headers();
    begun_ = true;
    begin();
  }
  return go_on() && all_sent();
}

namespace {

// Texts as long as a header's come with the headers.
class Gather final : public Operation {
 public:
  Gather(Link& link, std::uint64_t number, std::string_view own, std::vector<std::string>& all)
      : Operation(link, number, Kind::gather, own.size(), own), all_(all) {
    all_.assign(static_cast<std::size_t>(size()), {});
    all_[static_cast<std::size_t>(rank())] = own;
  }

 private:
  void begin() override {
    const std::string& own = all_[static_cast<std::size_t>(rank())];
    for (int other = 0; other < size(); ++other) {
      if (other == rank()) continue;
      const Header& its = header(other);
      std::string& text = all_[static_cast<std::size_t>(other)];
      text.assign(its.text.data(), std::min<std::size_t>(its.bytes, its.text.size()));
      if (its.bytes > its.text.size()) {
        text.resize(its.bytes);
        waiting_.push_back(receive(other, 1, text.data(), text.size()));
      }
      if (own.size() > its.text.size()) send(other, 1, own.data(), own.size());
    }
  }
  [[nodiscard]] bool go_on() override {
    std::erase_if(waiting_, [this](Link::Request request) { return link().done(request); });
    return waiting_.empty();
  }

  std::vector<std::string>& all_;
  std::vector<Link::Request> waiting_;
};

class Broadcast final : public Operation {
 public:
  Broadcast(Link& link, std::uint64_t number, std::string& text)
      : Operation(link, number, Kind::broadcast, link.rank() == 0 ? text.size() : 0), text_(text) {}

 private:
  void begin() override {
    if (rank() == 0) {
      for (std::size_t at = 0; at < text_.size(); at += piece)
        for (int other = 1; other < size(); ++other)
          send(other, 1, text_.data() + at, std::min(piece, text_.size() - at));
      return;
    }
    text_.resize(header(0).bytes);
    for (std::size_t at = 0; at < text_.size(); at += piece)
      waiting_.push_back(receive(0, 1, text_.data() + at, std::min(piece, text_.size() - at)));
  }
  [[nodiscard]] bool go_on() override {
    std::erase_if(waiting_, [this](Link::Request request) { return link().done(request); });
    return waiting_.empty();
  }

  static constexpr std::size_t piece = std::size_t{1} << 26U;
  std::string& text_;
  std::vector<Link::Request> waiting_;
};

}  // namespace

std::unique_ptr<Operation> make_gather(Link& link, std::uint64_t number, std::string_view own,
                                       std::vector<std::string>& all) {
  return std::make_unique<Gather>(link, number, own, all);
}

std::unique_ptr<Operation> make_broadcast(Link& link, std::uint64_t number, std::string& text) {
  return std::make_unique<Broadcast>(link, number, text);
}

}  // namespace recur::distributed
