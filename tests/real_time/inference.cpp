// Shows that an Inference does nothing that may wait: from the first step on, to allocate or free memory or to take a
// lock ends the program.
#include <recur/layers/cells/layer_norm_lstm_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/inference/inference.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>

#include <dlfcn.h>
#include <pthread.h>

#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

std::atomic<bool> forbidden = false;

void refuse(const char* what) {
  if (!forbidden.load(std::memory_order_relaxed)) return;
  forbidden = false;
  (void)!write(2, what, std::strlen(what));
  (void)!write(2, " in a step\n", 11);
  _exit(3);
}

}  // namespace

// What the C library calls its own functions.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);

void* malloc(std::size_t size) {
  refuse("malloc");
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  refuse("calloc");
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  refuse("realloc");
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  refuse("aligned_alloc");
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  refuse("posix_memalign");
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? 12 : 0;
}
void free(void* memory) {
  refuse("free");
  __libc_free(memory);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  refuse("pthread_mutex_lock");
  using Lock = int (*)(pthread_mutex_t*);
  static const auto lock = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return lock(mutex);
}
}

using namespace recur;

namespace {

template <class Model>
void run(Model&& model, bool int8) {
  Builder builder(2, DType::float32, Generator(1));
  model.build(builder);
  Inference inference(model, 2, {.streams = 2, .int8 = int8});
  std::vector<float> input(static_cast<std::size_t>(2 * 50 * inference.input_size()), 0.5F);
  std::vector<std::int32_t> ids(2 * 50, 1);
  std::vector<float> output(static_cast<std::size_t>(2 * 50 * inference.output_size()));
  const auto in = static_cast<std::size_t>(2 * inference.input_size());
  const auto out = std::span(output).first(static_cast<std::size_t>(2 * inference.output_size()));
  std::vector<float> states(static_cast<std::size_t>(inference.state_size()));
  forbidden = true;
  for (int step = 0; step < 3; ++step) {
    if (inference.takes_ids()) inference.step(std::span<const std::int32_t>(ids).first(2), out);
    else inference.step(std::span<const float>(input).first(in), out);
  }
  inference.reset();
  if (inference.takes_ids()) inference.run(std::span<const std::int32_t>(ids), output);
  else inference.run(std::span<const float>(input), output);
  inference.get_states(1, states);
  inference.set_states(0, states);
  forbidden = false;
}

}  // namespace

// With the argument "allocate" the program shows that it would be noticed.
int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "allocate") == 0) {
    forbidden = true;
    std::vector<int> numbers(100);
    forbidden = false;
    return static_cast<int>(numbers.size());
  }
  DenseOptions softmax;
  softmax.activation = Activation::softmax;
  for (const bool int8 : {false, true}) {
    run(Sequential(LSTM(20, {}, {.return_sequences = true}), GRU(12, {}, {.return_sequences = true}),
                   LayerNormalization(), Dense(3, softmax)),
        int8);
    run(Sequential(RNN(LayerNormLSTMCell(5), {.return_sequences = true}),
                   RNN(PeepholeLSTMCell(7), {.return_sequences = true}), Dense(1)),
        int8);
    run(Sequential(Embedding(9, 4), LSTM(8, {}, {.return_sequences = true}), Dense(9)), int8);
  }
  std::puts("no step allocated, locked or threw");
  return 0;
}
