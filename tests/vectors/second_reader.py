#!/usr/bin/env python3
"""A second reader of the formats, written from docs/formats.md and the .proto files alone: no code
of the project, nothing but the standard library. It recomputes hashes of tests/vectors/chain.json,
verifies the receipts in it as section 10 says and checks that changed ones are refused.
"""
import hashlib
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u(width, value):
    return value.to_bytes(width, "big")


# ---- Ed25519, section 1 ----

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, p)
        p, n = add(p, p), n >> 1
    return out


def decompress(data):
    y, sign = int.from_bytes(data, "little") & (2 ** 255 - 1), data[31] >> 7
    need(y < P, "point: not canonical")
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_1 % P
    need((x * x - x2) % P == 0 and not (x == 0 and sign), "point: not on the curve")
    x = P - x if x & 1 != sign else x
    point = (x, y, 1, x * y % P)
    need(times(8, point)[0] != 0, "point: of small order")
    return point


def compress(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def check_signature(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    need(len(signature) == 64 and s < L, "signature: form")
    decompress(signature[:32])
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, t = times(k, decompress(key))
    need(compress(add(times(s, BASE), (P - x, y, z, P - t))) == signature[:32], "signature")


# ---- Canonical form, section 3 ----

def read_schema():
    messages, enums = {}, {}
    for path in sorted((ROOT / "api/proto/timebank/v1").glob("*.proto")):
        text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        for name, body in re.findall(r"enum (\w+) \{(.*?)\}", text, re.S):
            enums[name] = {int(n) for n in re.findall(r"\w+ = (\d+);", body)}
        text = re.sub(r"oneof \w+ \{(.*?)\n  \}", r"\1", text, flags=re.S)
        for name, body in re.findall(r"\nmessage (\w+) \{(.*?)\}", text, re.S):
            field = r"(repeated )?([\w.]+) (\w+) = (\d+)\s*(?:\[([^\]]*)\])?;"
            messages[name] = {int(n): (word, kind, bool(many), dict(
                (key, int(value)) for key, value in re.findall(r"\((\w+)\) = (\d+)", options)))
                for many, kind, word, n, options in re.findall(field, body)}
    return messages, enums


MESSAGES, ENUMS = read_schema()


def varint(data, at):
    value, start = 0, at
    while True:
        need(at < len(data) and at - start < 10, "varint: cut short")
        byte, shift, at = data[at], 7 * (at - start), at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            need((byte or at - start == 1) and value < 2 ** 64, "varint: form")
            return value, at


def scalar(kind, options, value):
    need(kind != "uint32" or value < 2 ** 32, "uint32: range")
    need(kind != "bool" or value < 2, "bool: range")
    need(kind not in ENUMS or value in ENUMS[kind] or value <= options.get("open_to", 0), "enum")
    return value


def parse(name, data):
    """{field: value or list} of canonical bytes. Two alternatives of a oneof are not noticed."""
    out, at, last = {}, 0, 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        need(number in MESSAGES[name], f"{name}: unknown field {number}")
        word, kind, many, options = MESSAGES[name][number]
        is_scalar = kind != "bytes" and kind not in MESSAGES
        need(number > last or (number == last and many and not is_scalar), f"{name}: order")
        need(wire == (0 if is_scalar and not many else 2), f"{name}: wire type")
        last = number
        if wire == 0:
            value, at = varint(data, at)
            need(value, f"{name}.{word}: default written")
            out[word] = scalar(kind, options, value)
            continue
        size, at = varint(data, at)
        need(size <= len(data) - at, f"{name}: cut short")
        piece, at = data[at:at + size], at + size
        if is_scalar:
            raise Refused("no packed list in what is read here")
        if kind == "bytes":
            need(size or many, f"{name}.{word}: default written")
            need(size == options.get("len", size) and size <= options.get("max_len", size),
                 f"{name}.{word}: length")
        value = piece if kind == "bytes" else parse(kind, piece)
        if many:
            out.setdefault(word, []).append(value)
            need(len(out[word]) <= options.get("max_items", len(out[word])), f"{name}: items")
        else:
            out[word] = value
    return out


# ---- Sections 5 to 7 ----

def leaf(data):
    return H(b"\0", data)


def node(left, right):
    return H(b"\1", left, right)


def merkle_root(leaves):
    if len(leaves) < 2:
        return leaf(leaves[0]) if leaves else H()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def root_in_log(hash_, index, size, path):
    """RFC 9162, 2.1.3, read recursively from the root down."""
    need(index < size, "log: index")
    if size == 1:
        need(not path, "log: path too long")
        return hash_
    need(path, "log: path too short")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node(root_in_log(hash_, index, split, path[:-1]), path[-1])
    return node(path[-1], root_in_log(hash_, index - split, size - split, path[:-1]))


def root_of_line(hash_, index, path):
    rest = index
    for step, sibling in enumerate(path):
        if bin(rest).count("1") == len(path) - step:
            hash_, rest = node(sibling, hash_), rest & (rest - 1)
        else:
            hash_ = node(sibling, hash_) if rest & 1 else node(hash_, sibling)
            rest >>= 1
    need(rest == 0, "effects: path too short for the index")
    return hash_


def set_hash(keys):
    return H(b"timebank/set/v1\0", u(2, len(keys)), *(b"\1" + key for key in keys))


HEADER = [("version", 2), ("era", 4), ("chain_id", 32), ("epoch", 8), ("height", 8), ("parent", 32),
          ("timestamp_ms", 8), ("tx_count", 4), ("tx_root", 32), ("extras_root", 32),
          ("state_root", 32), ("log_size", 8), ("log_root", 32), ("validators", 32),
          ("next_validators", 32), ("flags", 4), ("proposer", 32), ("reserved", 32)]


def read_header(data):
    need(len(data) == 366, "header: size")
    out, at = {}, 0
    for name, width in HEADER:
        out[name] = data[at:at + width]
        if width < 32:
            out[name] = int.from_bytes(out[name], "big")
        at += width
    need(out["version"] == 1 and out["flags"] < 2 and not any(out["reserved"]), "header: form")
    return out


def keys_of(validators):
    keys = [entry.get("key", b"") for entry in validators]
    need(all(len(key) == 33 and key[0] == 1 for key in keys) and keys == sorted(set(keys)) and
         1 <= len(keys) <= 20, "validators")
    return [key[1:] for key in keys]


def check_final(data, header, certificate, chain_id, keys):
    need(header["chain_id"] == chain_id and header["validators"] == set_hash(keys), "final: header")
    n = len(keys)
    bitmap_end = 51 + (n + 7) // 8
    need(len(certificate) >= bitmap_end and certificate[:2] == b"\3\1", "final: kind")
    position, bits = certificate[2:50], certificate[51:bitmap_end]
    need(position[:8] == u(8, header["epoch"]), "final: epoch")
    need(position[16:] == H(b"\x20", data), "final: target")
    need(certificate[50] == n, "final: count")
    signers = [i for i in range(len(bits) * 8) if bits[i // 8] >> (7 - i % 8) & 1]
    need(all(i < n for i in signers) and len(signers) >= n - (n - 1) // 3, "final: signers")
    need(len(certificate) == bitmap_end + 64 * len(signers), "final: size")
    for place, i in enumerate(signers):
        at = bitmap_end + 64 * place
        check_signature(keys[i], b"TBv1\1\3" + chain_id + position, certificate[at:at + 64])


def state_root(key, record):
    """The root under which the record is proven."""
    siblings, path = record.get("siblings", []), H(key)
    need(record.get("value") and len(siblings) <= 256, "record")
    at = H(b"\x10", path, H(record["value"]))
    for level in range(len(siblings) - 1, -1, -1):
        right = path[level // 8] >> (7 - level % 8) & 1
        pair = (siblings[level], at) if right else (at, siblings[level])
        at = H(b"\x11", *pair)
    return at


ROLE_COUNCIL = 16


def check_seat(seat, chain, header, message):
    need("member" in seat, "seat")
    need(state_root(b"\3" + seat["member"], seat.get("record", {})) == header["state_root"], "seat: proof")
    member = parse("Member", seat["record"]["value"])
    need(member.get("status") == 1 and seat.get("org") in chain.get("council", []), "seat")
    need(any(office.get("org") == seat["org"] and office.get("role") == ROLE_COUNCIL
             for office in member.get("offices", [])), "seat: office")
    keys = [key for key in member.get("keys", []) if key.get("key_id") == seat.get("key_id")]
    need(len(keys) == 1 and "revoked_ms" not in keys[0], "seat: key")
    need(seat.get("signature", b"")[:1] == b"\1" and keys[0].get("key", b"")[:1] == b"\1", "seat: suite")
    check_signature(keys[0]["key"][1:], message, seat["signature"][1:])


def follow_recovery(data, last, chain_id):
    """Chain id and keys of the era that the council's document begins after the block `last`."""
    recovery = parse("Recovery", data)
    need(recovery.get("version") == 1, "recovery: version")
    document = parse("RecoveryDocument", recovery.get("document", b""))
    header = read_header(last)
    need(document.get("version") == 1 and document.get("header") == last and
         document.get("era") == header["era"] + 1 and document.get("reason") and
         document.get("created_ms"), "recovery: document")
    validators = document.get("validators", [])
    need(len(validators) >= 4 and
         all({"name", "tls_key_hash", "address"} <= set(one) for one in validators) and
         all(len({one[what] for one in validators}) == len(validators)
             for what in ("name", "tls_key_hash")), "recovery: validators")
    chain = recovery.get("chain", {})
    need(state_root(b"\1\0", chain) == header["state_root"], "recovery: council")
    chain = parse("ChainRecord", chain["value"])
    message = b"timebank/recovery/v1\0" + chain_id + recovery["document"]
    seats = recovery.get("signatures", [])
    places = [(seat.get("member", b""), seat.get("org", b"")) for seat in seats]
    need(places == sorted(set(places)), "recovery: order")
    for seat in seats:
        check_seat(seat, chain, header, message)
    speaking = min(len({member for member, _ in places}), len({org for _, org in places}))
    need(0 < chain.get("council_threshold", 0) <= speaking, "recovery: signers")
    return H(b"timebank/era/v1\0", chain_id, recovery["document"]), keys_of(validators)


def walk_epochs(links, chain_id, keys):
    """The keys after the last link, its epoch, and the chain id and era there."""
    epoch = era = 0
    for epoch, link in enumerate(links, 1):
        boundary = read_header(link.get("header", b""))
        need(boundary["epoch"] == epoch - 1 and boundary["era"] == era, "epochs")
        check_final(link["header"], boundary, link.get("finalization", b""), chain_id, keys)
        next_set = parse("ValidatorSetRecord", link.get("next_set", b""))
        need(next_set.get("version") == 1 and
             all(set(entry) == {"key"} for entry in next_set.get("validators", [])), "next set")
        keys = keys_of(next_set["validators"])
        if "recovery" in link:  # of a block that ends no epoch; the vectors hold no other
            need(boundary["flags"] == 0, "epochs")
            chain_id, signed = follow_recovery(link["recovery"], link["header"], chain_id)
            need(keys == signed, "next set")
            era += 1
        else:
            need(boundary["flags"] == 1 and set_hash(keys) == boundary["next_validators"],
                 "next set")
    return keys, epoch, chain_id, era


def verify_evidence(data, genesis):
    """The key of the validator that an evidence file proves to have voted twice."""
    chain_id = H(genesis)
    file = parse("EvidenceFile", data)
    need(file.get("version") == 1, "version")
    evidence = parse("Evidence", file.get("evidence", b""))
    need(evidence.get("version") == 1, "version")
    keys, epoch, chain_id, _ = walk_epochs(file.get("epochs", []), chain_id,
                                           keys_of(parse("Genesis", genesis)["validators"]))
    need(evidence.get("epoch", 0) == epoch, "epochs")
    validator = evidence.get("validator", b"")
    need(validator[:1] == b"\1" and validator[1:] in keys, "validator")
    kinds = {1: (1, 1), 2: (3, 3), 3: (2, 3)}[evidence.get("kind", 0)]
    said = []
    for kind, vote in zip(kinds, (evidence.get("first", {}), evidence.get("second", {}))):
        need(("digest" in vote) == (kind != 2) and (kind == 1 or "parent_view" not in vote), "vote")
        parent = u(8, vote.get("parent_view", 0)) if kind == 1 else b""
        said.append(parent + vote.get("digest", b""))
        need(vote.get("signature", b"")[:1] == b"\1", "suite")
        check_signature(validator[1:], b"TBv1\1" + bytes([kind]) + chain_id + u(8, epoch) +
                        u(8, evidence.get("view", 0)) + said[-1], vote["signature"][1:])
    need(kinds[0] != kinds[1] or said[0] < said[1], "contradiction")
    return validator[1:]


# ---- Section 10 ----

def verify(data, genesis):
    receipt = parse("Receipt", data)
    need(receipt.get("version") == 1, "version")
    keys, epoch, chain_id, era = walk_epochs(receipt.get("epochs", []), H(genesis),
                                             keys_of(parse("Genesis", genesis)["validators"]))
    need(("envelope" in receipt) != ("transaction_id" in receipt), "transaction")
    id_ = receipt.get("transaction_id")
    if "envelope" in receipt:
        envelope = parse("Envelope", receipt["envelope"])
        need("signatures" not in envelope and envelope["chain_tag"] == chain_id[:8], "transaction")
        parse("TransactionBody", envelope["body"])
        id_ = H(b"timebank/tx/v1\0", chain_id, envelope["body"])
    lines = receipt.get("lines", [])
    indexes = [line.get("index", 0) for line in lines]
    for line, index in zip(lines, indexes):
        need(parse("EffectsLine", line.get("line", b"")).get("line", 0) == index, "line number")
    if receipt.get("line_count"):
        need(indexes == list(range(receipt["line_count"])), "effects: indexes")
        need(not any("path" in line for line in lines), "effects: path")
        roots = {merkle_root([line["line"] for line in lines])}
    else:
        need(indexes == sorted(set(indexes)) and all("path" in line for line in lines), "effects")
        roots = {root_of_line(leaf(line["line"]), index, line["path"])
                 for line, index in zip(lines, indexes)}
    need(len(roots) == 1, "effects: digest")
    header = read_header(receipt.get("header", b""))
    need(root_in_log(leaf(id_ + roots.pop()), receipt.get("log_index", 0), header["log_size"],
                     receipt.get("log_path", [])) == header["log_root"], "log")
    need(header["epoch"] == epoch and header["era"] == era, "epochs")
    check_final(receipt["header"], header, receipt.get("finalization", b""), chain_id, keys)
    return id_


def is_refused(data, genesis, by=None):
    try:
        (by or verify)(data, genesis)
    except Refused:
        return True
    return False


def main():
    vectors = json.loads((ROOT / "tests/vectors/chain.json").read_text(encoding="utf-8"))
    genesis = bytes.fromhex(vectors["genesis"])
    checks = [("chain_id", H(genesis).hex() == vectors["chain_id"])]
    for item in vectors["transactions"]:
        body = parse("Envelope", bytes.fromhex(item["envelope"]))["body"]
        parse("TransactionBody", body)
        id_ = H(b"timebank/tx/v1\0", H(genesis), body).hex()
        checks.append((item["name"], id_ == item["id"]))
    for step in vectors["statement"]:
        line = bytes.fromhex(step["effects_line"])
        need(parse("EffectsLine", line).get("line", 0) == step["line"], "statement: line")
        head = H(b"timebank/stmt/v1\0", bytes.fromhex(step["head_before"]), u(8, step["count"]),
                 u(8, step["log_index"]), u(4, step["line"]), H(line)).hex()
        checks.append((f"statement {step['count']}", head == step["head"]))
    for name in ("pin", "key_proof", "token", "tip", "dev_clock"):
        key, message, signature = (bytes.fromhex(vectors[name][k])
                                   for k in ("key", "message", "signature"))
        check_signature(key[1:], message, signature[1:])
        checks.append((name, H(key)[:8].hex() == vectors[name]["key_id"]))
    for item in vectors["receipts"]:
        data = bytes.fromhex(item["receipt"])
        checks.append((item["name"], verify(data, genesis).hex() == item["transaction_id"]))
        changed = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
                   for at in range(0, len(data), 97)]
        checks.append((item["name"] + ", changed", all(is_refused(c, genesis) for c in changed)))
    data = bytes.fromhex(vectors["evidence"]["file"])
    checks.append(("evidence", verify_evidence(data, genesis).hex() ==
                   vectors["validator_sets"][1]["keys"][0]))
    changed = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1:] for at in range(0, len(data), 97)]
    checks.append(("evidence, changed",
                   all(is_refused(c, genesis, verify_evidence) for c in changed)))
    signed, recovery = vectors["recovery"], parse("RecoveryFile",
                                                  bytes.fromhex(vectors["recovery"]["file"]))
    _, _, chain_id, _ = walk_epochs(recovery["epochs"], H(genesis),
                                    keys_of(parse("Genesis", genesis)["validators"]))
    checks.append(("recovery", chain_id.hex() == signed["next_chain_id"]))
    failed = [name for name, holds in checks if not holds]
    for name in failed:
        print(f"second reader: {name} does not hold")
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
