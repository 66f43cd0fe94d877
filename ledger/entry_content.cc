#include "ledger/entry_content.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "ledger/form.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kContentVersion = 1;
constexpr std::size_t kSlipHashBytes = 10;  // 80 bits

v1::Reason CheckFields(const v1::EntryContent& content);

}  // namespace

Expected<VisitContent, v1::Reason> ParseContent(ByteView bytes) {
  if (bytes.empty()) return Unexpected{v1::REASON_MISSING_FIELD};
  auto parsed = chain::ParseCanonical<v1::EntryContent>(bytes);
  if (!parsed) return Unexpected{chain::ReasonOf(parsed.error().fault)};
  if (const v1::Reason no = CheckFields(*parsed)) return Unexpected{no};
  return VisitContent{std::move(*parsed), ToString(bytes), crypto::Sha256(bytes)};
}

std::int64_t WholeMinutes(Millis start, Millis end) {
  TB_CHECK(start <= end);
  return static_cast<std::int64_t>((end.value() - start.value()) / kMinuteMs);
}

Millis IdTime(ByteView id) {
  ByteReader in(id);
  const std::uint64_t high = in.U32();
  return Millis(high << 16U | in.U16());
}

EntryId SlipId(Millis start, const OrgId& org, ByteView serial) {
  const Hash hash = chain::TagHash(chain::kSlipDomain, {org.view(), serial});
  ByteWriter out;
  out.U16(static_cast<std::uint16_t>(start.value() >> 32U));
  out.U32(static_cast<std::uint32_t>(start.value() & 0xFFFFFFFFU));
  out.Raw(hash.view().first(kSlipHashBytes));
  return *EntryId::From(out.bytes());
}

namespace {

v1::Reason CheckFields(const v1::EntryContent& c) {
  if (c.version() != 0 && c.version() != kContentVersion) return v1::REASON_UNKNOWN_VERSION;
  if (AnyEmpty({c.entry(), c.community(), c.volunteer(), c.elder()}) || c.version() == 0 ||
      c.kind() == v1::ENTRY_KIND_UNSPECIFIED || c.start_ms() == 0 || c.end_ms() == 0 ||
      c.place() == v1::PLACE_CLAIM_UNSPECIFIED || c.channel() == v1::CHANNEL_UNSPECIFIED) {
    return v1::REASON_MISSING_FIELD;
  }
  if (c.end_ms() > kTimeMsMax || c.end_ms() <= c.start_ms()) return v1::REASON_BAD_FIELD;
  return v1::REASON_UNSPECIFIED;
}

}  // namespace
}  // namespace timebank::ledger
