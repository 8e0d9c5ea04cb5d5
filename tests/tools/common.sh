# shellcheck shell=bash
# What the tests of the tool have in common: a folder to work in, a text and a config to train with. To be sourced with the
# program as the first argument.
recur=$(realpath "${1:?the program}")
# shellcheck source-path=SCRIPTDIR source=../scratch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scratch.sh"

# run STATUS ARGUMENTS...: the tool ends with that status; what it says is in out and err.
run() {
  local wanted=$1 status=0
  shift
  "$recur" "$@" >out 2>err || status=$?
  [[ $status -eq $wanted ]] || failed "$*: status $status, not $wanted: $(cat out err)"
}
# fails STATUS PATTERN ARGUMENTS...: with that status and one line of error, which has PATTERN in it.
fails() {
  local pattern=$2
  run "$1" "${@:3}"
  [[ $(wc -l <err) -eq 1 ]] || failed "${*:3}: more or less than a line: $(cat err)"
  grep -qF -- "$pattern" err || failed "${*:3}: no '$pattern' in: $(cat err)"
}
# number NAME: the value of NAME in a line of `recur eval`.
number() { awk -v name="$1" '$1 == name {print $2}' out; }
# holds EXPRESSION: of numbers, as awk knows them.
holds() { awk "BEGIN {exit !($1)}" || failed "$1 does not hold${2:+ ($2)}"; }

for _ in {1..40}; do printf 'the quick brown fox jumps over the lazy dog. '; done >text
cat >good.json <<'JSON'
{"model": {"class_name": "Sequential", "config": {"layers": [
  {"class_name": "Embedding", "config": {"input_dim": 28, "output_dim": 4}},
  {"class_name": "LSTM", "config": {"units": 8, "return_sequences": true}},
  {"class_name": "Dense", "config": {"units": 28}}]}},
 "data": {"kind": "text", "path": "text", "time": 16, "validation": 0.1},
 "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"],
 "optimizer": {"class_name": "keras.optimizers.Adam", "config": {"learning_rate": 0.02, "ema_momentum": 0.9,
               "gradient_accumulation_steps": 2}},
 "epochs": 60, "batch": 8, "checkpoint_every": 3, "run": "whole"}
JSON
