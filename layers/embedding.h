#pragma once

#include <recur/layers/cells/cell.h>
#include <recur/layers/layer_value.h>

#include <cstdint>
#include <span>

namespace recur {

struct EmbeddingOptions {
  Initializer embeddings_initializer = random_uniform();
  /// Treat id 0 as padding: `mask` is 0 there.
  bool mask_zero = false;
  Regularizer embeddings_regularizer{};
  Constraint embeddings_constraint{};
  /// Penalty on the output, passed on with a `LayerValue`.
  Regularizer activity_regularizer{};

  void fields(Fields& f);
};

/// Looks up a row of a table for each id (`tf.keras.layers.Embedding`): ids `[...]` → `[..., output_dim]`. The gradient
/// touches the used rows only.
class Embedding {
 public:
  static constexpr const char* class_name = "Embedding";
  struct Config {
    Index input_dim = 0;
    Index output_dim = 0;
    EmbeddingOptions options;
    void fields(Fields& f);
  };
  /// Throws ValueError if a size is < 1.
  Embedding(Index input_dim, Index output_dim, EmbeddingOptions options = {});

  explicit Embedding(Config config) : Embedding(config.input_dim, config.output_dim, std::move(config.options)) {}

  Parameter embeddings{"embeddings"};

  void build(Builder& build) {
    build(embeddings, {input_dim_, output_dim_}, options_.embeddings_initializer, options_.embeddings_regularizer,
          options_.embeddings_constraint);
  }
  void visit(ParameterVisitor& visitor) { visitor(embeddings); }
  /// @param shape shape of the ids, `[batch, time]` or `[time, batch]`
  /// Throws ValueError, with the position, if an id is outside [0, input_dim); ShapeError if ids do not fill the shape.
  [[nodiscard]] Var operator()(Tape& tape, std::span<const std::int32_t> ids, Shape shape);
  /// Returns 1 where the id is not 0, in the shape of the ids; undefined without `mask_zero`.
  [[nodiscard]] Var mask(Tape& tape, std::span<const std::int32_t> ids, Shape shape) const;
  /// Looks up the ids of a `LayerValue`. The output has the mask.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Shape output_shape(const Shape& ids) const { return ids.inserted(ids.rank(), output_dim_); }
  [[nodiscard]] Config config() const { return {input_dim_, output_dim_, options_}; }
  [[nodiscard]] Index input_dim() const { return input_dim_; }
  [[nodiscard]] Index output_size() const { return output_dim_; }
  [[nodiscard]] const EmbeddingOptions& options() const { return options_; }

 private:
  Index input_dim_;
  Index output_dim_;
  EmbeddingOptions options_;
};

}  // namespace recur
