# A TUF repository made by hand with openssl and jq. Nothing of Rota's is used, so that the library meets bytes of somebody
# else's making. Sourced; $by_hand is the folder it makes: keys/, repository/metadata/, repository/targets/.
by_hand=${work:?}/by-hand
expires=2046-01-01T00:00:00Z

hex_of() { od -An -v -tx1 | tr -d ' \n'; }
sha256_of() { sha256sum "$1" | cut -c1-64; }
canonical_json() { jq -cSj "$@"; } # sorted, no white space, no line end; the texts here are plain ASCII
public_half() { openssl pkey -in "$by_hand/keys/$1.pem" -pubout -outform DER | tail -c 32 | hex_of; }
key_json() { canonical_json -n --arg public "$(public_half "$1")" '{keytype: "ed25519", scheme: "ed25519", keyval: {public: $public}}'; }
key_id() { key_json "$1" | sha256sum | cut -c1-64; }

# signed_by KEY FILE: the envelope of what stands on stdin becomes FILE.
signed_by() {
  local key=$1 file=$2 signature
  canonical_json . >"$by_hand/message"
  signature=$(openssl pkeyutl -sign -inkey "$by_hand/keys/$key.pem" -rawin -in "$by_hand/message" | hex_of)
  canonical_json --arg id "$(key_id "$key")" --arg sig "$signature" '{signatures: [{keyid: $id, sig: $sig}], signed: .}' \
    "$by_hand/message" >"$by_hand/repository/metadata/$file"
}
head_json() { # TYPE VERSION
  jq -n --arg type "$1" --argjson version "$2" --arg expires "$expires" \
    '{_type: $type, spec_version: "1.0.31", version: $version, expires: $expires}'
}
make_root() {
  local role keys='{}' roles='{}'
  for role in root targets snapshot timestamp; do
    keys=$(jq -n --argjson all "$keys" --arg id "$(key_id $role)" --argjson key "$(key_json $role)" '$all + {($id): $key}')
    roles=$(jq -n --argjson all "$roles" --arg role $role --arg id "$(key_id $role)" '$all + {($role): {keyids: [$id], threshold: 1}}')
  done
  head_json root 1 | jq --argjson keys "$keys" --argjson roles "$roles" '. + {consistent_snapshot: true, keys: $keys, roles: $roles}' |
    signed_by root 1.root.json
}
# publish VERSION NAME...: these files of repository/targets are what targets VERSION offers; snapshot and timestamp follow.
publish() {
  local version=$1 name hash offers='{}' metadata=$by_hand/repository/metadata
  shift
  for name in "$@"; do
    hash=$(sha256_of "$by_hand/repository/targets/$name")
    cp "$by_hand/repository/targets/$name" "$by_hand/repository/targets/$hash.$name" # TUF 6: consistent snapshots
    offers=$(jq -n --argjson all "$offers" --arg name "$name" --arg hash "$hash" \
      --argjson length "$(stat -c %s "$by_hand/repository/targets/$name")" \
      '$all + {($name): {length: $length, hashes: {sha256: $hash}}}')
  done
  head_json targets "$version" | jq --argjson offers "$offers" '. + {targets: $offers}' | signed_by targets "$version.targets.json"
  head_json snapshot "$version" | jq '. + {meta: {"targets.json": {version: .version}}}' | signed_by snapshot "$version.snapshot.json"
  head_json timestamp "$version" |
    jq --arg hash "$(sha256_of "$metadata/$version.snapshot.json")" \
      '. + {meta: {"snapshot.json": {version: .version, hashes: {sha256: $hash}}}}' | signed_by timestamp timestamp.json
}

mkdir -p "$by_hand/keys" "$by_hand/repository/metadata" "$by_hand/repository/targets"
for role in root targets snapshot timestamp impostor; do
  openssl genpkey -algorithm ed25519 -out "$by_hand/keys/$role.pem"
done
make_root
