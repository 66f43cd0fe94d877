#include "api/client/read_token.h"

#include "chain/canonical.h"
#include "chain/domains.h"
#include "timebank/v1/block.pb.h"

namespace timebank::client {

std::string MakeReadToken(const Hash& chain_id, const Reader& reader, std::string_view audience,
                          Millis ledger_now) {
  const std::uint64_t now = ledger_now.value();
  const std::uint64_t from = now > kTokenBackdateMs ? now - kTokenBackdateMs : 0;
  v1::AuthToken token;
  token.set_version(1);
  token.set_member(reader.member.str());
  token.set_key_id(crypto::KeyIdOf(reader.key->public_key()).str());
  token.set_role(reader.role);
  if (reader.org) token.set_org(reader.org->str());
  token.set_audience(std::string(audience));
  token.set_not_before_ms(from);
  token.set_expiry_ms(from + kTokenLifeMs);
  v1::ReadToken out;
  out.set_token(chain::CanonicalBytes(token));
  out.set_signature(crypto::SuitedSignature(
      reader.key->Sign(chain::SignedBytes(chain::kAuthDomain, chain_id, {AsBytes(out.token())}))));
  return chain::CanonicalBytes(out);
}

}  // namespace timebank::client
