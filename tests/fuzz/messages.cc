#include "tests/fuzz/messages.h"

#include "timebank/v1/block.pb.h"
#include "timebank/v1/peer.pb.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::fuzz {

std::vector<const google::protobuf::Message*> CanonicalMessages() {
  std::vector<const google::protobuf::Message*> messages;
  for (const google::protobuf::Descriptor* one :
       {v1::Envelope::descriptor(), v1::Member::descriptor(), v1::BlockBody::descriptor(),
        v1::PeerMessage::descriptor()}) {
    const google::protobuf::FileDescriptor& file = *one->file();
    for (int i = 0; i < file.message_type_count(); ++i) {
      messages.push_back(google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          file.message_type(i)));
    }
  }
  return messages;
}

}  // namespace timebank::fuzz
