#include "crypto/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace timebank::crypto {
namespace {

const EVP_MD* Algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TB_CHECK(algorithm != nullptr);
  return algorithm;
}

// One context per thread: creating one costs more than hashing a tree node.
struct Context {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  Context() { TB_CHECK(ctx != nullptr); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(ctx); }
};

}  // namespace

Hash Sha256(ByteView data) { return Sha256({data}); }

Hash Sha256(std::initializer_list<ByteView> parts) {
  thread_local Context context;
  Hash out;
  TB_CHECK(EVP_DigestInit_ex2(context.ctx, Algorithm(), nullptr) == 1);
  for (ByteView part : parts) {
    TB_CHECK(EVP_DigestUpdate(context.ctx, part.data(), part.size()) == 1);
  }
  unsigned length = 0;
  TB_CHECK(EVP_DigestFinal_ex(context.ctx, reinterpret_cast<unsigned char*>(out.data.data()),
                              &length) == 1);
  TB_CHECK(length == out.data.size());
  return out;
}

}  // namespace timebank::crypto
