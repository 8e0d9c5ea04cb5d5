#include <recur/framework/autodiff/products.h>

#include <recur/framework/gemm/gemm.h>
#include <recur/framework/gemm/gemm_dual.h>

#include <atomic>
#include <mutex>
#include <variant>

namespace recur::detail {
namespace {

// Values and gradients that are still in the second-level cache when so much has been made, and a gradient beside which
// they stay there: then the pending products are computed early.
constexpr Index cached_bytes = 640 * 1024;
constexpr Index small_gradient_bytes = 256 * 1024;

/// One packed copy of a weight, made by the first thread that needs it after an update.
template <class T>
struct PackedCopy {
  PackedMatrix<T> matrix;
  std::atomic<std::uint64_t> version{0};

  const PackedMatrix<T>& of(const Parameter& parameter, bool transpose, std::mutex& packing) {
    if (version.load(std::memory_order_acquire) == parameter.version()) return matrix;
    const std::lock_guard lock(packing);
    if (version.load(std::memory_order_relaxed) != parameter.version()) {
      matrix.pack(parameter.value().template as<T>().matrix(), transpose);
      version.store(parameter.version(), std::memory_order_release);
    }
    return matrix;
  }
};

/// A weight `[in, out]` packed for x·W, and for dy·Wᵀ.
template <class T>
struct PackedWeights {
  PackedCopy<T> as_stored;
  PackedCopy<T> transposed;
};

}  // namespace

struct Derived {
  std::variant<PackedWeights<float>, PackedWeights<double>> weights;
  std::mutex packing;
};

std::shared_ptr<Derived> new_derived(DType dtype) {
  auto derived = std::make_shared<Derived>();
  if (dtype == DType::float64) derived->weights.emplace<PackedWeights<double>>();
  return derived;
}

struct ProductMemory {
  GemmWorkspace workspace;
  std::variant<std::vector<RowsPair<float>>, std::vector<RowsPair<double>>> pairs;
};

namespace {

ProductMemory& memory_of(TapeCore& tape) {
  if (tape.product_memory() == nullptr) tape.product_memory() = std::make_shared<ProductMemory>();
  return *tape.product_memory();
}

// The transposed left operand is rare and takes the general way, and so do duals.
bool packs(const Linear::Product& p) {
  Tape& tape = p.w.tape();
  return is_parameter(p.w) && p.transpose != Transpose::a && tape.dtype() != DType::dual &&
         tape.mechanisms().pack_weights;
}

// The packed right operand of a·op(W), and of dz·op(W)ᵀ.
template <class T>
const PackedMatrix<T>& packed(const Linear::Product& p, bool adjoint) {
  const Parameter& parameter = *p.w.node()->extra->leaf->parameter;
  Derived& derived = *parameter.derived();
  auto& weights = *std::get_if<PackedWeights<T>>(&derived.weights);
  const bool transpose = (p.transpose == Transpose::b) != adjoint;
  return (transpose ? weights.transposed : weights.as_stored).of(parameter, transpose, derived.packing);
}

template <class T>
void copy_bias(const T* bias, MatrixView<T> z) {
  for (Index r = 0; r < z.rows; ++r) std::copy_n(bias, z.cols, z.data + r * z.stride);
}

template <class T>
Index bytes_of(const Parameter& parameter) {
  return parameter.size() * static_cast<Index>(sizeof(T));
}

// Notes that the gradient needs aᵀ·dz, or its transpose.
template <class T>
void collect(const Linear::Product& p, Var z, ParameterSlot& leaf) {
  Tape& tape = z.tape();
  tape.retain_gradient(z.node()->root());
  leaf.pending.push_back({p.a, z, p.transpose == Transpose::b});
  leaf.pending_bytes += static_cast<Index>(sizeof(T)) * z.rows() * (p.a.cols() + z.cols());
  if (leaf.pending_bytes >= cached_bytes && bytes_of<T>(*leaf.parameter) <= small_gradient_bytes)
    add_pending_products(leaf, tape);
}

template <class T>
void weight_gradient(const Linear::Product& p, Var z) {
  Tape& tape = z.tape();
  if constexpr (!is_dual<T>) {
    if (is_parameter(p.w) && p.transpose != Transpose::a && tape.mechanisms().collect_weight_gradients)
      return collect<T>(p, z, *p.w.node()->extra->leaf);
  }
  const MatrixView<const T> dz = z.adjoint<T>();
  const MatrixView<const T> a = p.a.value<T>();
  const auto [dw, fresh] = p.w.claim_gradient<T>();
  GemmWorkspace& workspace = memory_of(tape).workspace;
  if (p.transpose == Transpose::b) multiply<T>(dz, true, a, false, dw, !fresh, workspace);
  else multiply<T>(a, p.transpose != Transpose::a, dz, false, dw, !fresh, workspace);
}

// da = dz·op(w)ᵀ, added to da if `accumulate`
template <class T>
void operand_gradient(const Linear::Product& p, MatrixView<const T> dz, MatrixView<T> da, bool accumulate) {
  if constexpr (!is_dual<T>) {
    if (packs(p)) return multiply<T>(dz, packed<T>(p, true), da, accumulate);
  }
  GemmWorkspace& workspace = memory_of(p.a.tape()).workspace;
  const MatrixView<const T> w = p.w.value<T>();
  if (p.transpose == Transpose::a) multiply<T>(w, false, dz, true, da, accumulate, workspace);
  else multiply<T>(dz, false, w, p.transpose != Transpose::b, da, accumulate, workspace);
}

}  // namespace

template <class T>
void multiply_into(const Linear::Product& p, MatrixView<T> z, bool accumulate, const T* bias) {
  if constexpr (!is_dual<T>) {
    if (packs(p)) {
      const PackedMatrix<T>& w = packed<T>(p, false);
      if (bias == nullptr) return multiply<T>(p.a.value<T>(), w, z, accumulate);
      return multiply<T>(p.a.value<T>(), w, z, std::span<const T>(bias, static_cast<std::size_t>(z.cols)));
    }
  }
  if (bias != nullptr) copy_bias(bias, z);
  multiply<T>(p.a.value<T>(), p.transpose == Transpose::a, p.w.value<T>(), p.transpose == Transpose::b, z,
              accumulate || bias != nullptr, memory_of(p.a.tape()).workspace);
}

template <class T>
void multiply_back(const Linear::Product& p, Var z) {
  if (p.a.wants_gradient()) {
    const auto [da, fresh] = p.a.claim_gradient<T>();
    operand_gradient<T>(p, z.adjoint<T>(), da, !fresh);
  }
  if (p.w.wants_gradient()) weight_gradient<T>(p, z);
}

template <class T>
void sum_columns(MatrixView<const T> rows, T* sums) {
  add_column_sums<T>(rows, {sums, static_cast<std::size_t>(rows.cols)});
}

void add_pending_products(ParameterSlot& leaf, TapeCore& tape) {
  if (leaf.pending.empty()) return;
  dispatch_real(tape.dtype(), [&]<class T>() {
    ProductMemory& memory = memory_of(tape);
    if (!std::holds_alternative<std::vector<RowsPair<T>>>(memory.pairs))
      memory.pairs.emplace<std::vector<RowsPair<T>>>();
    auto& pairs = *std::get_if<std::vector<RowsPair<T>>>(&memory.pairs);
    pairs.clear();
    for (const PendingProduct& p : leaf.pending) {
      const MatrixView<const T> a = p.value.value<T>();
      const MatrixView<const T> dz = p.result.adjoint<T>();
      pairs.push_back(p.transposed ? RowsPair<T>{dz, a} : RowsPair<T>{a, dz});
    }
    multiply_transposed<T>(pairs, leaf.gradient().as<T>().matrix(), memory.workspace);
  });
  for (const PendingProduct& p : leaf.pending) tape.release_gradient(p.result.node()->root());
  leaf.drop();
}

template void multiply_into(const Linear::Product&, MatrixView<float>, bool, const float*);
template void multiply_into(const Linear::Product&, MatrixView<double>, bool, const double*);
template void multiply_into(const Linear::Product&, MatrixView<Dual>, bool, const Dual*);
template void multiply_back<float>(const Linear::Product&, Var);
template void multiply_back<double>(const Linear::Product&, Var);
template void multiply_back<Dual>(const Linear::Product&, Var);
template void sum_columns(MatrixView<const float>, float*);
template void sum_columns(MatrixView<const double>, double*);
template void sum_columns(MatrixView<const Dual>, Dual*);

}  // namespace recur::detail
