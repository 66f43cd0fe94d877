// The start-up check of the cryptography that replicas must agree on bit for bit: another library,
// build or processor that judged one signature differently would split the network, so a node
// refuses to start on the first difference.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "crypto/ed25519.h"

namespace timebank::crypto {

// A signature of our own making, and whether replicas accept it. Bytes in hexadecimal.
struct Ed25519Vector {
  std::string_view name;
  std::string_view key;
  std::string_view message;  // as text
  std::string_view signature;
  bool is_accepted;
};

// Valid ones, and those that libraries are known to judge in different ways: S not reduced, points
// of small order, points with torsion, encodings that are not reduced.
[[nodiscard]] std::span<const Ed25519Vector> Ed25519Vectors();

using Verifier = bool (*)(const PublicKey& key, ByteView message, const Signature& signature);

// Empty when `verifier` judges every vector as pinned, and signing and SHA-256 give the known
// answers; else the name of the first that differs.
[[nodiscard]] std::optional<std::string_view> SelfTest(Verifier verifier = &Verify);

}  // namespace timebank::crypto
