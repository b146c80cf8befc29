#include "crypto/tls_context.h"

#include "crypto/hash.h"
#include "crypto/pem.h"

namespace rota::crypto {
namespace {

// Forward secrecy and authenticated encryption under TLS 1.2 as well; TLS 1.3 has nothing else.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr long kSessionLife = 3600, kSessionsKept = 8192;

Error failed(std::string_view what) {
  return io_error(std::string(what) + ": " + openssl_reason());
}

Result<ContextHandle> bare_context(const SSL_METHOD* method) {
  ContextHandle context(SSL_CTX_new(method));
  SSL_CTX* const ctx = context.get();
  if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(ctx, kTls12Ciphers) != 1)
    return failed("TLS");
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);
  return context;
}

Result<std::vector<CertificateHandle>> certificates_of(std::string_view pem) {
  std::vector<CertificateHandle> found;
  for (const PemBlock& block : TRY(pem_blocks(pem))) {
    if (block.label != "CERTIFICATE") continue;
    const unsigned char* at = bytes_of(block.der.reveal());
    CertificateHandle certificate(d2i_X509(nullptr, &at, static_cast<long>(block.der.size())));
    if (!certificate) return bad_input("certificate: " + openssl_reason());
    found.push_back(std::move(certificate));
  }
  if (found.empty()) return bad_input("PEM: no CERTIFICATE block");
  return found;
}

Status present(SSL_CTX* ctx, std::string_view chain_pem, const SecretBytes& key_pem) {
  const auto chain = TRY_IN("TLS certificate", certificates_of(chain_pem));
  const PrivateKey key = TRY_IN("TLS key", PrivateKey::from_pem(key_pem));
  if (SSL_CTX_use_certificate(ctx, chain[0].get()) != 1) return bad_input("TLS certificate: " + openssl_reason());
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(ctx, chain[i].get()) != 1) return bad_input("TLS certificate: " + openssl_reason());
  if (SSL_CTX_use_PrivateKey(ctx, key.native().get()) != 1)
    return bad_input("TLS key: it is not the certificate's: " + openssl_reason());
  return {};
}

// Each of them is an anchor, a root or not.
Status trust(SSL_CTX* ctx, std::string_view ca_pem) {
  X509_STORE* const store = SSL_CTX_get_cert_store(ctx);
  for (const CertificateHandle& ca : TRY_IN("TLS CA", certificates_of(ca_pem)))
    if (X509_STORE_add_cert(store, ca.get()) != 1) return failed("TLS CA");
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Status ask_for_client_certificates(SSL_CTX* ctx, std::string_view ca_pem) {
  TRY(trust(ctx, ca_pem));
  for (const CertificateHandle& ca : TRY(certificates_of(ca_pem)))
    if (SSL_CTX_add_client_CA(ctx, ca.get()) != 1) return failed("TLS client CA");
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  return {};
}

// One stateful ticket: making and opening a stateless one decodes the client's certificate again each time.
Status keep_sessions(SSL_CTX* ctx, std::string_view client_ca_pem) {
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(ctx, kSessionsKept);
  SSL_CTX_set_timeout(ctx, kSessionLife);
  const Bytes id = sha256(client_ca_pem);
  if (SSL_CTX_set_num_tickets(ctx, 1) != 1 ||
      SSL_CTX_set_session_id_context(ctx, bytes_of(BytesView(id)), static_cast<unsigned>(id.size())) != 1)
    return failed("TLS sessions");
  return {};
}

}  // namespace

Result<TlsContext> TlsContext::server(const TlsServerOptions& options) {
  ContextHandle context = TRY(bare_context(TLS_server_method()));
  TRY(present(context.get(), options.certificate_chain_pem, options.key_pem));
  if (!options.client_ca_pem.empty()) TRY(ask_for_client_certificates(context.get(), options.client_ca_pem));
  TRY(keep_sessions(context.get(), options.client_ca_pem));
  return TlsContext(std::make_shared<Impl>(TlsSide::server, wire_method(), std::move(context)));
}

Result<TlsContext> TlsContext::client(const TlsClientOptions& options) {
  ContextHandle context = TRY(bare_context(TLS_client_method()));
  SSL_CTX* const ctx = context.get();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  if (!options.ca_pem.empty()) {
    TRY(trust(ctx, options.ca_pem));
  } else if (SSL_CTX_set_default_verify_paths(ctx) != 1) {
    return failed("the system's certificates");
  }
  if (!options.certificate_pem.empty()) TRY(present(ctx, options.certificate_pem, options.key_pem));
  return TlsContext(std::make_shared<Impl>(TlsSide::client, wire_method(), std::move(context)));
}

}  // namespace rota::crypto
