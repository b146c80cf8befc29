#include "http/message.h"

namespace rota::http {

namespace {

std::string form_decoded_plus(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c == '+') c = ' ';
  return out;
}

}  // namespace

std::optional<std::string> Request::header_if(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equals_ignoring_case(key, name)) return value;
  return std::nullopt;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  for (const std::string& pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    const auto key = percent_decoded(form_decoded_plus(std::string_view(pair).substr(0, equals)));
    if (!key.ok() || *key != name) continue;
    if (equals == std::string::npos) return std::string();
    auto value = percent_decoded(form_decoded_plus(std::string_view(pair).substr(equals + 1)));
    if (!value.ok()) return std::nullopt;
    return std::move(value).value();
  }
  return std::nullopt;
}

const std::string& Request::param(std::string_view name) const {
  const auto found = params.find(name);
  if (found == params.end()) abort_with("Request: the route's pattern has no {" + std::string(name) + "}");
  return found->second;
}

Response text_response(int status, std::string text) {
  Response response{.status = status};
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

Response json_response(int status, const Json& json, Headers headers) {
  Response response{.status = status, .headers = std::move(headers)};
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = to_json(json);
  return response;
}

Response error_response(const Request& request, int status, std::string_view code, std::string_view description) {
  return json_response(status, Json::Object{{"code", code}, {"description", description}, {"errorId", request.id}});
}

int status_of(Fault fault) {
  switch (fault) {
    case Fault::rejected:
      return 400;
    case Fault::expired:
      return 422;
    case Fault::not_found:
      return 404;
    case Fault::unavailable:
      return 503;
    case Fault::denied:
      return 403;
    case Fault::bad_input:
      return 400;
    case Fault::conflict:
      return 409;
    case Fault::io:
      return 500;
  }
  abort_with("Fault: not one of its values");
}

}  // namespace rota::http
