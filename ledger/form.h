// Checks of form that need no state: what every field of a kind must be before anybody looks at the
// ledger. The canonical scanner has judged lengths, enum numbers and sizes already.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <initializer_list>
#include <string_view>

#include "timebank/v1/transaction.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {

// True when one of the fields is absent.
[[nodiscard]] bool AnyEmpty(std::initializer_list<std::string_view> fields);
// True when all bytes are zero: no id that a record may have.
[[nodiscard]] bool IsZeroId(std::string_view field);
// UTF-8 without control characters (public names).
[[nodiscard]] bool IsPublicText(std::string_view text);
// MISSING_FIELD for an empty list, BAD_FIELD for a member that is absent, zero or listed twice.
[[nodiscard]] v1::Reason CheckDistinctMembers(
    const google::protobuf::RepeatedPtrField<std::string>& members);
// The signers' roles and organisations fit together: officers name an organisation, MEMBER and
// PROXY do not.
[[nodiscard]] v1::Reason CheckSigners(const v1::TransactionBody& body);

}  // namespace timebank::ledger
