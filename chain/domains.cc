// Hashes and signed bytes that start with a domain tag.
#include "chain/domains.h"

#include "crypto/sha256.h"

namespace timebank::chain {

Hash TagHash(std::string_view domain, std::initializer_list<ByteView> parts) {
  ByteWriter bytes;
  bytes.Raw(domain);
  for (ByteView part : parts) bytes.Raw(part);
  return crypto::Sha256(bytes.bytes());
}

Bytes SignedBytes(std::string_view domain, const Hash& chain_id,
                  std::initializer_list<ByteView> parts) {
  ByteWriter bytes;
  bytes.Raw(domain).Raw(chain_id.view());
  for (ByteView part : parts) bytes.Raw(part);
  return bytes.Take();
}

Bytes ReadyBytes(const Hash& chain_id, Height height, const Hash& digest) {
  return SignedBytes(kReadyDomain, chain_id,
                     {ByteWriter().U64(height.value()).bytes(), digest.view()});
}

Hash NextStatementHead(const Hash& head, const StatementStep& step) {
  ByteWriter numbers;
  numbers.U64(step.count).U64(step.log_index).U32(step.line);
  return TagHash(kStatementDomain, {head.view(), numbers.bytes(), step.line_hash.view()});
}

Hash SweepId(const Hash& chain_id, Height height) {
  return TagHash(kSweepDomain, {chain_id.view(), ByteWriter().U64(height.value()).bytes()});
}

}  // namespace timebank::chain
