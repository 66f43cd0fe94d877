// Form: what is wrong with a transaction whatever the ledger knows. Judged before everything else.
#pragma once

#include <string>

#include "timebank/v1/transaction.pb.h"

namespace timebank::model {

[[nodiscard]] v1::Reason FormOf(const v1::TransactionBody& body);
// Form of an entry's content, which must come through `channel`.
[[nodiscard]] v1::Reason ContentForm(const std::string& bytes, v1::Channel channel);

// The message in the bytes; empty fields when they do not parse, which the form tells first.
template <typename Message>
[[nodiscard]] Message Parsed(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) message.Clear();
  return message;
}

}  // namespace timebank::model
