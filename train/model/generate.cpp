#include <recur/train/model/generate.h>

#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/recurrent/states_aside.h>
#include <recur/train/callbacks/draw.h>

#include <algorithm>

namespace recur {
namespace {

// Makes all recurrent layers carry their states, and puts options and states back in the end.
class Streaming {
 public:
  explicit Streaming(std::vector<RNN*> rnns) : rnns_(std::move(rnns)), aside_(rnns_) {
    for (RNN* rnn : rnns_) {
      before_.push_back(rnn->options());
      RNNOptions options = rnn->options();
      options.stateful = true;
      rnn->set_options(options);
    }
  }
  Streaming(const Streaming&) = delete;
  Streaming& operator=(const Streaming&) = delete;
  ~Streaming() {
    for (std::size_t i = 0; i < rnns_.size(); ++i) rnns_[i]->set_options(before_[i]);
  }
  [[nodiscard]] bool time_major() const { return !rnns_.empty() && before_.front().time_major; }

 private:
  std::vector<RNN*> rnns_;
  StatesAside aside_;
  std::vector<RNNOptions> before_;
};

void require_causal(Sequential& model) {
  for (AnyLayer* layer : model.parts())
    require<ValueError>(!(*layer)->looks_ahead(),
                        "generate: the output of {} depends on later steps, which are not drawn yet",
                        (*layer)->class_name());
}

}  // namespace

std::vector<std::int32_t> generate(Sequential& model, std::span<const std::int32_t> prompt,
                                   const GenerateOptions& options, Generator& generator) {
  require<ValueError>(!prompt.empty(), "generate: the prompt is empty; a model needs an id to predict from");
  require_causal(model);
  const Streaming streaming(recurrent_layers(model));
  Tape tape(parameters(model).front().parameter->dtype());
  const NoGradient inference(tape);
  std::vector<std::int32_t> read(prompt.begin(), prompt.end());
  std::vector<std::int32_t> drawn;
  for (Index i = 0; i < options.count; ++i) {
    const Index time = std::ssize(read);
    const Var logits = model(tape, read, streaming.time_major() ? Shape{time, 1} : Shape{1, time});
    const std::vector<double> all = logits.to_doubles();
    const auto last = std::span(all).last(static_cast<std::size_t>(logits.shape()[-1]));
    drawn.push_back(draw_class(last, options.temperature, generator));
    read.assign(1, drawn.back());
    tape.reset();
  }
  return drawn;
}

std::string generate_text(Sequential& model, const Vocabulary& vocabulary, std::string_view prompt,
                          const GenerateOptions& options, Generator& generator) {
  return std::string(prompt) + vocabulary.decode(generate(model, vocabulary.encode(prompt), options, generator));
}

std::vector<std::int32_t> most_likely(Var logits) {
  const std::vector<double> values = logits.to_doubles();
  std::vector<std::int32_t> classes;
  for (auto row = values.begin(); row != values.end(); row += logits.cols())
    classes.push_back(static_cast<std::int32_t>(std::max_element(row, row + logits.cols()) - row));
  return classes;
}

}  // namespace recur
