#include <recur/framework/autodiff/tape.h>

#include <recur/framework/autodiff/rows.h>
#include <recur/framework/threads/in_parts.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>

namespace recur {

template <class From>
Var Tape::copied(Shape shape, std::span<const From> values) {
  require(static_cast<Index>(values.size()) == shape.count(), "Tape::constant: {} values for shape {}", values.size(),
          shape);
  const Var result = output(shape, false);
  dispatch(dtype(), [&]<class T>() {
    detail::in_parts(result.size(), 1, [&, to = result.mutable_value<T>().data](Index first, Index count) {
      std::transform(values.data() + first, values.data() + first + count, to + first,
                     [](From value) { return static_cast<T>(value); });
    });
  });
  return result;
}

Var Tape::constant(Shape shape, std::span<const float> values) { return copied(shape, values); }
Var Tape::constant(Shape shape, std::span<const double> values) { return copied(shape, values); }
Var Tape::constant(Shape shape, std::span<const Dual> values) { return copied(shape, values); }
Var Tape::constant(const Array& array) {
  return dispatch(array.dtype(), [&]<class T>() { return copied(array.shape(), array.as<T>().values()); });
}

Var Tape::borrow(Shape shape, DType dtype, const void* values) {
  require<StateError>(dtype == this->dtype(), "Tape::borrow: {} values on a tape of {} (use constant, which converts)",
                      name(dtype), name(this->dtype()));
  detail::Node* const node = new_node(shape, shape.cols());
  node->value = const_cast<void*>(values);  // no operation writes to its operands
  return Var(node);
}

Var Tape::filled(Shape shape, double value) {
  const Var result = output(shape, false);
  dispatch(dtype(),
           [&]<class T>() { std::fill_n(result.mutable_value<T>().data, result.size(), static_cast<T>(value)); });
  return result;
}

Var Tape::detach(Var x) {
  if (dtype() == DType::dual) return constant(x.shape(), std::span<const double>(x.to_doubles()));
  const Var result = view(x, 0, x.shape(), x.node()->stride);
  result.node()->wanted = false;
  return result;
}

Var Tape::leaf(Parameter& parameter, const Array& tangent) {
  require<StateError>(dtype() == DType::dual, "Tape::leaf: a tangent for parameter '{}' on a tape of {}",
                      parameter.name(), recur::name(dtype()));
  require(tangent.shape() == parameter.shape(), "Tape::leaf: tangent {} for parameter '{}' {}", tangent.shape(),
          parameter.name(), parameter.shape());
  const std::size_t before = records_.size();
  const Var result = leaf(parameter);
  require<StateError>(records_.size() > before, "Tape::leaf: parameter '{}' is in use already; its tangent comes first",
                      parameter.name());
  const std::vector<double> direction = tangent.to_doubles();
  Dual* const values = result.mutable_value<Dual>().data;
  for (std::size_t i = 0; i < direction.size(); ++i) values[i].tangent = direction[i];
  return result;
}

template <class T>
void Tape::draw_by_row(std::span<T> values, Index rows) {
  constexpr std::uint64_t words = sizeof(T) / sizeof(std::uint32_t);
  const std::size_t cols = rows == 0 ? 0 : values.size() / static_cast<std::size_t>(rows);
  const Generator::State start = generator_.state();
  const bool divided = batch_rows_.first != 0 || batch_rows_.step != 1;
  const auto row_state = [&](Index row) {
    return Generator::State{start.seed, start.stream, start.position + static_cast<std::uint64_t>(row) * cols * words};
  };
  if (!divided) generator_.fill_uniform(values);
  for (Index r = 0; divided && r < rows; ++r)
    Generator(row_state(batch_rows_.first + r * batch_rows_.step))
        .fill_uniform(values.subspan(static_cast<std::size_t>(r) * cols, cols));
  generator_ = Generator(row_state(std::max(rows, batch_rows_.total)));
}

void Tape::draw_uniform(std::span<float> values, Index rows) { draw_by_row(values, rows); }
void Tape::draw_uniform(std::span<double> values, Index rows) { draw_by_row(values, rows); }

void Tape::copy_modes(Tape& other) {
  recording_ = other.recording();
  training_ = other.training_;
  frozen_ = other.frozen_;
  set_will_recompute(other.will_recompute());
  mechanisms() = other.mechanisms();
}

namespace {

void check_wanted(Var y) {
  require<StateError>(y.wants_gradient(),
                      "Tape::backward: nothing the {} value depends on wants a gradient (was recording off?)",
                      y.shape());
}

}  // namespace

void Tape::backward(Var loss) {
  require(loss.size() == 1, "Tape::backward: shape {} is not a single number (reduce it with sum or mean first)",
          loss.shape());
  check_wanted(loss);
  dispatch(dtype(), [&]<class T>() { *loss.add_gradient<T>().data += T{1}; });
  propagate();
}

void Tape::backward(Var loss, const std::function<void(const detail::Record&)>& before) {
  set_before_record(&before);
  try {
    backward(loss);
  } catch (...) {
    set_before_record(nullptr);
    throw;
  }
  set_before_record(nullptr);
}

void Tape::backward(Var y, const Array& seed) {
  check_wanted(y);
  require(seed.shape() == y.shape(), "Tape::backward: seed {} for a value of shape {}", seed.shape(), y.shape());
  if (dtype() == DType::dual && seed.dtype() != DType::dual) {
    Array own(seed.shape(), dtype());
    own.assign(seed);
    return backward(y, own);
  }
  dispatch(dtype(), [&]<class T>() {
    const MatrixView<const T> from = seed.as<T>().matrix();
    const auto [to, fresh] = y.claim_gradient<T>();
    detail::in_parts(from.rows, from.cols, [&, to = to, fresh = fresh](Index first, Index count) {
      detail::put_rows<T>(from.middle_rows(first, count), {to.middle_rows(first, count), fresh});
    });
  });
  propagate();
}

void Tape::propagate() {
  with_team(static_cast<Index>(size()), [this] { run_backwards(0); });
}

void Tape::reset() {
  forget_changes();  // nothing is left that could point anywhere
  rewind(Mark{});
  ++pass_;
}

std::size_t Tape::memory() const {
  return values_.capacity() + nodes_.capacity() + (attachment() == nullptr ? 0 : attachment()->memory());
}

}  // namespace recur
