// Data that is made up: the generators of train/samples.

#include <recur/framework/tensor/available_memory.h>
#include <recur/train/samples/adding.h>
#include <recur/train/samples/autoregression.h>
#include <recur/train/samples/chord_music.h>
#include <recur/train/samples/copy_memory.h>
#include <recur/train/samples/digit_strings.h>
#include <recur/train/samples/reber.h>
#include <recur/train/samples/temporal_order.h>
#include <recur/train/samples/text_process.h>

#include "data.h"

namespace recur::tools {
namespace {

/// One of the generators with its options.
struct Sample {
  Index size;        ///< Examples, characters or steps of an epoch, unless the config says how many.
  std::string loss;  ///< What the optimum is of.
  Index bytes;       ///< About as many does each of them take.
  std::function<Source(Generator generator, Index size, const Cut& cut)> make;
  std::optional<double> optimum{};
  std::optional<Vocabulary> vocabulary{};
};

constexpr Index longest_sequence = 1'000'000'000;
constexpr const char* of_classes = "sparse_categorical_crossentropy";

Source examples_of(Batch batch, const Cut& cut) {
  return examples(std::move(batch.inputs), std::move(batch.targets), cut);
}

Tensor<float> as_numbers(const Shape& shape, std::span<const std::int32_t> ids) {
  return {shape, std::vector<float>(ids.begin(), ids.end())};
}

Sample adding(Settings& data) {
  const Index time = data.integer("time", 100, 2, longest_sequence);
  return {10'000, "", 4 * (2 * time + 1), [time](Generator generator, Index size, const Cut& cut) {
            return examples_of(samples::adding_problem(size, time, generator), cut);
          }};
}

Sample copy(Settings& data) {
  const Index gap = data.integer("gap", 20, 1, longest_sequence);
  return {10'000, "", 16 * (gap + 20), [gap](Generator generator, Index size, const Cut& cut) {
            const samples::IdSequences ids = samples::copy_memory(size, gap, generator);
            const Shape shape{ids.batch, ids.time};
            return examples(as_numbers(shape, ids.inputs), as_numbers(shape, ids.targets), cut);
          }};
}

Sample order(Settings& /*data*/) {
  constexpr Index longest = 110;
  return {10'000, "", 4 * longest * 8, [](Generator generator, Index size, const Cut& cut) {
            return examples_of(samples::temporal_order(size, generator), cut);
          }};
}

Sample reber(Settings& data) {
  const samples::ReberGrammar grammar(data.flag("embedded", true));
  const Vocabulary vocabulary(samples::reber_symbols);
  const auto make = [=](Generator generator, Index size, const Cut& cut) {
    std::vector<std::int32_t> inputs;
    std::vector<std::int32_t> targets;
    std::vector<Index> lengths;
    for (Index i = 0; i < size; ++i) {
      const auto ids = vocabulary.encode(grammar.string(generator));
      inputs.insert(inputs.end(), ids.begin(), ids.end() - 1);
      targets.insert(targets.end(), ids.begin() + 1, ids.end());
      lengths.push_back(static_cast<Index>(ids.size()) - 1);
    }
    const Shape shape{static_cast<Index>(inputs.size())};
    return ragged({as_numbers(shape, inputs), as_numbers(shape, targets), std::move(lengths), false}, cut)
        .predicting_next();
  };
  constexpr Index usual_length = 20;
  return {2'000, of_classes, 16 * usual_length, make, grammar.optimum(), vocabulary};
}

Sample text(const samples::TextProcess& process, Settings& data, const DataOptions& options) {
  const TextCut cut_text(data);
  const Vocabulary vocabulary(process.alphabet);
  const auto make = [=, one = options.one_stream](Generator generator, Index size, const Cut& cut) {
    return cut_text(vocabulary.encode(process.draw(size, generator)), cut, one);
  };
  return {100'000, of_classes, 8, make, process.entropy, vocabulary};
}

Sample dyck(Settings& data, const DataOptions& options) {
  const samples::DyckOptions dyck{.types = data.integer("types", 2, 1),
                                  .depth = data.integer("depth", 8, 1, 1'000'000),
                                  .close = data.number("close", 0.5)};
  if (dyck.types > 4) data.refuse("types", fmt::format("at most 4 are there, got {}", dyck.types));
  return text(data.about("close", [&] { return samples::dyck_process(dyck); }), data, options);
}

Sample autoregression(Settings& data) {
  const WindowOptions cut_series = read_windows(data);
  const samples::AutoregressionOptions ar{
      .radius = data.number("radius", 0.98), .period = data.number("period", 20), .noise = data.number("noise", 0.1)};
  if (!(ar.radius >= 0 && ar.radius < 1)) data.refuse("radius", fmt::format("must be in [0, 1), got {}", ar.radius));
  if (!(ar.period > 0)) data.refuse("period", fmt::format("must be positive, got {}", ar.period));
  if (!(ar.noise > 0)) data.refuse("noise", fmt::format("must be positive, got {}", ar.noise));
  const auto make = [=](Generator generator, Index size, const Cut& cut) {
    const auto values = samples::autoregression(size, ar, generator);
    return series(Tensor<float>({size, 1}, std::vector<float>(values.begin(), values.end())), cut_series, cut);
  };
  Sample sample{10'000, "mean_squared_error", 16, make};
  // The next value, from two before it at least.
  if (cut_series.horizon == 1 && cut_series.length >= 2 && !cut_series.every_step) sample.optimum = ar.floor();
  return sample;
}

Sample chords(Settings& data) {
  const Index frames = data.integer("frames", 60, 2, longest_sequence);
  const auto make = [frames](Generator generator, Index size, const Cut& cut) {
    const Shape shape{size, frames - 1, samples::piano_keys};
    Tensor<float> inputs(shape);
    Tensor<float> targets(shape);
    const Index each = (frames - 1) * samples::piano_keys;
    for (Index i = 0; i < size; ++i) {
      const Tensor<float> piece = samples::chord_music(frames, generator);
      std::copy_n(piece.data(), each, inputs.data() + i * each);
      std::copy_n(piece.data() + samples::piano_keys, each, targets.data() + i * each);
    }
    return examples(std::move(inputs), std::move(targets), cut).predicting_next();
  };
  return {200, "binary_crossentropy", 8 * frames * samples::piano_keys, make,
          samples::chord_music_optimum() / samples::piano_keys};
}

Sample digits(Settings& data) {
  const Index least = data.integer("least", 3, 1, 1000), most = data.integer("most", 8, 1, 1000);
  if (most < least) data.refuse("most", fmt::format("must be at least {}, got {}", least, most));
  const double noise = data.number("noise", 0.25);
  if (!(noise >= 0)) data.refuse("noise", fmt::format("must not be negative, got {}", noise));
  const auto make = [=](Generator generator, Index size, const Cut& cut) {
    const samples::DigitStrings strings(
        {.count = size, .seed = generator.next_uint64(), .least = least, .most = most, .noise = noise});
    std::vector<float> columns;
    std::vector<Index> lengths;
    Tensor<float> labels({size, most});
    for (Index i = 0; i < size; ++i) {
      const Example one = strings[i];
      columns.insert(columns.end(), one.inputs.values().begin(), one.inputs.values().end());
      lengths.push_back(one.inputs.shape()[0]);
      std::ranges::copy(one.targets.values(), labels.data() + i * most);
    }
    const Shape shape{static_cast<Index>(columns.size()) / samples::digit_rows, samples::digit_rows};
    return ragged({Tensor<float>(shape, columns), std::move(labels), std::move(lengths), true}, cut);
  };
  constexpr Index columns_of_digit = 11;
  return {4'000, "", 4 * columns_of_digit * samples::digit_rows * most, make};
}

Sample read(Settings& data, const DataOptions& options) {
  const std::string name = data.choice("name", {"adding", "copy", "temporal_order", "reber", "dyck", "markov", "even",
                                                "grammar", "autoregression", "digit_strings", "chord_music"});
  if (name == "adding") return adding(data);
  if (name == "copy") return copy(data);
  if (name == "temporal_order") return order(data);
  if (name == "reber") return reber(data);
  if (name == "dyck") return dyck(data, options);
  if (name == "markov") return text(samples::markov_process(), data, options);
  if (name == "even") return text(samples::even_text_process(), data, options);
  if (name == "grammar") return text(samples::grammar_process(), data, options);
  if (name == "autoregression") return autoregression(data);
  if (name == "digit_strings") return digits(data);
  return chords(data);
}

/// Refuses more examples than there is memory for, before they are made one by one until it is used up.
Index count_of(Settings& data, const char* key, Index otherwise, Index bytes) {
  const Index count = data.integer(key, otherwise, 1);
  const std::uint64_t left = available_memory();
  if (left != unknown_memory && count > static_cast<Index>(left) / bytes)
    data.refuse(key, fmt::format("{} of about {} bytes each do not fit into the {} that are left", count, bytes, left));
  return count;
}

}  // namespace

Data read_sample(Settings& data, const DataOptions& options) {
  const Sample sample = read(data, options);
  const Index size = count_of(data, "size", sample.size, sample.bytes);
  const Index held = count_of(data, "validation", (size + 9) / 10, sample.bytes);
  const Generator seed(options.seed);
  Data result;
  result.vocabulary = sample.vocabulary;
  if (sample.optimum) result.optimum = Optimum{sample.loss, *sample.optimum};
  result.validation =
      data.about("validation", [&] { return sample.make(seed.fork("validation"), held, options.in_order()); });
  if (options.training)
    result.training = data.about("size", [&] {
      return fresh([=, cut = options.shuffled()](Index epoch) {
        return sample.make(seed.fork("train").fork(static_cast<std::uint64_t>(epoch)), size, cut);
      });
    });
  return result;
}

}  // namespace recur::tools
