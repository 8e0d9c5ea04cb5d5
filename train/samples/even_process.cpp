#include <recur/train/samples/even_process.h>

namespace recur::samples {

std::string even_process(Index characters, Generator& generator) {
  require<ValueError>(characters >= 0, "even_process: negative length {}", characters);
  std::string text;
  text.reserve(static_cast<std::size_t>(characters));
  bool odd = false;  // number of 1s in the run
  for (Index i = 0; i < characters; ++i) {
    const bool one = odd || generator.bernoulli(0.5);
    odd = one && !odd;
    text += one ? '1' : '0';
  }
  return text;
}

}  // namespace recur::samples
