# The stage on which the journeys play: a folder of its own, servers that end with it, and the few verbs a story needs.
# Sourced by the journeys of this folder; expects $bin, the folder with the programs.

set -euo pipefail
PATH=$bin:$bin/../tests:$PATH
work=$(mktemp -d /tmp/rota-journey-XXXXXX)
chmod 700 "$work"
log=$work/log
mkdir "$log"
running=()
checks=0
chapter_number=0
started=$SECONDS

# -- what is printed ------------------------------------------------------------------------------------------------------
if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' green=$'\033[32m' red=$'\033[31m' plain=$'\033[0m'; else bold='' dim='' green='' red='' plain=''; fi
chapter() {
  chapter_number=$((chapter_number + 1))
  printf '\n%s%d. %s%s  %s(%d s)%s\n' "$bold" "$chapter_number" "$1" "$plain" "$dim" $((SECONDS - started)) "$plain"
}
tell() { printf '   %s\n' "$@"; }
kept() {
  checks=$((checks + 1))
  printf '   %s✓%s %s\n' "$green" "$plain" "$1"
}
broken() {
  printf '   %s✗ %s%s\n' "$red" "$1" "$plain"
  [ -n "${2:-}" ] && printf '     %s\n' "$2"
  [ -s "$log/last" ] && { echo '     --- last output'; tail -n 25 "$log/last" | sed 's/^/     /'; }
  exit 1
}

# -- what is checked ------------------------------------------------------------------------------------------------------
# run EXIT COMMAND...: shows the command, keeps its output in $out (stdout) and $err, and wants this exit code.
run() {
  local want=$1 got=0
  shift
  printf '   %s$ %s%s\n' "$dim" "$(shown "$@")" "$plain"
  "$@" >"$log/out" 2>"$log/last" </dev/null || got=$?
  out=$(cat "$log/out")
  err=$(cat "$log/last")
  cat "$log/out" >>"$log/last"
  [ "$got" = "$want" ] || broken "want exit code $want, got $got"
}
shown() { printf '%s ' "$@" | sed -e "s#$work/##g" -e "s# $bin/# #g" | cut -c1-150; }
want_equal() { # what, want, got
  [ "$2" = "$3" ] || broken "$1: want $2, got $3"
  kept "$1: $3"
}
want_text() { # what, pattern, text
  grep -qiE -- "$2" <<<"$3" || broken "$1: nothing that matches '$2'" "$(tail -n 5 <<<"$3")"
  kept "$1: $(grep -iE -m1 -- "$2" <<<"$3" | sed 's/^ *//' | cut -c1-170)"
}
# until_true SECONDS WHAT COMMAND...: asks again and again, a tenth of a second apart.
until_true() {
  local left=$(($1 * 10)) what=$2
  shift 2
  while ! "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || broken "$what: did not happen in time"
    sleep 0.1
  done
}

# -- servers --------------------------------------------------------------------------------------------------------------
# start NAME COMMAND...: in the background, output to log/NAME; its process id in $started_pid.
start() {
  local name=$1
  shift
  "$@" >"$log/$name" 2>&1 </dev/null &
  started_pid=$!
  running+=("$started_pid")
}
stop() {
  kill -TERM "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
clear_stage() {
  local code=$? pid
  if [ -n "${keep:-}" ] && [ $code -eq 0 ]; then
    printf '\nKept running, in %s:\n' "$work"
    printf '  %s\n' "${addresses[@]}" "stop it with: kill ${running[*]}; rm -rf $work"
    return
  fi
  for pid in "${running[@]}"; do stop "$pid"; done
  [ $code -eq 0 ] || { for f in "$log"/*; do [ -s "$f" ] && { echo "--- $(basename "$f")"; tail -n "${ROTA_LOG_LINES:-15}" "$f"; }; done; } >&2
  mountpoint -q "$work/tiny" && umount "$work/tiny"
  chattr -R -i "$work" 2>/dev/null || true
  rm -rf "$work"
  exit $code
}
trap clear_stage EXIT
trap 'exit 130' INT TERM
