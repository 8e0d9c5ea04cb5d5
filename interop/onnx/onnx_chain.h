#pragma once

#include <recur/interop/onnx/onnx_layers.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace recur::interop {

/// Follows the input of a graph through its nodes and makes a layer of each that is one. Nodes of constants alone are
/// computed.
class OnnxChain {
 public:
  OnnxChain(const OnnxModel& model, std::string where);
  /// @throws FormatError as `read_onnx`
  [[nodiscard]] ModelDescription describe();

 private:
  /// What is known of a value of the graph.
  struct Value {
    enum class Kind {
      constant,
      data,    ///< Output of the layers so far.
      states,  ///< Final states of recurrent layers, side by side.
      zeros,   ///< Zeros of any size.
      given,   ///< Made of an input of the graph that is not the first.
      shape    ///< Sizes, and what is made of them.
    };
    Kind kind = Kind::shape;
    OnnxTensor constant{};
    /// A letter for each axis of data: B batch, T time, t time from the last step to the first, S one step, D
    /// direction, F features; 0 and 1 the first axes of the input until a recurrent layer says which is which.
    std::string axes{};
    Index padding = 0;                                    ///< Zeros before the first step, for a convolution.
    std::size_t layers = 0;                               ///< How many layers made the data.
    std::vector<std::pair<std::size_t, Index>> states{};  ///< Layer and direction of each.
  };

  [[nodiscard]] const Value& at(const std::string& name) const;
  [[nodiscard]] const Value* operand(const OnnxNode& node, std::size_t place) const;
  [[nodiscard]] const OnnxTensor* constant(const OnnxNode& node, std::size_t place) const;
  [[nodiscard]] std::vector<std::int64_t> list(const OnnxNode& node, std::size_t place, const char* key) const;
  [[noreturn]] void refuse(const OnnxNode& node, const std::string& reason) const;
  void begin();
  void follow(const OnnxNode& node);
  void compute(const OnnxNode& node);
  void follow_sizes(const OnnxNode& node);
  bool follow_data(const OnnxNode& node);
  bool follow_axes(const OnnxNode& node);
  bool follow_states(const OnnxNode& node);
  void set(const OnnxNode& node, Value value, std::size_t place = 0);
  [[nodiscard]] ModelDescription finish();
  void check_outputs();
  void check_output_axes(const OnnxNode& end, const std::string& axes);

  // Axes.
  void transpose(const OnnxNode& node, Value value);
  bool flatten(const OnnxNode& node, Value value);
  void squeeze(const OnnxNode& node, Value value);
  void reshape(const OnnxNode& node, Value value);
  void slice(const OnnxNode& node, Value value);
  void gather(const OnnxNode& node, Value value);
  void take_step(const OnnxNode& node, Value& value, std::size_t axis, bool last);
  void pick_states(const OnnxNode& node, Value value, std::int64_t first, std::int64_t count, bool keeps_axis);
  void join_states(const OnnxNode& node);

  // Layers.
  /// The data that a node takes, which must be those of the layer added last. @param padding zeros before the first
  /// step that the node takes in
  const Value& take(const OnnxNode& node, std::size_t place, Index padding = 0);
  void finish_states(const OnnxNode& node, Value& value);
  void add(const OnnxNode& node, OnnxLayer layer, std::string axes);
  void add_recurrent(const OnnxNode& node);
  [[nodiscard]] std::string read_time_axes(const OnnxNode& node, const std::string& axes);
  void check_initial_states(const OnnxNode& node);
  void add_embedding(const OnnxNode& node);
  void add_dense(const OnnxNode& node);
  void add_gemm(const OnnxNode& node);
  bool add_bias(const OnnxNode& node);
  void add_activation(const OnnxNode& node, const std::string& name);
  void add_layer_normalization(const OnnxNode& node);
  bool add_layer_normalization_chain(const OnnxNode& node);
  [[nodiscard]] std::vector<const OnnxNode*> normalization_of(const OnnxNode& mean) const;
  [[nodiscard]] const OnnxTensor* constant_of(const OnnxNode& node) const;
  void add_pooling(const OnnxNode& node);
  void add_normalized(const OnnxNode& node, const OnnxTensor& gamma, const OnnxTensor* beta, double epsilon);
  [[nodiscard]] std::string channel_axes(const OnnxNode& node, const Value& value);
  bool pad_steps(const OnnxNode& node);
  [[nodiscard]] const char* padding_of(const OnnxNode& node, Index reach, Index stride, Index padded) const;
  void add_convolution(const OnnxNode& node);
  void add_batch_normalization(const OnnxNode& node);
  bool add_factor(const OnnxNode& node);
  bool add_shift(OnnxLayer& layer, const OnnxTensor& shift) const;
  void add_pooling_over_steps(const OnnxNode& node);
  void need_features(const OnnxNode& node, Index features);
  [[nodiscard]] std::string features_axes(const OnnxNode& node, const Value& value) const;

  const OnnxModel& model_;
  const OnnxBody& graph_;
  std::string where_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::vector<const OnnxNode*>> users_;
  std::set<const OnnxNode*> done_;  ///< Taken together with a node before.
  std::vector<OnnxLayer> layers_;
  std::vector<std::string> notes_;
  Index features_ = 0;  ///< Of the input.
  Index size_ = 0;      ///< Of the last axis of the data.
  std::int64_t most_ = 0;
};

}  // namespace recur::interop
