# shellcheck shell=bash
# Sourced by tests in shell: leaves the caller in an empty folder, which is removed at the end. `failed` tells of a failure and goes
# on, `finish` ends with the number of failures.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

failures=0
failed() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

finish() {
  echo "$failures failures"
  [[ $failures -eq 0 ]]
}
