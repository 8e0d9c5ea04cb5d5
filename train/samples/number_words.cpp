#include <recur/train/samples/number_words.h>

#include <array>

namespace recur::samples {
namespace {

constexpr std::array<const char*, 20> small{
    "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
    "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<const char*, 10> tens{"",      "",      "twenty",  "thirty", "forty",
                                           "fifty", "sixty", "seventy", "eighty", "ninety"};

std::string below_hundred(std::size_t n) {
  if (n < small.size()) return small[n];
  const std::string word = tens[n / 10];
  return n % 10 == 0 ? word : word + "-" + small[n % 10];
}

std::string below_thousand(std::size_t n) {
  if (n < 100) return below_hundred(n);
  const std::string words = std::string(small[n / 100]) + " hundred";
  return n % 100 == 0 ? words : words + " and " + below_hundred(n % 100);
}

}  // namespace

std::string number_words(Index number) {
  require<ValueError>(number >= 0 && number < 1'000'000, "number_words: {} is not within 0 to 999999", number);
  const auto n = static_cast<std::size_t>(number);
  if (n < 1000) return below_thousand(n);
  const std::string words = below_thousand(n / 1000) + " thousand";
  if (n % 1000 == 0) return words;
  return words + (n % 1000 < 100 ? " and " : " ") + below_thousand(n % 1000);
}

std::vector<TextPair> number_pairs(Index count, Part part, Generator& generator) {
  require<ValueError>(count >= 0, "number_pairs: the count {} is negative", count);
  std::vector<TextPair> pairs;
  while (std::ssize(pairs) < count) {
    Index bound = 1;
    for (Index digits = generator.below(6); digits >= 0; --digits) bound *= 10;
    const Index number = generator.below(bound);
    const bool for_tests = Generator(static_cast<std::uint64_t>(number)).below(10) == 0;
    if (for_tests == (part == Part::test)) pairs.push_back({number_words(number), std::to_string(number)});
  }
  return pairs;
}

}  // namespace recur::samples
