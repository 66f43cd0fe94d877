// Snapshots of a ledger that has lived: two epochs, real signatures. What is not exactly what the
// validators attest is refused with its reason (node/replica/snapshot.h).
#include "node/replica/snapshot.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "ledger/validators.h"
#include "tests/sim/stage.h"

namespace timebank::sim {
namespace {

using replica::SnapshotFault;

// Of a snapshot's bytes; type and payload may be changed, the length follows.
struct Part {
  std::uint8_t type = 0;
  Bytes payload;
};
using Parts = std::vector<Part>;

constexpr std::size_t kStart = 12;
constexpr std::uint8_t kBlockPart = 1;
constexpr std::uint8_t kRecordPart = 2;
constexpr std::uint8_t kTransactionPart = 3;

Parts Split(const Bytes& bytes) {
  Parts parts;
  ByteReader in(bytes);
  (void)in.Raw(kStart);
  while (!in.AtEnd()) {
    const std::uint8_t type = in.U8();
    const std::size_t length = in.U32();
    parts.push_back({type, ToBytes(in.Raw(length))});
    TB_CHECK(in.ok());
  }
  return parts;
}

Bytes Join(const Bytes& original, const Parts& parts) {
  ByteWriter out;
  out.Raw(ByteView(original).first(kStart));
  for (const Part& part : parts) {
    out.U8(part.type).U32(static_cast<std::uint32_t>(part.payload.size())).Raw(part.payload);
  }
  return out.Take();
}

Part& FirstOf(Parts& parts, std::uint8_t type) {
  return *std::ranges::find(parts, type, &Part::type);
}

// The block parts: that of the ended epoch, then the snapshot's own.
Part& Ended(Parts& parts) { return parts[0]; }
Part& Top(Parts& parts) { return parts[1]; }

consensus::CommittedBlock Decode(const Part& part) {
  ByteReader in(part.payload);
  (void)in.U8();
  const std::size_t size = in.U16();
  auto proof = chain::Certificate::Decode(in.Raw(size));
  auto header = chain::DecodeHeader(in.Raw(chain::kHeaderSize));
  auto body = std::make_shared<const Bytes>(ToBytes(in.Raw(in.remaining())));
  return {consensus::Block(*header, std::move(body)), *proof};
}

void Encode(const chain::Header& header, const chain::Certificate& proof, Part& part) {
  const auto block = Decode(part);
  const Bytes bytes = proof.Encode();
  part.payload = ByteWriter()
                     .U8(std::to_integer<std::uint8_t>(part.payload[0]))
                     .U16(static_cast<std::uint16_t>(bytes.size()))
                     .Raw(bytes)
                     .Raw(header.Encode())
                     .Raw(*block.block.body())
                     .Take();
}

class SnapshotTest : public ::testing::Test {
 protected:
  // Made once: a newcomer was added under load.
  static void SetUpTestSuite() {
    Plan plan = Calm();
    plan.newcomers = 1;
    plan.changes = {{.at = Millis(1'000), .remove = {}, .add = {4}}};
    Stage stage(plan);
    stage.ExpectLive();
    genesis_ = new chain::Genesis(*chain::ParseGenesis(AsBytes(stage.community().genesis())));
    other_ = new chain::Genesis(
        *chain::ParseGenesis(AsBytes(Community(Prng(3), /*pairs=*/1, 4).genesis())));
    for (NodeIndex node = 0; node < 2; ++node) snapshots_.push_back(Save(stage, node));
  }
  static void TearDownTestSuite() {
    delete genesis_;
    delete other_;
    snapshots_.clear();
  }

  static Bytes Save(Stage& stage, NodeIndex node) {
    Disk& disk = stage.cluster().node(node).disk();
    const ledger::State& state = *stage.cluster().node(node).replica().final_view().state;
    replica::SnapshotSource source;
    source.block = *disk.Floor();
    const Height boundary(ledger::SetOf(state, Epoch(1)).boundary_height());
    source.ended_epochs.push_back({*disk.ReadBlock(boundary)});
    source.visit_records = [&disk](const auto& visit) { disk.VisitState(visit); };
    source.visit_transactions = [&disk](const auto& visit) {
      for (const auto& [id, row] : disk.rows()) visit(row);
    };
    Bytes out;
    replica::WriteSnapshot(source,
                           [&out](ByteView b) { out.insert(out.end(), b.begin(), b.end()); });
    return out;
  }

  static std::optional<SnapshotFault> Read(ByteView bytes, const chain::Genesis& genesis) {
    const replica::SnapshotReceiver nothing = {.block = [](const auto&) { return true; },
                                               .record = [](ByteView, ByteView) { return true; },
                                               .transaction = [](const auto&) { return true; }};
    std::size_t at = 0;
    const auto content = replica::ReadSnapshot(
        [&](std::span<std::byte> out) {
          const std::size_t count = std::min(out.size(), bytes.size() - at);
          std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
          at += count;
          return count;
        },
        genesis, nothing);
    if (!content) return content.error().fault;
    return std::nullopt;
  }
  static std::optional<SnapshotFault> Read(ByteView bytes) { return Read(bytes, *genesis_); }

  static const chain::Genesis* genesis_;
  static const chain::Genesis* other_;
  static std::vector<Bytes> snapshots_;  // of two validators
};
const chain::Genesis* SnapshotTest::genesis_ = nullptr;
const chain::Genesis* SnapshotTest::other_ = nullptr;
std::vector<Bytes> SnapshotTest::snapshots_;

TEST_F(SnapshotTest, WhatTheValidatorsAttestIsTaken) {
  for (const Bytes& snapshot : snapshots_) EXPECT_EQ(Read(snapshot), std::nullopt);
  EXPECT_EQ(Read(snapshots_[0], *other_), SnapshotFault::kOtherChain);
}

TEST_F(SnapshotTest, TwoNodesWriteTheSameButForWhoSigned) {
  const Parts one = Split(snapshots_[0]);
  const Parts two = Split(snapshots_[1]);
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].type, two[i].type);
    if (one[i].type != kBlockPart) {
      EXPECT_EQ(one[i].payload, two[i].payload) << i;
    } else {
      EXPECT_EQ(Decode(one[i]).block.digest(), Decode(two[i]).block.digest());
    }
  }
}

void Swap(Parts& parts, std::uint8_t type) {
  Part& first = FirstOf(parts, type);
  std::swap(first.payload, (&first + 1)->payload);
}
void Remove(Parts& parts, std::uint8_t type) {
  parts.erase(std::ranges::find(parts, type, &Part::type));
}
void Repeat(Parts& parts, std::uint8_t type) {
  parts.insert(std::ranges::find(parts, type, &Part::type), FirstOf(parts, type));
}
template <typename Change>
void ChangeTop(Parts& parts, Change change) {
  auto block = Decode(Top(parts));
  chain::Header header = block.block.header();
  change(header, block.finalization);
  Encode(header, block.finalization, Top(parts));
}

struct Case {
  const char* name;
  SnapshotFault fault;
  std::function<void(Parts&)> change;
};

const std::vector<Case>& RecordCases() {
  using enum SnapshotFault;
  static const std::vector<Case> cases = {
      {"a record changed", kStateRoot,
       [](Parts& p) { FirstOf(p, kRecordPart).payload.back() ^= std::byte{1}; }},
      {"a record's key changed", kStateRoot,
       [](Parts& p) { FirstOf(p, kRecordPart).payload[2] ^= std::byte{1}; }},
      {"a record missing", kStateRoot, [](Parts& p) { Remove(p, kRecordPart); }},
      {"all records missing", kStateRoot,
       [](Parts& p) {
         std::erase_if(p, [](const Part& part) { return part.type == kRecordPart; });
       }},
      {"a record too many", kStateRoot,
       [](Parts& p) {
         p.insert(std::ranges::find(p, kTransactionPart, &Part::type),
                  Part{kRecordPart, ByteWriter().U8(2).U16(0xFFFF).U8(1).Take()});
       }},
      {"records out of order", kRecord, [](Parts& p) { Swap(p, kRecordPart); }},
      {"a record twice", kRecord, [](Parts& p) { Repeat(p, kRecordPart); }},
      {"a record without a value", kRecord,
       [](Parts& p) { FirstOf(p, kRecordPart).payload = ByteWriter().U8(1).U8(9).Take(); }},
      {"a record's key beyond its end", kRecord,
       [](Parts& p) { FirstOf(p, kRecordPart).payload[0] = std::byte{255}; }},
      {"an empty record", kRecord, [](Parts& p) { FirstOf(p, kRecordPart).payload.clear(); }},
  };
  return cases;
}

const std::vector<Case>& TransactionCases() {
  using enum SnapshotFault;
  static const std::vector<Case> cases = {
      {"a transaction missing", kLogRoot, [](Parts& p) { Remove(p, kTransactionPart); }},
      {"all transactions missing", kLogRoot,
       [](Parts& p) {
         std::erase_if(p, [](const Part& part) { return part.type == kTransactionPart; });
       }},
      {"transactions out of order", kTransaction, [](Parts& p) { Swap(p, kTransactionPart); }},
      {"a transaction twice", kTransaction, [](Parts& p) { Repeat(p, kTransactionPart); }},
      {"another transaction id", kLogRoot,
       [](Parts& p) { FirstOf(p, kTransactionPart).payload[31] ^= std::byte{1}; }},
      {"another place in the log", kTransaction,
       [](Parts& p) { FirstOf(p, kTransactionPart).payload[32] ^= std::byte{1}; }},
      {"another place in the block", kTransaction,
       [](Parts& p) { FirstOf(p, kTransactionPart).payload[43] ^= std::byte{1}; }},
      {"a transaction without lines", kTransaction,
       [](Parts& p) { FirstOf(p, kTransactionPart).payload.resize(48, std::byte{0}); }},
      {"the number of lines a lie", kTransaction,
       [](Parts& p) { FirstOf(p, kTransactionPart).payload[44] = std::byte{255}; }},
  };
  return cases;
}

const std::vector<Case>& CertificateCases() {
  using enum SnapshotFault;
  static const std::vector<Case> cases = {
      {"a certificate signed by one too few", kFinalization,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header&, chain::Certificate& proof) {
           while (proof.votes.size() > 3) proof.votes.pop_back();
         });
       }},
      {"a certificate with a forged signature", kFinalization,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header&, chain::Certificate& proof) {
           proof.votes[0].signature = proof.votes[1].signature;
         });
       }},
      {"a certificate of another kind", kFinalization,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header&, chain::Certificate& proof) {
           proof.position.kind = chain::VoteKind::kNotarize;
         });
       }},
      {"a certificate of another block", kFinalization,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header&, chain::Certificate& proof) {
           proof.position.digest.data[0] ^= std::byte{1};
         });
       }},
      {"a header that names another state", kFinalization,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header& header, chain::Certificate&) {
           header.state_root.data[0] ^= std::byte{1};
         });
       }},
      {"a header of another set", kEpochs,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header& header, chain::Certificate&) {
           header.validators.data[0] ^= std::byte{1};
         });
       }},
      {"a header of another chain", kOtherChain,
       [](Parts& p) {
         ChangeTop(p, [](chain::Header& header, chain::Certificate&) {
           header.chain_id.data[0] ^= std::byte{1};
         });
       }},
  };
  return cases;
}

const std::vector<Case>& BlockCases() {
  using enum SnapshotFault;
  static const std::vector<Case> cases = {
      {"another body", kBlock, [](Parts& p) { Top(p).payload.push_back(std::byte{0}); }},
      {"a block cut short", kBlock, [](Parts& p) { Top(p).payload.resize(200); }},
      {"an ended epoch missing", kEpochs, [](Parts& p) { p.erase(p.begin()); }},
      {"an ended epoch twice", kEpochs, [](Parts& p) { p.insert(p.begin(), p[0]); }},
      {"an ended epoch that did not end", kEpochs,
       [](Parts& p) {
         Part copy = Top(p);
         copy.payload[0] = std::byte{0};
         p.insert(p.begin() + 1, copy);
       }},
      {"an ended epoch signed by strangers", kEpochs,
       [](Parts& p) {
         auto block = Decode(Ended(p));
         std::swap(block.finalization.votes[0].signature, block.finalization.votes[1].signature);
         Encode(block.block.header(), block.finalization, Ended(p));
       }},
  };
  return cases;
}

const std::vector<Case>& OrderCases() {
  using enum SnapshotFault;
  static const std::vector<Case> cases = {
      {"two blocks of its own", kPart, [](Parts& p) { p.insert(p.begin() + 1, Top(p)); }},
      {"no block of its own", kPart, [](Parts& p) { p.erase(p.begin() + 1); }},
      {"records after transactions", kPart,
       [](Parts& p) { p.insert(p.end() - 1, FirstOf(p, kRecordPart)); }},
      {"an unknown part", kPart,
       [](Parts& p) {
         p.insert(p.end() - 1, Part{9, {}});
       }},
      {"something in the end", kPart, [](Parts& p) { p.back().payload.resize(1); }},
      {"no end", kTruncated, [](Parts& p) { p.pop_back(); }},
      {"something after the end", kTrailing, [](Parts& p) { p.push_back(p.back()); }},
  };
  return cases;
}

TEST_F(SnapshotTest, WhatLiesIsRefusedWithItsReason) {
  for (const auto& cases :
       {RecordCases(), TransactionCases(), CertificateCases(), BlockCases(), OrderCases()}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(c.name);
      Parts parts = Split(snapshots_[0]);
      c.change(parts);
      const auto fault = Read(Join(snapshots_[0], parts));
      ASSERT_TRUE(fault.has_value());
      EXPECT_EQ(Describe(*fault), Describe(c.fault));
    }
  }
}

TEST_F(SnapshotTest, ALengthBeyondTheBoundIsRefusedUnread) {
  const Bytes lie = ByteWriter().Raw(ByteView(snapshots_[0]).first(kStart)).U8(1).U32(~0U).Take();
  EXPECT_EQ(Read(lie), SnapshotFault::kPart);
  EXPECT_EQ(Read({}), SnapshotFault::kNoSnapshot);
  EXPECT_EQ(Read(AsBytes("TBnodlog\0\0\0\1 and more")), SnapshotFault::kNoSnapshot);
}

TEST_F(SnapshotTest, OneThatEndsTooEarlyIsRefused) {
  const Bytes& whole = snapshots_[0];
  for (std::size_t size = kStart; size < whole.size(); size += 211) {
    EXPECT_EQ(Read(ByteView(whole).first(size)), SnapshotFault::kTruncated) << size;
  }
}

// In every byte of the blocks, where fields are many, and in every third after them.
TEST_F(SnapshotTest, NoBitCanBeChanged) {
  Bytes bytes = snapshots_[0];
  const Parts parts = Split(bytes);
  const std::size_t blocks = kStart + parts[0].payload.size() + parts[1].payload.size() + 10;
  for (std::size_t i = 0; i < bytes.size(); i += i < blocks ? 1 : 3) {
    const auto bit = std::byte{1} << (i % 8);
    bytes[i] ^= bit;
    EXPECT_TRUE(Read(bytes).has_value()) << "bit " << i % 8 << " of byte " << i;
    bytes[i] ^= bit;
  }
  EXPECT_EQ(Read(bytes), std::nullopt);
}

}  // namespace
}  // namespace timebank::sim
