// The tool with a cell of one's own, as a user writes it: see own_cell, the test beside this file.
#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/tools/recur_main.h>

using namespace recur;

// h' = h + tanh(x·W + h·U) / 4
class LeakyCell {
 public:
  static constexpr const char* class_name = "LeakyCell";
  using State = HiddenState;
  struct Config {
    Index units = 0;
    void fields(Fields& f) {
      f.required("units");
      f("units", units);
    }
  };
  explicit LeakyCell(Config config) : config_(config) {}

  [[nodiscard]] Config config() const { return config_; }
  [[nodiscard]] StateSize state_size() const { return config_.units; }
  void build(Builder& build) {
    build(kernel_, {build.input_size, config_.units}, glorot_uniform());
    build(recurrent_, {config_.units, config_.units}, orthogonal());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel_, recurrent_); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const Var h = s.h + tanh(matmul(x, kernel_) + matmul(s.h, recurrent_)) / 4;
    return {h, {h}};
  }

 private:
  Config config_;
  Parameter kernel_{"kernel"}, recurrent_{"recurrent_kernel"};
};

int main(int argc, char** argv) {
  Registry registry;
  registry.add_cell<LeakyCell>();
  return recur_main(argc, argv, registry);
}
