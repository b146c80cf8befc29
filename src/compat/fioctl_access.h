// Which factory, at which server, as whom: from the configuration, or from the archive of the oldest callers, who have
// no login (fioctl.md 3, 10). Private to fioctl*.cc.
#pragma once

#include "ceremony/trust.h"
#include "compat/fioctl_config.h"
#include "keys/archive.h"

namespace rota::compat::fio {

struct Access {
  std::string factory;
  std::string polis_id;         // who signs the changelog; may be empty
  ceremony::RootSource source;  // with the credentials
};

// bad_input: no login and no layout A archive, or no factory. denied, unavailable: the credentials were not taken.
Result<Access> access_to(const Config& config, const keys::Archive& archive, Fetcher& fetcher);

}  // namespace rota::compat::fio
