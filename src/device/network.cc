#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "device/telemetry.h"

namespace rota::device {
namespace {

// The interface of the route with destination 0 (/proc/net/route: interface, destination, …).
std::string default_route_interface() {
  std::ifstream routes("/proc/net/route");
  for (std::string line; std::getline(routes, line);) {
    std::istringstream fields(line);
    std::string interface, destination;
    if (fields >> interface >> destination && destination == "00000000") return interface;
  }
  return "";
}

std::string text_of_mac(const sockaddr_ll& address) {
  std::string out;
  for (int i = 0; i < 6; ++i)
    out += (i == 0 ? "" : ":") + hex(BytesView(reinterpret_cast<const char*>(&address.sll_addr[i]), 1));
  return out;
}

std::string text_of_ip(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = {};
  return ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) != nullptr ? text : "";
}

struct Addresses {
  std::string mac, ip;
};

Addresses addresses_of(const std::string& wanted) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(list, ::freeifaddrs);
  Addresses found;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    const bool fits = wanted.empty() ? (one->ifa_flags & IFF_LOOPBACK) == 0 : wanted == one->ifa_name;
    if (!fits || one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    if (one->ifa_addr->sa_family == AF_PACKET && found.mac.empty())
      found.mac = text_of_mac(*reinterpret_cast<const sockaddr_ll*>(one->ifa_addr));
    if (one->ifa_addr->sa_family == AF_INET && found.ip.empty())
      found.ip = text_of_ip(*reinterpret_cast<const sockaddr_in*>(one->ifa_addr));
  }
  return found;
}

}  // namespace

Json network_facts() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) name[0] = '\0';
  const auto addresses = addresses_of(default_route_interface());
  return Json::Object{{"hostname", name}, {"mac", addresses.mac}, {"local_ipv4", addresses.ip}};
}

}  // namespace rota::device
