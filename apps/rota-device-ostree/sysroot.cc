#include "sysroot.h"

#include <ostree.h>

#include <memory>
#include <utility>

namespace rota::device_ostree {
namespace {

template <typename T>
struct Unref {
  void operator()(T* object) const { g_object_unref(object); }
};
template <typename T>
using Ref = std::unique_ptr<T, Unref<T>>;

// Where glib puts its error; knows which of ours it is.
class GlibError {
 public:
  ~GlibError() { g_clear_error(&error_); }
  GError** out() { return &error_; }
  bool is_no_space() const {
    return error_ != nullptr && (g_error_matches(error_, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ||
                                 std::string_view(error_->message).find("min-free-space") != std::string_view::npos);
  }
  std::string text() const { return error_ != nullptr ? error_->message : "no reason given"; }

 private:
  GError* error_ = nullptr;
};

Result<std::string> option(const Options& options, const std::string& name) {
  const auto at = options.find(name);
  if (at == options.end() || at->second.empty()) return bad_input("--" + name + " is missing");
  return at->second;
}

Result<std::string> commit_option(const Options& options) {
  const std::string commit = TRY(option(options, "commit"));
  if (!is_sha256_hex(commit)) return bad_input("--commit: want 64 hex digits, got '" + commit + "'");
  return commit;
}

Result<Ref<OstreeSysroot>> open_sysroot(const Options& options) {
  const std::string path = TRY(option(options, "sysroot"));
  const Ref<GFile> file(g_file_new_for_path(path.c_str()));
  Ref<OstreeSysroot> sysroot(ostree_sysroot_new(file.get()));
  GlibError error;
  if (ostree_sysroot_load(sysroot.get(), nullptr, error.out()) == FALSE)
    return io_error("sysroot '" + path + "': " + error.text(), "make one with: ostree admin init-fs " + path);
  return sysroot;
}

OstreeRepo* repository_of(OstreeSysroot* sysroot) {
  OstreeRepo* repo = nullptr;
  return ostree_sysroot_get_repo(sysroot, &repo, nullptr, nullptr) != FALSE ? repo : nullptr;
}

Result<Ref<OstreeRepo>> open_repository(OstreeSysroot* sysroot) {
  Ref<OstreeRepo> repo(repository_of(sysroot));
  if (!repo) return io_error("sysroot: its repository cannot be opened");
  return repo;
}

bool has_whole(OstreeRepo* repo, const std::string& commit) {
  GVariant* variant = nullptr;
  OstreeRepoCommitState state{};
  if (ostree_repo_load_commit(repo, commit.c_str(), &variant, &state, nullptr) == FALSE) return false;
  g_variant_unref(variant);
  return (state & OSTREE_REPO_COMMIT_STATE_PARTIAL) == 0;
}

GVariant* pull_options(const std::string& commit, const std::string& url) {
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  const char* const refs[] = {commit.c_str(), nullptr};
  const auto add = [&](const char* name, GVariant* value) { g_variant_builder_add(&builder, "{sv}", name, value); };
  add("refs", g_variant_new_strv(refs, 1));
  add("gpg-verify", g_variant_new_boolean(FALSE));  // the commit id comes from verified TUF targets
  add("gpg-verify-summary", g_variant_new_boolean(FALSE));
  add("n-network-retries", g_variant_new_uint32(0));  // the agent repeats the whole pull
  add("override-url", g_variant_new_string(url.c_str()));
  return g_variant_ref_sink(g_variant_builder_end(&builder));
}

// libostree pulls only from a remote of the repository's configuration. Ours names no server: the address of each pull is
// given with it.
constexpr const char* kRemote = "rota-device";

Status make_remote(OstreeRepo* repo) {
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&builder, "{sv}", "gpg-verify", g_variant_new_boolean(FALSE));
  GVariant* how = g_variant_ref_sink(g_variant_builder_end(&builder));
  GlibError error;
  const bool made = ostree_repo_remote_change(repo, nullptr, OSTREE_REPO_REMOTE_CHANGE_ADD_IF_NOT_EXISTS, kRemote,
                                              "http://127.0.0.1/", how, nullptr, error.out()) != FALSE;
  g_variant_unref(how);
  if (!made) return io_error("repository: remote '" + std::string(kRemote) + "': " + error.text());
  return {};
}

struct StrvFree {
  void operator()(char** strings) const { g_strfreev(strings); }
};
using Strv = std::unique_ptr<char*, StrvFree>;

// The kernel arguments of the deployment that the new one follows; none when it is the first.
Strv kernel_arguments(OstreeDeployment* merge) {
  if (merge == nullptr) return nullptr;
  const char* text = ostree_bootconfig_parser_get(ostree_deployment_get_bootconfig(merge), "options");
  OstreeKernelArgs* arguments = ostree_kernel_args_from_string(text != nullptr ? text : "");
  ostree_kernel_args_replace_take(arguments, g_strdup("ostree"));  // names the old deployment; libostree sets it anew
  Strv list(ostree_kernel_args_to_strv(arguments));
  ostree_kernel_args_free(arguments);
  return list;
}

Status lock(OstreeSysroot* sysroot) {
  GlibError error;
  gboolean acquired = FALSE;
  if (ostree_sysroot_try_lock(sysroot, &acquired, error.out()) == FALSE) return io_error("sysroot lock: " + error.text());
  if (acquired == FALSE) return conflict("sysroot: another program is deploying");
  return {};
}

Error failure_of(const std::string& what, const GlibError& error, Fault otherwise) {
  if (error.is_no_space()) return Error{Fault::io, what + ": no space: " + error.text()};
  return Error{otherwise, what + ": " + error.text()};
}

Json::Object deployment_json(OstreeSysroot* sysroot, OstreeDeployment* deployment) {
  return {{"commit", ostree_deployment_get_csum(deployment)},
          {"os", ostree_deployment_get_osname(deployment)},
          {"booted", deployment == ostree_sysroot_get_booted_deployment(sysroot)}};
}

}  // namespace

Result<Json> status(const Options& options) {
  const auto sysroot = TRY(open_sysroot(options));
  Json::Array deployments;
  GPtrArray* list = ostree_sysroot_get_deployments(sysroot.get());
  for (guint i = 0; i < list->len; ++i)
    deployments.push_back(deployment_json(sysroot.get(), static_cast<OstreeDeployment*>(list->pdata[i])));
  g_ptr_array_unref(list);
  return Json(Json::Object{{"deployments", std::move(deployments)}});
}

Result<Json> has(const Options& options) {
  const std::string commit = TRY(commit_option(options));
  const auto sysroot = TRY(open_sysroot(options));
  const auto repo = TRY(open_repository(sysroot.get()));
  return Json(Json::Object{{"present", has_whole(repo.get(), commit)}});
}

Result<Json> pull(const Options& options) {
  const std::string commit = TRY(commit_option(options));
  const std::string url = TRY(option(options, "url"));
  const auto sysroot = TRY(open_sysroot(options));
  const auto repo = TRY(open_repository(sysroot.get()));
  TRY(make_remote(repo.get()));
  GVariant* how = pull_options(commit, url);
  GlibError error;
  const bool pulled = ostree_repo_pull_with_options(repo.get(), kRemote, how, nullptr, nullptr, error.out()) != FALSE;
  g_variant_unref(how);
  if (!pulled) return failure_of("pull " + commit, error, Fault::unavailable);
  return Json(Json::Object{{"pulled", commit}});
}

Result<Json> deploy(const Options& options) {
  const std::string commit = TRY(commit_option(options));
  const std::string os = TRY(option(options, "os"));
  const auto sysroot = TRY(open_sysroot(options));
  const auto repo = TRY(open_repository(sysroot.get()));
  TRY(lock(sysroot.get()));
  if (!has_whole(repo.get(), commit)) return not_found("deploy " + commit + ": not in the repository");
  const Ref<OstreeDeployment> merge(ostree_sysroot_get_merge_deployment(sysroot.get(), os.c_str()));
  GKeyFile* origin = ostree_sysroot_origin_new_from_refspec(sysroot.get(), commit.c_str());
  const Strv arguments = kernel_arguments(merge.get());
  OstreeDeployment* made = nullptr;
  GlibError error;
  const bool deployed = ostree_sysroot_deploy_tree(sysroot.get(), os.c_str(), commit.c_str(), origin, merge.get(),
                                                   arguments.get(), &made, nullptr, error.out()) != FALSE;
  g_key_file_unref(origin);
  if (!deployed) return failure_of("deploy " + commit, error, Fault::io);
  const Ref<OstreeDeployment> next(made);
  if (ostree_sysroot_simple_write_deployment(sysroot.get(), os.c_str(), next.get(), merge.get(),
                                             OSTREE_SYSROOT_SIMPLE_WRITE_DEPLOYMENT_FLAGS_NONE, nullptr,
                                             error.out()) == FALSE)
    return failure_of("write deployment " + commit, error, Fault::io);
  return Json(Json::Object{{"deployed", commit}});
}

}  // namespace rota::device_ostree
