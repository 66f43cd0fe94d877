// The canonical-form scanner, on every message of the schema: what it accepts, protobuf reads and
// writes back as the very same bytes; what it refuses, it refuses inside the input.
//   input: number of the message u8 | bytes
#include "chain/canonical.h"

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/fuzz/messages.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

struct Type {
  const google::protobuf::Message* prototype;
  std::unique_ptr<chain::CanonicalForm> form;
};

std::vector<Type> Types() {
  std::vector<Type> types;
  for (const google::protobuf::Message* prototype : CanonicalMessages()) {
    types.push_back(
        {prototype, std::make_unique<chain::CanonicalForm>(*prototype->GetDescriptor())});
  }
  return types;
}

}  // namespace

void RunCanonical(Input input) {
  static const std::vector<Type> types = Types();
  const Type& type = types[input.U8() % types.size()];
  const ByteView bytes = input.Rest();
  if (const auto error = type.form->Check(bytes)) {
    TB_CHECK(error->offset <= bytes.size());
    TB_CHECK(!chain::Describe(error->fault).empty());
    return;
  }
  const std::unique_ptr<google::protobuf::Message> message(type.prototype->New());
  TB_CHECK(message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  TB_CHECK(Same(AsBytes(chain::CanonicalBytes(*message)), bytes));
}

}  // namespace timebank::fuzz
