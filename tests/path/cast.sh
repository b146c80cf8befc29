# Who plays in the demo and what they can do: the service, the devices, the owner, the thief.

# -- the service ----------------------------------------------------------------------------------------------------------
# open_service [again]: starts rota-server; the second time on the same addresses.
open_service() {
  local ports=(--gateway-port 0 --api-port 0)
  [ -n "${1:-}" ] && ports=(--gateway-port "${gateway##*:}" --api-port "${api##*:}")
  rm -f "$work/ready.json"
  start server rota-server --data "$work/server" --seal-key "$work/seal.key" "${ports[@]}" \
    --admin-token "$work/admin.token" --ready-file "$work/ready.json"
  server_pid=$started_pid
  until_true 30 "rota-server is ready" test -s "$work/ready.json"
  gateway=$(jq -r .gateway "$work/ready.json")
  api=$(jq -r .api "$work/ready.json")
  ca=$(jq -r .ca "$work/ready.json")
  export SSL_CERT_FILE=$ca
  export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config
  mkdir -p "$HOME"
  rota login --server "$api" --token-file "$work/admin.token" --ca "$ca" >/dev/null 2>&1
  kept "the service answers: devices at $gateway, people at $api"
}
close_service() { stop "$server_pid"; }

# -- devices --------------------------------------------------------------------------------------------------------------
# make_device NAME: a sysroot with an image of day one, the roots baked in, registered.
make_device() {
  local name=$1 home=$work/$1
  mkdir -p "$home/sysroot" "$home/image" "$home/run"
  make_image "$home/image" "$name" 0
  (
    export OSTREE_SYSROOT_DEBUG=mutable-deployments
    ostree admin init-fs "$home/sysroot"
    ostree admin --sysroot="$home/sysroot" os-init lmp
    ostree --repo="$home/sysroot/ostree/repo" config set sysroot.bootloader none
    ostree --repo="$home/sysroot/ostree/repo" commit -b factory --owner-uid=0 --owner-gid=0 --tree=dir="$home/image"
    ostree admin --sysroot="$home/sysroot" deploy --os=lmp factory
  ) >"$log/last" 2>&1 || broken "the image of $name cannot be deployed"
  run 0 rota-device register --api "$api" --token-file "$work/admin.token" --ca "$ca" --factory acme \
    --name "$name" --hardware-id "$name" --tags main --sota-dir "$home/sota" --sysroot "$home/sysroot" --os lmp
  mkdir -p "$home/tuf/ci"
  cp "$work"/roots/1.root.json "$work"/roots/2.root.json "$home/tuf/ci/"
  cat >"$home/sota/z-90-stage.toml" <<TOML
[pacman]
booted = "staged"
[bootloader]
reboot_sentinel_dir = "$home/run"
reboot_command = "/bin/true"
[tuf]
roots_path = "$home/tuf"
[storage]
lock_path = "$home/run/lock"
TOML
  kept "$name is registered: key made on the device, certificate for $(openssl x509 -in "$home/sota/client.pem" -noout -subject | sed 's/subject=//')"
}
# make_image FOLDER NAME TEXT: the least that OSTree deploys.
make_image() {
  mkdir -p "$1"/usr/{bin,lib/modules/6.1.0} "$1"/usr/etc
  echo "a kernel for $2" >"$1/usr/lib/modules/6.1.0/vmlinuz"
  echo "an initramfs for $2" >"$1/usr/lib/modules/6.1.0/initramfs.img"
  printf 'ID=lmp\nNAME="%s"\nVERSION_ID=%s\n' "$2" "$3" >"$1/usr/lib/os-release"
  cp "$1/usr/lib/os-release" "$1/usr/etc/os-release"
}
reboot_device() { # emulated: what does not survive a reboot is gone
  rm -f "$work/$1"/run/need_reboot
  tell "($1 reboots)"
}
# What the service knows of failed refreshes of a device.
refusals_reported() { rota device updates "$1" --factory acme --json | jq '[.updates[].events[] | select(.eventType.id == "MetadataUpdateCompleted" and .event.success == false)] | length'; }
device_runs() { rota-device -c "$work/$1/sota" status --json 1 2>/dev/null | jq -r .applied_target.name; }
# install_build DEVICE NUMBER: check, update, reboot, run; then the deployed tree is looked at.
install_build() {
  local name=$1 n=$2
  run 16 rota-device -c "$work/$name/sota" check
  run 100 rota-device -c "$work/$name/sota" update
  reboot_device "$name"
  run 0 rota-device -c "$work/$name/sota" run
  want_equal "$name runs" "$name-lmp-$n" "$(device_runs "$name")"
  local deployed
  deployed=$(ls -d "$work/$name"/sysroot/ostree/deploy/lmp/deploy/"$(ostree admin --sysroot="$work/$name/sysroot" status | awk '/^[ *]*lmp/ {print $NF; exit}')")
  want_text "$name's deployed tree" "^VERSION_ID=$n\$" "$(cat "$deployed/usr/lib/os-release")"
}

# -- sources and builds ---------------------------------------------------------------------------------------------------
make_source() { # NAME FIRST-BUILD
  run 0 rota source create acme "$1-os" --project "$1" --first-build "$2"
  git_as_owner init -q -b main "$work/source-$1"
  cp -r "$top/examples/foo-os/." "$work/source-$1/"
  sed -i "s/\(MACHINE\|machine\): foo/\1: $1/g" "$work/source-$1/ci.yml"
  git_as_owner -C "$work/source-$1" remote add origin "$api/source/acme/$1-os.git"
}
git_as_owner() {
  umask 077
  printf 'https://owner:%s@%s\n' "$(cat "$work/admin.token")" "${api#https://}" >"$work/git-credentials"
  GIT_SSL_CAINFO=$ca git -c user.name=Owner -c user.email=owner@acme.example -c init.defaultBranch=main \
    -c credential.helper="store --file=$work/git-credentials" "$@"
}
push_source() { # NAME MESSAGE
  echo "$2" >>"$work/source-$1/NOTES"
  git_as_owner -C "$work/source-$1" add -A
  git_as_owner -C "$work/source-$1" commit -q -m "$2"
  run 0 git_as_owner -C "$work/source-$1" push -q origin main
}
want_build() { # NAME NUMBER
  until_true 90 "build $2 of $1 ends" build_ended "$1" "$2"
  run 0 rota build show acme "$2" --project "$1" --json
  want_equal "build $2 of $1" "PASSED" "$(jq -r .status <<<"$out")"
}
build_ended() { rota build show acme "$2" --project "$1" --json | jq -e '.status | IN("PASSED", "FAILED")'; }

# -- the owner ------------------------------------------------------------------------------------------------------------
newest_root() { rota factory show acme --json | jq .root_version; }
unpack_archive() {
  rm -rf "$work/owner"
  mkdir -p "$work/owner"
  chmod 700 "$work/owner"
  tar -C "$work/owner" -xzf "$work/acme-keys.tgz"
  repo=$work/owner/tufrepo
}
repack_archive() {
  cp -a "$work/acme-keys.tgz" "$work/acme-keys.before-$chapter_number.tgz"
  (umask 077 && tar -C "$work/owner" -czf "$work/acme-keys.new.tgz" --exclude=.lock tufrepo)
  mv "$work/acme-keys.new.tgz" "$work/acme-keys.tgz"
}
root_key_id() { jq -r '.roles.root.keyids[0]' "$repo/roles/unsigned/root.json"; }
eight_steps() { # NAME-OF-THE-NEW-KEY
  tell "1. unpack a copy of the archive"
  unpack_archive
  tell "2.-7. pull, generate, add, remove, sign, push"
  run 0 garage-sign root pull --repo "$repo"
  run 0 garage-sign key generate --repo "$repo" --type rsa --name "$1"
  run 0 garage-sign root key add --repo "$repo" --key-name "$1"
  run 0 garage-sign root key remove --repo "$repo" --key-id "$(garage-sign user-keys id --input "$repo/keys/offline-root.pub")" --key-name offline-root
  run 0 garage-sign root sign --repo "$repo" --key-name "$1" --key-name offline-root
  run 0 garage-sign root push --repo "$repo"
  run 1 garage-sign root push --repo "$repo"
  kept "a second push is refused: nothing new to publish"
  tell "8. repack and store the archive"
  repack_archive
}
# New targets, snapshot and timestamp keys: made and kept by the service, vouched for by the owner.
rotate_online_keys() {
  unpack_archive
  run 0 garage-sign root pull --repo "$repo"
  local role old signers
  for role in targets snapshot timestamp; do
    run 0 rota factory online-key acme --role "$role" -o "$repo/keys/online-$role-2.pub"
    old=$(jq -r ".roles.$role.keyids[0]" "$repo/roles/unsigned/root.json")
    run 0 garage-sign root online-key add --repo "$repo" --role "$role" --key-name "online-$role-2"
    run 0 garage-sign root online-key remove --repo "$repo" --role "$role" --key-id "$old"
  done
  signers=$(basename "$(grep -l "$(jq -r ".keys[\"$(root_key_id)\"].keyval.public" "$repo/roles/unsigned/root.json")" "$repo"/keys/*.pub | head -1)" .pub)
  run 0 garage-sign root sign --repo "$repo" --key-name "$signers"
  run 0 garage-sign root push --repo "$repo" --allow replace-role
  repack_archive
}
show_roots() {
  rm -rf "$work/roots"
  run 0 rota factory roots acme -o "$work/roots"
  local n
  for n in $(ls "$work/roots" | sed 's/\..*//' | sort -n); do
    tell "root $n: root key $(jq -r '.signed.roles.root.keyids | map(.[0:12]) | join(" ")' "$work/roots/$n.root.json"), targets $(jq -r '.signed.roles.targets.keyids | map(.[0:12]) | join(" ")' "$work/roots/$n.root.json"), signed by $(jq -r '.signatures | map(.keyid[0:12]) | join(" ")' "$work/roots/$n.root.json")"
  done
}

# -- the thief ------------------------------------------------------------------------------------------------------------
steal_online_keys() { # a copy of the service's disk, and of the key that seals what is on it
  mkdir -p "$work/loot/disk"
  cp "$work"/server/rota.db* "$work/loot/disk/"
  cp "$work/seal.key" "$work/loot/"
}
# record_set NAME: what a device is served at this moment.
record_set() {
  mkdir -p "$work/recorded/$1"
  local name
  for name in root.json timestamp.json snapshot.json targets.json; do
    curl -sf --cacert "$ca" --cert "$work/foo/sota/client.pem" --key "$work/foo/sota/pkey.pem" -H 'x-ats-tags: main' \
      -o "$work/recorded/$1/$name" "$gateway/repo/$name" || broken "cannot record $name"
  done
}
# impostor_tries WHAT EXIT PATTERN KIND: the false service plays KIND; foo and bar want to update, refuse, and run on.
impostor_tries() {
  local what=$1 exit_code=$2 pattern=$3 kind=$4 real=$work/recorded/after-764 lie=$work/lies/$4 extra=()
  mkdir -p "$lie"
  local commit wish
  commit=$(jq -r '.signed.targets["foo-lmp-763"].hashes.sha256' "$real/targets.json")
  wish=(--real "$real" --out "$lie" --machine foo --number 765 --commit "$commit")
  case $kind in
    foreign) rota-impostor forge foreign "${wish[@]}" ;;
    replay) cp "$work/recorded/before-764"/*.json "$lie/" ;;
    former-root)
      mkdir -p "$work/loot/archive"
      tar -C "$work/loot/archive" -xzf "$work/thief-former-archive.tgz"
      rota-impostor forge former-root "${wish[@]}" --root-key "$work/loot/archive/tufrepo/keys/offline-root.sec"
      ;;
    stolen-online) rota-impostor forge stolen-online "${wish[@]}" --disk "$work/loot/disk" --seal-key "$work/loot/seal.key" --factory acme ;;
    cut) cp "$real"/*.json "$lie/" && extra=(--cut timestamp.json) ;;
    endless) cp "$real"/*.json "$lie/" && extra=(--endless timestamp.json) ;;
  esac
  start "impostor-$kind" rota-impostor serve --files "$lie" --log "$log/seen-by-$kind" --port "${gateway##*:}" \
    --disk "$work/server" --seal-key "$work/seal.key" "${extra[@]}"
  local impostor_pid=$started_pid
  until_true 10 "the impostor listens" test -s "$log/impostor-$kind"
  local build
  for build in foo-lmp-764 bar-lmp-800; do
    run "$exit_code" rota-device -c "$work/${build%%-*}/sota" update
    want_text "$what: refused" "$pattern" "$err"
    want_equal "  ${build%%-*} still runs" "$build" "$(device_runs "${build%%-*}")"
  done
  grep -q '^GET /repo/' "$log/seen-by-$kind" || broken "foo never asked the impostor"
  stop "$impostor_pid"
}
