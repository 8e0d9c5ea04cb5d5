#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Embedding of a category that stands as a number among other features: takes feature `column` out of `[…, features]`
/// and puts the row of a table that it names at the end, `[…, features - 1 + output_dim]`. The other features stay as
/// they are.
class CategoryEmbedding {
 public:
  static constexpr const char* class_name = "CategoryEmbedding";
  struct Config {
    Index column = 0;
    Index input_dim = 0;
    Index output_dim = 0;
    Initializer embeddings_initializer = random_uniform();
    void fields(Fields& f);
  };

  /// Throws ValueError if a size is < 1.
  explicit CategoryEmbedding(Config config);
  CategoryEmbedding(Index column, Index input_dim, Index output_dim)
      : CategoryEmbedding(Config{column, input_dim, output_dim}) {}

  Parameter embeddings{"embeddings"};

  /// Throws ValueError if there is no such feature.
  void build(Builder& builder);
  void visit(ParameterVisitor& visitor) { visitor(embeddings); }
  /// Throws ValueError for a number that is no whole number in [0, input_dim).
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input.with(-1, output_size_); }
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
  Index output_size_ = 0;
};

}  // namespace recur
