#!/usr/bin/env python3
"""Bad input over gRPC and in the command line, garbage on both ports, strangers on the peer port:
each refused for a stable reason, no state change, the node stays up and its memory bounded."""
import json
import pathlib
import random
import re
import socket
import ssl
import subprocess
import urllib.request

import network as e2e
import slice_e2e

GARBAGE = 100_000
MEMORY_MAX_MIB = 600  # of a node on this small ledger, after everything


def network(build):
    net = slice_e2e.network(build)
    net.hostile_program = str(pathlib.Path(build).resolve() / "bin/timebank_hostile")
    return net


def hostile(net, what, *arguments):
    run = subprocess.run([net.hostile_program, net.dir + "/cluster.json", what, *arguments],
                         capture_output=True, text=True, timeout=300, check=False)
    for line in run.stdout.splitlines():
        print("        " + line, flush=True)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]


def memory_mib(net, index):
    with open(f"/proc/{net.pid(index)}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    raise AssertionError("no memory figure")


def check_memory(net, nodes=range(4)):
    used = [memory_mib(net, i) for i in nodes]
    print(f"        resident memory: {used} MiB", flush=True)
    assert max(used) < MEMORY_MAX_MIB, used


def test_bad_input_is_refused_by_reason_and_changes_nothing(net):
    hostile(net, "bad-inputs")
    net.wait_agreed()


def test_bad_input_in_the_command_line(net):
    for arguments, code in (
            (("donate", "district", "--minutes", "-5"), 2),
            (("donate", "district", "--minutes", "0"), 2),
            (("donate", "district", "--minutes", "99999999999999999999"), 2),
            (("donate", "district", "--minutes", "many"), 2),
            (("donate", "district", "--minutes", "100000000"), 1),
            (("transfer", "M00006", "--minutes", "5"), 1),
            (("receipt", "get", "zz"), 2), (("no-such-command",), 2),
            (("submit", net.dir + "/genesis.bin"), 1),
            (("submit", net.root + "/absent"), 5)):
        before = net.wait_agreed()
        found, out, err = net.run("--json", "--as", "M00005", *arguments)
        assert found == code, (arguments, found, out, err)
        assert net.wait_agreed() == before
        if code != 2:
            assert json.loads(out)["error"]["what"], out


def raw_garbage(net, port, connections, tls):
    """Connections that speak no protocol at all, or TLS and then none."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    for _ in range(connections):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            try:
                link = context.wrap_socket(plain) if tls else plain
                link.sendall(random.randbytes(random.randrange(1, 2000)))
            except OSError:
                pass


def test_a_hundred_thousand_garbage_messages_to_clients_port(net):
    for tls in (False, True):
        raw_garbage(net, int(net.cluster["nodes"][0]["grpc"].rsplit(":", 1)[1]), 500, tls)
    hostile(net, "client-flood", str(GARBAGE))
    check_memory(net)
    net.wait_agreed()


def test_strangers_on_the_peer_port_are_refused(net):
    hostile(net, "peer-port")


def evidence(net):
    return net.json("evidence", "list")["evidence"]


def metric(net, index, name):
    config = pathlib.Path(net.cluster["nodes"][index]["dir"] + "/config.toml").read_text("utf-8")
    port = re.search(r'^\s*metrics = .*:(\d+)', config, re.M).group(1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        for line in page.read().decode().splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no metric {name}")


def check_proof(net, path):
    """Offline, by the genesis file alone; and not with a bit turned."""
    genesis = ("--genesis", net.dir + "/genesis.bin")
    code, out, err = net.run("evidence", "verify", path, *genesis, cluster=False)
    assert code == 0 and "two Finalize votes" in out, out + err
    sound = pathlib.Path(path).read_bytes()
    for at in range(0, len(sound), 7):
        forged = bytearray(sound)
        forged[at] ^= 1
        pathlib.Path(net.root + "/forged").write_bytes(forged)
        code, out, err = net.run("evidence", "verify", net.root + "/forged", *genesis,
                                 cluster=False)
        assert code == 4, (at, code, out, err)


def test_a_validator_that_votes_twice_is_on_record(net):
    """One node hears both votes; all have the proof, by consensus, and nobody else is blamed."""
    assert evidence(net) == []
    net.kill(3)
    key = next(v["key"][2:] for v in net.json("validators", "list")["current"]["validators"]
               if v["name"] == net.cluster["nodes"][3]["name"])
    hostile(net, "double-vote")
    e2e.wait_until(lambda: len(evidence(net)) == 1, 30, lambda: net.run("status")[1])
    proof = evidence(net)[0]
    assert proof["validator"] == key and proof["kind"] == "conflicting-finalize", proof
    net.wait_agreed(count=3, seconds=60)
    assert [metric(net, i, "timebank_evidence_recorded") for i in range(3)] == [1, 1, 1]
    assert "should remove" in net.run("evidence", "list")[1]
    files = net.json("evidence", "export", net.root + "/proofs")["files"]
    assert len(files) == 1, files
    check_proof(net, files[0])
    net.start(3)
    net.wait_agreed(seconds=90)


def test_a_hundred_thousand_garbage_messages_from_a_validator(net):
    net.kill(3)
    hostile(net, "peer-flood", str(GARBAGE))
    check_memory(net, range(3))
    net.start(3)
    net.wait_agreed(seconds=90)


if __name__ == "__main__":
    e2e.main(globals())
