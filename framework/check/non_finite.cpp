#include <recur/framework/check/non_finite.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace recur {
namespace {

template <class T>
std::optional<double> bad_number(MatrixView<const T> numbers) {
  for (Index r = 0; r < numbers.rows; ++r)
    for (Index c = 0; c < numbers.cols; ++c)
      if (const auto number = static_cast<double>(numbers(r, c)); !std::isfinite(number)) return number;
  return std::nullopt;
}

// Looks at all results of one operation; `numbers_of` is given a Var and a number type.
template <class NumbersOf>
std::optional<NonFinite> look_at(const detail::Record& record, Index position, NumbersOf numbers_of) {
  std::optional<NonFinite> found;
  record.for_each_output([&](Var y) {
    if (found || y.node()->root().use == detail::ValueUse::overwritten) return;  // it shows in the result of the writer
    const auto bad =
        dispatch_real(y.dtype(), [&]<class T>() { return bad_number<T>(numbers_of.template operator()<T>(y)); });
    if (bad) found = NonFinite{record.name(), y.shape(), *bad, position};
  });
  return found;
}

// The first bad value on a tape; parts of an operation that were recorded on other tapes come before it.
std::optional<NonFinite> first_bad_value(const Tape& tape, Index& position) {
  for (const detail::Record& record : tape.records()) {
    for (const Tape* const inner : record.inner_tapes())
      if (auto found = first_bad_value(*inner, position)) return found;
    if (auto found = look_at(record, position, []<class T>(Var y) { return y.value<T>(); })) return found;
    ++position;
  }
  return std::nullopt;
}

// Position of a record among all, those on inner tapes included.
bool count_to(const detail::Record& record, const Tape& tape, Index& position) {
  for (const detail::Record& other : tape.records()) {
    for (const Tape* const inner : other.inner_tapes())
      if (count_to(record, *inner, position)) return true;
    if (other.closure == record.closure) return true;
    ++position;
  }
  return false;
}

// Number of operations on a tape, those on inner tapes included.
Index count_all(const Tape& tape) {
  Index count = 0;
  for (const detail::Record& record : tape.records()) {
    for (const Tape* const inner : record.inner_tapes()) count += count_all(*inner);
    ++count;
  }
  return count;
}

template <class T>
void clear_gradient(Var parameter) {
  std::fill_n(parameter.adjoint<T>().data, parameter.size(), T{0});
}

}  // namespace

namespace detail {

std::string operation_name(const std::string& closure) {
  // The name before the first parameter list, without namespaces, result type and template arguments.
  std::string name;
  int depth = 0;
  for (const char* at = closure.c_str(); *at != 0; ++at) {
    if (std::string_view(at).starts_with("(anonymous namespace)::")) {
      at += std::string_view("(anonymous namespace)::").size() - 1;
      continue;
    }
    if (*at == '<') ++depth;
    if (depth == 0 && *at == '(') break;
    if (depth == 0 && (*at == ':' || *at == ' ')) name.clear();
    else if (depth == 0) name += *at;
    if (*at == '>') --depth;
  }
  return name;
}

}  // namespace detail

std::optional<NonFinite> first_non_finite(const Tape& tape) {
  Index position = 0;
  auto found = first_bad_value(tape, position);
  if (found) found->count = count_all(tape);
  return found;
}

std::optional<NonFinite> first_non_finite_gradient(Tape& tape, Var loss) {
  for (const detail::Record& record : tape.records()) {
    const detail::NodeExtra* const extra = record.output.node()->extra;
    if (extra != nullptr && extra->leaf != nullptr)
      dispatch_real(tape.dtype(), [&]<class T>() { clear_gradient<T>(record.output); });
  }
  std::optional<NonFinite> found;
  tape.backward(loss, [&](const detail::Record& record) {
    if (found) return;
    Index position = 0;
    static_cast<void>(count_to(record, tape, position));
    found = look_at(record, position, []<class T>(Var y) {
      return y.has_adjoint() ? MatrixView<const T>(y.adjoint<T>()) : MatrixView<const T>{};
    });
    // Counted now: a recomputed step leaves the tape when its backward pass ends.
    if (found) found->count = count_all(tape);
  });
  return found;
}

}  // namespace recur
