#include <recur/train/samples/chord_music.h>

#include <array>
#include <cmath>

namespace recur::samples {
namespace {

constexpr std::size_t voices = 4;
constexpr std::size_t chords = 6;
constexpr std::size_t successors = 3;
constexpr double doubled = 0.3;  // probability of the octave
constexpr Index octave = 12;

struct Chord {
  std::array<Index, voices> keys;  // of a piano, from 0 (the lowest A); the last is the melody
  std::array<std::size_t, successors> next;
};
// C, F, G, a, d, e; each leads to three others and is reached from three, so that all are equally frequent.
constexpr std::array<Chord, chords> table{{{{27, 39, 43, 46}, {1, 2, 3}},
                                           {{32, 39, 44, 48}, {2, 4, 0}},
                                           {{34, 38, 41, 50}, {0, 3, 5}},
                                           {{36, 39, 43, 51}, {1, 4, 5}},
                                           {{29, 36, 41, 44}, {2, 5, 3}},
                                           {{31, 38, 43, 46}, {0, 1, 4}}}};

double entropy(double p) { return p <= 0 || p >= 1 ? 0 : -p * std::log(p) - (1 - p) * std::log(1 - p); }

using KeyProbabilities = std::array<double, piano_keys>;

void add(KeyProbabilities& down, const Chord& chord, double probability) {
  for (const Index key : chord.keys) down[static_cast<std::size_t>(key)] += probability;
  down[static_cast<std::size_t>(chord.keys.back() + octave)] += probability * doubled;
}

// Nats of the frame after one of `chord`, which goes on with probability `stay`.
double next_frame(const Chord& chord, double stay) {
  KeyProbabilities down{};
  add(down, chord, stay);
  for (const std::size_t next : chord.next) add(down, table[next], (1 - stay) / successors);
  double nats = 0;
  for (const double p : down) nats += entropy(p);
  return nats;
}

}  // namespace

Tensor<float> chord_music(Index frames, Generator& generator) {
  require<ValueError>(frames >= 0, "chord_music: negative length {}", frames);
  Tensor<float> roll({frames, piano_keys});
  auto chord = static_cast<std::size_t>(generator.below(chords));
  Index lasted = 0;
  for (Index t = 0; t < frames; ++t, ++lasted) {
    if (lasted == 3 || (lasted == 2 && generator.bernoulli(0.5))) {
      chord = table[chord].next[static_cast<std::size_t>(generator.below(successors))];
      lasted = 0;
    }
    for (const Index key : table[chord].keys) roll(t, key) = 1;
    if (generator.bernoulli(doubled)) roll(t, table[chord].keys.back() + octave) = 1;
  }
  return roll;
}

double chord_music_optimum() {
  // Of five frames two are a chord's first, two its second and one its third.
  double nats = 0;
  for (const Chord& chord : table)
    nats += (2 * next_frame(chord, 1) + 2 * next_frame(chord, 0.5) + next_frame(chord, 0)) / 5;
  return nats / chords;
}

}  // namespace recur::samples
