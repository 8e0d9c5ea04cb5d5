// Trains a small problem as one of several ranks, or as one thread that adds up their shares, and writes the parameters
// to a file, so that scripts may compare the two to the bit and let ranks fail.
//
//   ranks_check rows|ragged|streams FILE [--epochs N] [--shares N | --shares N:STEP:M] [--checkpoint FOLDER]
//               [--pause MS] [--patience S] [--fail throw|nan|kill|stop|exit --rank R --step S] [--local-steps H]
//               [--bf16]
//
// --shares N: alone, as N ranks would; N:STEP:M: N ranks before that step, M from it on.

#include "toy_data.h"

#include <recur/distributed/connect.h>
#include <recur/framework/threads/parallel.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>

namespace {

using namespace small_training;

using Options = std::map<std::string, std::string>;

Index number(const Options& options, const std::string& name, Index otherwise) {
  const auto at = options.find(name);
  return at == options.end() ? otherwise : std::stol(at->second);
}

std::string text(const Options& options, const std::string& name) {
  const auto at = options.find(name);
  return at == options.end() ? std::string() : at->second;
}

// What goes wrong, on one rank in one step.
struct Trouble {
  std::string kind;
  Index rank;
  Index step;
  Index pause;
  World* world;
  Index now = 0;

  [[nodiscard]] bool due() const { return world != nullptr && world->rank() == rank && now == step; }
  void happen() {
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    if (!due() || kind.empty() || kind == "nan") return;
    std::fprintf(stderr, "trouble at %.3f\n",
                 std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    if (kind == "throw") throw std::runtime_error("cannot open 'text': No such file or directory");
    if (kind == "kill") std::raise(SIGKILL);
    if (kind == "stop") std::raise(SIGSTOP);
    if (kind == "exit") std::_Exit(0);
  }
};

template <class Data>
std::vector<double> train(const Options& options, World* world, Sequential model, Data data,
                          Var (*loss)(Sequential&, Tape&, const views::Element<Data>&)) {
  const Index epochs = number(options, "--epochs", 3);
  if (const std::string shares = text(options, "--shares"); !shares.empty()) {
    const std::size_t first = shares.find(':'), last = shares.rfind(':');
    const Index change = first == std::string::npos ? 0 : std::stol(shares.substr(first + 1));
    const Index before = std::stol(shares),
                after = first == std::string::npos ? before : std::stol(shares.substr(last + 1));
    return by_shares<Data>(
        model, data, [&](Index step) { return step < change ? before : after; }, epochs,
        [&](Tape& tape, const auto& share) { return loss(model, tape, share); });
  }
  TrainerOptions training{.epochs = epochs, .progress = false, .world = world};
  training.exchange.local_steps = number(options, "--local-steps", 1);
  if (options.contains("--bf16")) training.exchange.wire = World::Wire::bf16;
  if (const std::string folder = text(options, "--checkpoint"); !folder.empty())
    training.checkpoint = {.directory = folder, .every = 1, .resume = true};
  Trainer trainer(parameters(model), clipped_adam(), training);
  std::vector<RNN*> stateful;
  for (RNN* layer : recurrent_layers(model))
    if (layer->options().stateful) stateful.push_back(layer);
  trainer.carry_states(stateful, Trainer::EachEpoch::begins_with_zeros);
  Trouble trouble{text(options, "--fail"), number(options, "--rank", 1), number(options, "--step", 5),
                  number(options, "--pause", 0), world};
  struct Count {
    Trouble* trouble;
    void on_step_end(Training& t) const { trouble->now = t.step; }
  };
  trainer.add(Count{&trouble});
  Tape tape;
  (void)trainer.fit(tape, data, [&](Tape& t, const views::Element<Data>& share) {
    trouble.happen();
    trainer.weigh(weight_of(share));
    if (trouble.kind == "nan" && trouble.due()) return t.input(Tensor<float>(Shape{}, {std::nanf("")}));
    return loss(model, t, share);
  });
  return values_of(model);
}

std::vector<double> train_problem(const std::string& name, const Options& options, World* world) {
  static const TensorDataset rows = small_training::numbers(17);
  if (name == "rows") return train<Batches>(options, world, model_of(), {rows, {.batch = 7, .seed = 4}}, squared_error);
  if (name == "ragged") return train<Ragged>(options, world, model_of_steps(), {}, steps_loss);
  return train<StreamBatches>(options, world, model_of_ids(), streams_of_ids(), streams_loss);
}

void run(const std::string& problem, const std::string& file, const Options& options, World* world) {
  const std::vector<double> values = train_problem(problem, options, world);
  if (world != nullptr && !world->leads()) return;
  std::ofstream to(file);
  for (const double value : values) to << std::hexfloat << value << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Options options;
  for (int i = 3; i < argc; ++i) {
    const std::string name = argv[i];
    options[name] = name == "--bf16" || i + 1 == argc ? "" : argv[++i];
  }
  std::unique_ptr<World> world;
  try {
    set_threads(1);
    distributed::ConnectOptions connection;
    connection.world.patience = static_cast<double>(number(options, "--patience", 10));
    if (!options.contains("--shares")) world = distributed::connect(connection);
    const auto body = [&] { run(argv[1], argv[2], options, world.get()); };
    if (world) world->together(body);
    else body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ranks_check: %s\n", error.what());
    return 1;
  }
  return 0;
}
