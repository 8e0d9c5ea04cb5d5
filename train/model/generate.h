#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/layers/sequential.h>
#include <recur/train/data/vocabulary.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

struct GenerateOptions {
  Index count = 500;       ///< Ids to draw.
  double temperature = 1;  ///< 1 draws as the model predicts; lower is safer, higher bolder.
};

/// Ids drawn one after another from a model of ids, an Embedding first and logits `[…, classes]` at its end, after it
/// has read `prompt`. Recurrent layers begin with zeros and keep their states from id to id, whether they are stateful
/// or not; states stored before are there again afterwards. @throws ValueError for an empty prompt, a model whose
/// output depends on later steps (Bidirectional), or as `draw_class`.
[[nodiscard]] std::vector<std::int32_t> generate(Sequential& model, std::span<const std::int32_t> prompt,
                                                 const GenerateOptions& options, Generator& generator);

/// Text that begins with `prompt`, from a model of the characters of `vocabulary`. Throws ValueError
/// for a prompt with a character that is not in the vocabulary.
[[nodiscard]] std::string generate_text(Sequential& model, const Vocabulary& vocabulary, std::string_view prompt,
                                        const GenerateOptions& options, Generator& generator);

/// The class of the largest logit in each row.
[[nodiscard]] std::vector<std::int32_t> most_likely(Var logits);

}  // namespace recur
