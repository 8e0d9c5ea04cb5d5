// oneDNN's recurrent primitives with the same command line as lstm_step: forward and backward through time with the
// gradients of all weights and of the input, one primitive a layer.
//
// Weights are kept in the layout of their gradients, so that an optimizer could go through both side by side. Each
// primitive wants them in a layout of its own; like Recur's packing, that is done again at every step unless --weights
// kept.
#include "../common/step_options.h"

#include <fmt/format.h>
#include <omp.h>
#include <dnnl.hpp>

#include <cstring>
#include <random>

namespace {

using dnnl::memory;
using dnnl::prop_kind;
using Tag = memory::format_tag;
using recur::bench::StepOptions;
using Arguments = std::unordered_map<int, memory>;

memory::desc plain(memory::dims dims, Tag tag) { return {std::move(dims), memory::data_type::f32, tag}; }

/// Memory of the wanted layout with small random numbers.
memory filled(const memory::desc& desc, const dnnl::engine& engine, float scale) {
  memory result(desc, engine);
  auto* const data = static_cast<float*>(result.get_data_handle());
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-scale, scale);
  for (std::size_t i = 0; i < desc.get_size() / sizeof(float); ++i) data[i] = uniform(random);
  return result;
}

/// Weights in another layout.
struct Converted {
  memory source;
  memory target;
  dnnl::reorder reorder;

  Converted(const memory& from, const memory::desc& layout, const dnnl::engine& engine)
      : source(from), target(layout, engine), reorder(source, target) {}
  void update(dnnl::stream& stream) { reorder.execute(stream, source, target); }
};

/// One layer: its two primitives and what they are called with.
struct Layer {
  dnnl::primitive forward;
  dnnl::primitive backward;
  Arguments forward_arguments;
  Arguments backward_arguments;
  memory output;  ///< Of all steps.
  memory input_gradient;
  std::vector<memory> weight_gradients;  ///< Added to by the primitive, so set to zero first.
  std::vector<Converted> converted;      ///< For the two primitives, where they want other layouts.
};

struct Sizes {
  memory::dim time, batch, input, hidden, gates;
};

/// The descriptors of one layer, in the plain layout or left to oneDNN (`any`, for weights).
struct Descriptors {
  explicit Descriptors(const Sizes& s)
      : source(plain({s.time, s.batch, s.input}, Tag::tnc)),
        state(plain({1, 1, s.batch, s.hidden}, Tag::ldnc)),
        kernel(plain({1, 1, s.input, s.gates, s.hidden}, Tag::any)),
        recurrent(plain({1, 1, s.hidden, s.gates, s.hidden}, Tag::any)),
        bias(plain({1, 1, s.gates, s.hidden}, Tag::ldgo)),
        destination(plain({s.time, s.batch, s.hidden}, Tag::tnc)) {}
  memory::desc source, state, kernel, recurrent, bias, destination;
};

constexpr auto direction = dnnl::rnn_direction::unidirectional_left2right;

struct Lstm {
  using Forward = dnnl::lstm_forward;
  using Backward = dnnl::lstm_backward;
  static constexpr bool cell_state = true;

  static auto forward(const Descriptors& d, const dnnl::engine& engine) {
    return Forward::primitive_desc({prop_kind::forward_training, direction, d.source, d.state, d.state, d.kernel,
                                    d.recurrent, d.bias, d.destination, d.state, d.state},
                                   engine);
  }
  static auto backward(const Descriptors& d, const Forward::primitive_desc& hint, const dnnl::engine& engine) {
    // clang-format off
    return Backward::primitive_desc(
        {prop_kind::backward, direction,
         d.source, d.state, d.state, d.kernel, d.recurrent, d.bias, d.destination, d.state, d.state,
         d.source, d.state, d.state, d.kernel, d.recurrent, d.bias, d.destination, d.state, d.state},
        engine, hint);
    // clang-format on
  }
};

/// Cells with one state; `kind` is what some of them want to know besides.
template <class ForwardPrimitive, class BackwardPrimitive, dnnl::algorithm... kind>
struct OneState {
  using Forward = ForwardPrimitive;
  using Backward = BackwardPrimitive;
  static constexpr bool cell_state = false;

  static auto forward(const Descriptors& d, const dnnl::engine& engine) {
    return typename Forward::primitive_desc({prop_kind::forward_training, kind..., direction, d.source, d.state,
                                             d.kernel, d.recurrent, d.bias, d.destination, d.state},
                                            engine);
  }
  static auto backward(const Descriptors& d, const typename Forward::primitive_desc& hint, const dnnl::engine& engine) {
    return typename Backward::primitive_desc(
        {prop_kind::backward, kind..., direction, d.source, d.state, d.kernel, d.recurrent, d.bias, d.destination,
         d.state, d.source, d.state, d.kernel, d.recurrent, d.bias, d.destination, d.state},
        engine, hint);
  }
};

using Gru = OneState<dnnl::gru_forward, dnnl::gru_backward>;
using Vanilla = OneState<dnnl::vanilla_rnn_forward, dnnl::vanilla_rnn_backward, dnnl::algorithm::eltwise_tanh>;

/// `weights` in the layout that a primitive wants.
memory in_layout(Layer& layer, const memory& weights, const memory::desc& wanted, const dnnl::engine& engine) {
  if (weights.get_desc() == wanted) return weights;
  return layer.converted.emplace_back(weights, wanted, engine).target;
}

template <class Cell>
Layer make_layer(const Sizes& sizes, memory source, const dnnl::engine& engine) {
  const Descriptors d(sizes);
  const auto forward = Cell::forward(d, engine);
  const auto backward = Cell::backward(d, forward, engine);
  const float scale = 1 / std::sqrt(static_cast<float>(sizes.hidden));
  const auto zero = [&](const memory::desc& desc) { return filled(desc, engine, 0); };

  const memory kernel = filled(backward.diff_weights_layer_desc(), engine, scale);
  const memory recurrent = filled(backward.diff_weights_iter_desc(), engine, scale);
  Layer layer;
  layer.forward = typename Cell::Forward(forward);
  layer.backward = typename Cell::Backward(backward);
  layer.output = zero(d.destination);
  layer.input_gradient = zero(d.source);
  layer.forward_arguments = {{DNNL_ARG_SRC_LAYER, source},
                             {DNNL_ARG_SRC_ITER, zero(d.state)},
                             {DNNL_ARG_WEIGHTS_LAYER, in_layout(layer, kernel, forward.weights_layer_desc(), engine)},
                             {DNNL_ARG_WEIGHTS_ITER, in_layout(layer, recurrent, forward.weights_iter_desc(), engine)},
                             {DNNL_ARG_BIAS, zero(d.bias)},
                             {DNNL_ARG_DST_LAYER, layer.output},
                             {DNNL_ARG_DST_ITER, zero(d.state)},
                             {DNNL_ARG_WORKSPACE, memory(forward.workspace_desc(), engine)}};
  layer.weight_gradients = {zero(backward.diff_weights_layer_desc()), zero(backward.diff_weights_iter_desc()),
                            zero(backward.diff_bias_desc())};
  if (Cell::cell_state) {
    layer.forward_arguments[DNNL_ARG_SRC_ITER_C] = zero(d.state);
    layer.forward_arguments[DNNL_ARG_DST_ITER_C] = zero(d.state);
  }
  layer.backward_arguments = layer.forward_arguments;
  layer.backward_arguments[DNNL_ARG_WEIGHTS_LAYER] = in_layout(layer, kernel, backward.weights_layer_desc(), engine);
  layer.backward_arguments[DNNL_ARG_WEIGHTS_ITER] = in_layout(layer, recurrent, backward.weights_iter_desc(), engine);
  layer.backward_arguments.insert({{DNNL_ARG_DIFF_SRC_LAYER, layer.input_gradient},
                                   {DNNL_ARG_DIFF_SRC_ITER, zero(d.state)},
                                   {DNNL_ARG_DIFF_WEIGHTS_LAYER, layer.weight_gradients[0]},
                                   {DNNL_ARG_DIFF_WEIGHTS_ITER, layer.weight_gradients[1]},
                                   {DNNL_ARG_DIFF_BIAS, layer.weight_gradients[2]},
                                   {DNNL_ARG_DIFF_DST_ITER, zero(d.state)}});
  if (Cell::cell_state) {
    layer.backward_arguments[DNNL_ARG_DIFF_SRC_ITER_C] = zero(d.state);
    layer.backward_arguments[DNNL_ARG_DIFF_DST_ITER_C] = zero(d.state);
  }
  return layer;
}

template <class Cell>
void run(const StepOptions& options) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory x = filled(plain({options.time, options.batch, options.features()}, Tag::tnc), engine, 1);
  const memory seed = filled(plain({options.time, options.batch, options.hidden}, Tag::tnc), engine, 0.01F);
  std::vector<Layer> layers;
  for (long i = 0; i < options.layers; ++i) {
    const Sizes sizes{options.time, options.batch, i == 0 ? options.features() : options.hidden, options.hidden,
                      options.gates()};
    layers.push_back(make_layer<Cell>(sizes, i == 0 ? x : layers.back().output, engine));
  }
  for (std::size_t i = 0; i < layers.size(); ++i)
    layers[i].backward_arguments[DNNL_ARG_DIFF_DST_LAYER] = i + 1 < layers.size() ? layers[i + 1].input_gradient : seed;
  const auto convert = [&] {
    for (Layer& layer : layers)
      for (Converted& weights : layer.converted) weights.update(stream);
  };
  convert();
  recur::bench::run_step_benchmark("onednn", options, [&] {
    if (options.weights == "changed") convert();
    for (Layer& layer : layers) {
      for (memory& gradient : layer.weight_gradients)
        std::memset(gradient.get_data_handle(), 0, gradient.get_desc().get_size());
      layer.forward.execute(stream, layer.forward_arguments);
    }
    for (std::size_t i = layers.size(); i-- > 0;) layers[i].backward.execute(stream, layers[i].backward_arguments);
    stream.wait();
  });
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a training step of oneDNN's recurrent primitives.");
  StepOptions options;
  options.add_to(app, {"lstm", "gru", "rnn"});
  options.add_weights_to(app);
  CLI11_PARSE(app, argc, argv);
  omp_set_num_threads(options.threads);
  if (options.cell == "gru") run<Gru>(options);
  else if (options.cell == "rnn") run<Vanilla>(options);
  else run<Lstm>(options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "onednn_step: {}\n", error.what());
  return 2;
}
