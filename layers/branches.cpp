#include <recur/layers/branches.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/sequential.h>

#include <algorithm>
#include <map>

namespace recur {

Branches::Branches(Config config) : config_(std::move(config)) {
  require<ValueError>(!config_.branches.empty(), "Branches: the list of branches is empty");
  require<ValueError>(config_.merge == "concat" || config_.merge == "add",
                      "Branches: merge '{}' is not known; there are concat and add", config_.merge);
  std::map<std::string, int> used;
  for (const AnyLayer& branch : config_.branches) {
    require<ValueError>(!branch.empty(), "Branches: branch {} is empty (moved from?)", names_.size());
    std::string name = branch.common.name.empty() ? snake_case(branch->class_name()) : branch.common.name;
    if (const int count = used[name]++; count > 0) name += '_' + std::to_string(count);
    names_.push_back(std::move(name));
  }
}

void Branches::build(Builder& builder) {
  output_size_ = 0;
  for (AnyLayer& branch : config_.branches) {
    Builder part = builder.part(builder.input_size);
    branch.build(part);
    const Index size = branch->output_size(builder.input_size);
    require<ValueError>(config_.merge == "concat" || output_size_ == 0 || size == output_size_,
                        "Branches: outputs of {} and {} features cannot be added", output_size_, size);
    output_size_ = config_.merge == "add" ? size : output_size_ + size;
  }
}

void Branches::visit(ParameterVisitor& visitor) {
  for (std::size_t i = 0; i < names_.size(); ++i) visitor.in(names_[i], config_.branches[i]);
}

Var Branches::joined(std::vector<Var> outputs, const LayerValue& input) const {
  const auto rank = [](Var x) { return x.shape().rank(); };
  const int least = rank(std::ranges::min(outputs, {}, rank));
  for (Var& output : outputs) {
    if (rank(output) == least) continue;
    require<ValueError>(!input.mask.defined() && input.lengths.empty(),
                        "Branches: a sequence {} beside a single step has no common last step under a mask or lengths",
                        output.shape());
    const Shape shape = output.shape();
    require(rank(output) == 3 && least == 2, "Branches: outputs of {} and {} axes cannot be joined", rank(output),
            least);
    output = reshape(slice(output, 1, shape[1] - 1, 1), {shape[0], shape[2]});
  }
  if (config_.merge == "concat") return concat(outputs, -1);
  Var sum = outputs[0];
  for (std::size_t i = 1; i < outputs.size(); ++i) sum = sum + outputs[i];
  return sum;
}

LayerValue Branches::call(const LayerValue& input) {
  LayerValue output;
  std::span<const Var> masks = input.dropout_masks;
  std::vector<Var> values;
  for (const AnyLayer& branch : config_.branches) {
    LayerValue own = input;
    own.penalty = {};
    if (!masks.empty()) {
      const auto count = static_cast<std::size_t>(branch->mask_count());
      require<ValueError>(count <= masks.size(), "Branches: too few dropout masks given");
      own.dropout_masks = masks.first(count);
      masks = masks.subspan(count);
    }
    const LayerValue one = branch->call(own);
    require<ValueError>(!one.backward.defined(), "Branches: a layer with two outputs cannot be joined");
    values.push_back(one.value);
    add_penalty(output.penalty, one.penalty);
  }
  output.value = joined(std::move(values), input);
  if (output.value.shape().rank() == 3) {
    output.mask = input.mask;
    output.lengths = input.lengths;
  }
  return output;
}

Shape Branches::output_shape(const Shape& input) const {
  Shape shape = config_.branches[0]->output_shape(input);
  for (const AnyLayer& branch : config_.branches)
    if (const Shape other = branch->output_shape(input); other.rank() < shape.rank()) shape = other;
  return shape.with(-1, output_size_);
}

Index Branches::mask_count() const {
  Index count = 0;
  for (const AnyLayer& branch : config_.branches) count += branch->mask_count();
  return count;
}

std::vector<AnyLayer*> Branches::parts() {
  std::vector<AnyLayer*> parts;
  for (AnyLayer& branch : config_.branches) parts.push_back(&branch);
  return parts;
}

}  // namespace recur
