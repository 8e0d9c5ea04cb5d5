# Sourced by the tests beside it, with the folder of the programs as $1. Leaves the caller in an empty folder.
bin=$(cd "${1:?the folder of the programs}" && pwd)
# shellcheck source-path=SCRIPTDIR source=../scratch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scratch.sh"

# A model and a text so small that training takes no time.
for _ in {1..20}; do printf 'the quick brown fox jumps over the lazy dog. '; done >text
tiny=(--data text --layers 1 --hidden 4 --batch 2 --time 5 --epochs 1 --schedule constant --sample 0)
