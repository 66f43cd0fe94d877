// The messages that have a canonical form.
#pragma once

#include <google/protobuf/message.h>

#include <vector>

namespace timebank::fuzz {

// A prototype of every message in the files of the chain: transactions, records, blocks, messages
// of peers. In the order of the schema.
[[nodiscard]] std::vector<const google::protobuf::Message*> CanonicalMessages();

}  // namespace timebank::fuzz
