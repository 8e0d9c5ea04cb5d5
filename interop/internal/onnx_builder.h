#pragma once

#ifdef RECUR_ONNX

#include <recur/framework/tensor/array.h>

#include <onnx/onnx_pb.h>

#include <string>
#include <utility>
#include <vector>

namespace recur::interop {

/// Makes an ONNX model of opset 17 node by node.
class OnnxBuilder {
 public:
  OnnxBuilder() {
    model_.set_ir_version(8);
    model_.set_producer_name("recur");
    model_.add_opset_import()->set_version(17);
    graph().set_name("model");
  }

  /// Makes `node` add to `body`, the graph of a Scan, until the object is destroyed. Constants stay constants of the
  /// model's graph, whose values a body sees.
  class NodesIn {
   public:
    NodesIn(OnnxBuilder& builder, onnx::GraphProto& body)
        : builder_(builder), before_(std::exchange(builder.nodes_, &body)) {}
    ~NodesIn() { builder_.nodes_ = before_; }
    NodesIn(const NodesIn&) = delete;
    NodesIn& operator=(const NodesIn&) = delete;

   private:
    OnnxBuilder& builder_;
    onnx::GraphProto* before_;
  };

  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  // Sizes below 0 are free: -1 the batch, -2 the time.
  static void add_value(onnx::ValueInfoProto& value, const std::string& name, bool ids,
                        const std::vector<Index>& sizes) {
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(ids ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
    for (const Index size : sizes) {
      auto& axis = *type.mutable_shape()->add_dim();
      if (size >= 0) axis.set_dim_value(size);
      else axis.set_dim_param(size == -1 ? "batch" : "time");
    }
  }

  std::string fresh(const std::string& what) { return what + "_" + std::to_string(++count_); }

  onnx::NodeProto& node(const char* op, const std::vector<std::string>& inputs) {
    onnx::NodeProto& added = *(nodes_ == nullptr ? graph() : *nodes_).add_node();
    added.set_op_type(op);
    added.set_name(fresh(op));
    for (const std::string& input : inputs) added.add_input(input);
    last_ = added.name() + "_out";
    added.add_output(last_);
    return added;
  }
  static void set(onnx::NodeProto& to, const char* key, std::int64_t value) {
    onnx::AttributeProto& a = *to.add_attribute();
    a.set_name(key);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
  }
  static void set(onnx::NodeProto& to, const char* key, const char* value) {
    onnx::AttributeProto& a = *to.add_attribute();
    a.set_name(key);
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(value);
  }
  static void set(onnx::NodeProto& to, const char* key, float value) {
    onnx::AttributeProto& a = *to.add_attribute();
    a.set_name(key);
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(value);
  }
  static void set(onnx::NodeProto& to, const char* key, const std::vector<std::int64_t>& values) {
    onnx::AttributeProto& a = *to.add_attribute();
    a.set_name(key);
    a.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) a.add_ints(value);
  }

  std::string constant(const std::string& name, const Array& array, std::vector<std::int64_t> sizes = {}) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(fresh(name));
    if (sizes.empty())
      for (const Index size : array.shape().sizes()) sizes.push_back(size);
    for (const std::int64_t size : sizes) tensor.add_dims(size);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    std::string& raw = *tensor.mutable_raw_data();
    for (const double number : array.to_doubles()) {
      const auto value = static_cast<float>(number);
      raw.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return tensor.name();
  }
  std::string integers(const std::vector<std::int64_t>& values) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(fresh("integers"));
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    tensor.set_data_type(onnx::TensorProto::INT64);
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return tensor.name();
  }

 protected:
  onnx::ModelProto model_;
  std::string last_ = "x";  ///< The value that the node added last gives.

 private:
  onnx::GraphProto* nodes_ = nullptr;  ///< Where nodes go; null: the model's graph.
  int count_ = 0;
};

}  // namespace recur::interop

#endif
