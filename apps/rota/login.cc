#include "nouns.h"

namespace rota::app {
namespace {

// Asks the service something harmless before the profile is kept, so that a wrong one never is.
Status log_in(const Invocation& call) {
  const auto profile =
      TRY(profile_with(call.files, {call.given.text("server"), call.given.text("token-file"), call.given.text("ca")}));
  const Json factories = TRY(call.service.get("/v1/factories"));
  TRY(save_profile(call.files, profile));
  call.talk.say("profile written: " + profile_path());
  if (call.json())
    call.talk.out() << to_json(Json::Object{{"server", profile.server}, {"factories", *factories.find("factories")}})
                    << "\n";
  return {};
}

}  // namespace

Noun login_noun() {
  return {"login", "remember the service, the token file and the CA", {{"", "", {}, log_in}},
          {"rota login --server https://localhost:8080 --token-file admin.token --ca server-ca.pem"}};
}

}  // namespace rota::app
