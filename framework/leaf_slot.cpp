#include <recur/framework/leaf_slot.h>

#include <recur/framework/tape.h>

namespace recur::detail {
namespace {

// Values and adjoints that are still in the second-level cache when so much has been made, and a gradient beside which they
// stay there.
constexpr Index cached_bytes = 640 * 1024;
constexpr Index small_gradient_bytes = 256 * 1024;

}  // namespace

template <class T>
const PackedMatrix<T>& TypedLeaf<T>::forward(const Parameter& parameter) {
  if (packed_version != parameter.version()) {
    settle_rows();  // products with the one before may be under way
    packed.pack(parameter.value().template as<T>().matrix(), false);
    packed_version = parameter.version();
  }
  return packed;
}

template <class T>
const PackedMatrix<T>& TypedLeaf<T>::backward(const Parameter& parameter) {
  if (transposed_version != parameter.version()) {
    settle_rows();
    packed_transposed.pack(parameter.value().template as<T>().matrix(), true);
    transposed_version = parameter.version();
  }
  return packed_transposed;
}

template <class T>
void LeafSlot::defer(MatrixView<const T> a, MatrixView<const T> b, Var result) {
  as<T>().pairs.push_back({a, b});
  Node& root = result.node()->root();
  result.tape().hold(root);
  held.push_back(&root);
  waiting_bytes += static_cast<Index>(sizeof(T)) * a.rows * (a.cols + b.cols);
  const Index gradient_bytes = static_cast<Index>(sizeof(T)) * a.cols * b.cols;
  if (waiting_bytes >= cached_bytes && gradient_bytes <= small_gradient_bytes) flush(result.tape());
}

void LeafSlot::flush(Tape& tape) {
  if (waiting() == own) return;
  settle_rows();
  std::visit(
      [&]<class T>(const TypedLeaf<T>& leaf) {
        multiply_transposed<T>(std::span(leaf.pairs).subspan(own), parameter->gradient.as<T>().matrix(),
                               tape.workspace());
      },
      typed);
  for (Node* const waits : std::span(held).subspan(own)) tape.release(*waits);
  forget();
}

void LeafSlot::forget() {
  std::visit([&](auto& leaf) { leaf.pairs.resize(own); }, typed);
  held.resize(own);
  waiting_bytes = 0;
}

template struct TypedLeaf<float>;
template struct TypedLeaf<double>;
template void LeafSlot::defer<float>(MatrixView<const float>, MatrixView<const float>, Var);
template void LeafSlot::defer<double>(MatrixView<const double>, MatrixView<const double>, Var);

}  // namespace recur::detail
