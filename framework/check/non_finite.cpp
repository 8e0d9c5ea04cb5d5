#include <recur/framework/check/non_finite.h>

#include <cxxabi.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
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
  for (detail::Node* node = record.output; node != nullptr; node = node->sibling) {
    const Var y(node);
    if (node->root().overwritten) continue;  // what it was shows in the result of what has overwritten it
    const auto bad =
        dispatch_real(y.dtype(), [&]<class T>() { return bad_number<T>(numbers_of.template operator()<T>(y)); });
    if (bad) return NonFinite{record.name(), y.shape(), *bad, position};
  }
  return std::nullopt;
}

Index position_of(const detail::Record& record, const Tape& tape) {
  const auto same = [&](const detail::Record& other) { return other.closure == record.closure; };
  return std::ranges::find_if(tape.records(), same) - tape.records().begin();
}

}  // namespace

namespace detail {

std::string operation_name(const std::type_info& closure) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(closure.name(), nullptr, nullptr, &status),
                                                    &std::free);
  if (!text) return closure.name();
  // The name before the first parameter list, without namespaces, result type and template arguments.
  std::string name;
  int depth = 0;
  for (const char* at = text.get(); *at != 0; ++at) {
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
  for (Index i = 0; i < static_cast<Index>(tape.size()); ++i) {
    auto found = look_at(tape.records()[static_cast<std::size_t>(i)], i, []<class T>(Var y) { return y.value<T>(); });
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<NonFinite> first_non_finite_gradient(Tape& tape, Var loss) {
  for (const detail::Record& record : tape.records())
    for (detail::Node* node = record.output; node != nullptr; node = node->sibling)
      if (node->leaf != nullptr)
        dispatch_real(tape.dtype(), [&]<class T>() {
          const MatrixView<T> gradient = Var(node).adjoint<T>();
          std::fill_n(gradient.data, Var(node).size(), T{0});
        });
  std::optional<NonFinite> found;
  tape.backward(loss, [&](const detail::Record& record) {
    if (found) return;
    found =
        look_at(record, position_of(record, tape), []<class T>(Var y) { return MatrixView<const T>(y.adjoint<T>()); });
  });
  return found;
}

}  // namespace recur
