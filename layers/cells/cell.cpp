#include <recur/layers/cells/cell.h>

namespace recur {

std::vector<Index> StateSize::flat() const {
  if (!nested_) return {size_};
  std::vector<Index> sizes;
  for (const StateSize& part : parts_) {
    const auto inner = part.flat();
    sizes.insert(sizes.end(), inner.begin(), inner.end());
  }
  return sizes;
}

std::string to_string(const StateSize& size) {
  if (!size.nested()) return std::to_string(size.size());
  std::string text = "(";
  for (const StateSize& part : size.parts()) text += (text.size() > 1 ? ", " : "") + to_string(part);
  return text + ")";
}

void Builder::operator()(Parameter& parameter, Shape shape, const Initializer& initializer,
                         const Regularizer& regularizer, const Constraint& constraint) {
  for (const Index size : shape.sizes())
    require<ValueError>(size > 0, "build: '{}' would have shape {}; all sizes must be positive", parameter.name(),
                        shape);
  parameter.create(shape, dtype_);
  Generator own = generator_.fork(parts_++);
  initializer(parameter.edit(), own);
  parameter.l1 = regularizer.l1;
  parameter.l2 = regularizer.l2;
  if (constraint) parameter.constraint = constraint;
}

void CommonConfig::check(DType built) const {
  require<ValueError>(!dtype || *dtype == built, "build: '{}' is configured as {}, but built as {}", name,
                      recur::name(dtype.value_or(built)), recur::name(built));
}

Builder Builder::part(Index size) { return {size, dtype_, generator_.fork(parts_++)}; }

}  // namespace recur
