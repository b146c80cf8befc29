// A data folder opened: the database, the keys, the registries; in the program and in tests alike.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/app.h"

namespace rota::server {

struct InstallationOptions {
  std::string data_folder;       // made 0700 when missing
  std::string seal_key_file;     // 32 bytes, 0600; made when missing; empty: "<data folder>.seal.key"
  std::string admin_token_file;  // written once, 0600; empty: "<data folder>/admin-token"
  std::vector<std::string>
      names;  // of the server certificate, the first is public; "localhost" and 127.0.0.1 are added
};

// Holds everything an App refers to.
class Installation {
 public:
  // bad_input: the seal key file is not 32 bytes or others may read it; conflict: another process has the folder open;
  // rejected: the seal key is not this folder's; io. A start that was cut short is completed by the next one.
  static Result<std::unique_ptr<Installation>> open(const InstallationOptions& options, const Clock& clock,
                                                    Files& files);
  ~Installation();  // commits what is queued; nobody may use the App any more
  App& app();
  struct Parts;

 private:
  explicit Installation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rota::server
