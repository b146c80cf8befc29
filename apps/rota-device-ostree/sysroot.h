// The four things the device agent asks of libostree. This program exists so that libostree, glib and their seventy
// libraries are loaded for as long as one of them takes, and an assertion in them ends this process and not the agent.
// In:    a sysroot, a commit, for `pull` a plain HTTP address on the loopback interface.
// Out:   one JSON value.
// Never: the network beyond that address, keys, certificates, the agent's store.
#pragma once

#include <map>
#include <string>

#include "base/json.h"

namespace rota::device_ostree {

using Options = std::map<std::string, std::string, std::less<>>;  // "sysroot" -> "/"

// {"deployments":[{"commit","os","booted":bool}]}, in boot order.
Result<Json> status(const Options& options);
// {"present":bool}: the whole commit is in the sysroot's repository.
Result<Json> has(const Options& options);
// Fetches `commit` from `url`; every object's checksum is verified; what was fetched stays for the next try.
// unavailable: not all of it came, or not as its checksum says; io: no space, broken disk.
Result<Json> pull(const Options& options);
// Makes `commit` the deployment of `os` that boots next, with the kernel arguments of the one it follows, which stays as
// the roll-back. not_found: the commit is not in the repository whole.
Result<Json> deploy(const Options& options);

}  // namespace rota::device_ostree
