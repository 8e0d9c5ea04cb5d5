#include <recur/train/data/text.h>
#include <recur/train/data/vocabulary.h>
#include <recur/train/data/word_vocabulary.h>

#include <cstdlib>

#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) {
    const std::string text = recur::read_text_file(path);
    const recur::Vocabulary vocabulary(text);
    const bool same = vocabulary.decode(vocabulary.encode(text)) == text &&
                      recur::Vocabulary::from_hex(vocabulary.hex()) == vocabulary;
    if (!same) std::abort();
    (void)recur::split_text(text);
    (void)recur::WordVocabulary::of_text(text).encode(text);
  });
  return 0;
}
