#include <recur/train/samples/grammar_text.h>

namespace recur::samples {

// G is the gender and number of the subject, N the number of somebody else; T is the tense.
Grammar english_grammar() {
  return Grammar(R"(
G = he she it they
N = one many
T = past now

Sentence: 3 Subject.G Predicate.G.T Time.T .
  | 2 Subject.G Predicate.G.T , and Pronoun.G Be.T.G Quality Time.T .
Subject.G: 4 the Noun.G
  | 4 the Quality Noun.G
  | 3 the Noun.G Place
  | 3 the Noun.G that the Person.N Know.N
  | 2 the Noun.G ( still Quality )
Predicate.G.T: 3 Be.T.G Quality
  | 3 Act.T.G Place
  | 4 Find.T.G Own.G Object
Object: Thing | Quality Thing
Place: 2 Side the Spot | Side the Quality Spot

Noun.he: boy | king | monk | uncle
Noun.she: girl | queen | nun | aunt
Noun.it: dog | cat | owl | horse
Noun.they: kings | queens | dogs | cats | owls | horses
Person.one: baker | cook | judge | poet
Person.many: bakers | cooks | judges | poets
Pronoun.he: he
Pronoun.she: she
Pronoun.it: it
Pronoun.they: they
Own.he: his
Own.she: her
Own.it: its
Own.they: their
Know.one: likes | feeds | knows
Know.many: like | feed | know

Be.past.he: was
Be.past.she: was
Be.past.it: was
Be.past.they: were
Be.now.he: is
Be.now.she: is
Be.now.it: is
Be.now.they: are
Act.past.G: slept | sang | ran | hid
Act.now.he: Act.now.it
Act.now.she: Act.now.it
Act.now.it: sleeps | sings | runs | hides
Act.now.they: sleep | sing | run | hide
Find.past.G: found | lost | saw | took
Find.now.he: Find.now.it
Find.now.she: Find.now.it
Find.now.it: finds | loses | sees | takes
Find.now.they: find | lose | see | take
Time.past: yesterday | last night | long ago
Time.now: today | at noon | every day

Quality: old | big | sad | odd | lazy | mad | happy | quick | tall | ill
Thing: food | ball | bed | bone | apple | egg | toy | ring
Side: near | in | by
Spot: garden | mill | tower | forest | barn | house | field | town
)");
}

}  // namespace recur::samples
