#!/usr/bin/env python3
"""A disk that fills up under load: below the watermark the validator takes nothing new and goes on
voting; without any space it ends at once and does not start; with space again it catches up, and
nothing that a client holds a proof of is lost. Needs root, for a small disk (tmpfs)."""
import os
import shutil
import subprocess

import crash_e2e
import network as e2e

FULL = 3  # the validator with the small disk
DISK_MIB = 160
LOW_MIB = 50


class SmallDiskNetwork(e2e.Network):
    mounted = None

    def mount(self):
        """Moves the data of validator FULL, which is stopped, to a disk of DISK_MIB."""
        node = self.cluster["nodes"][FULL]["dir"]
        os.rename(node + "/data", node + "/moved")
        os.mkdir(node + "/data", 0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700",
                               "timebank-e2e", node + "/data"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise e2e.Skip("no small disk: " + done.stderr.strip())
        self.mounted = node + "/data"
        shutil.copytree(node + "/moved", self.mounted, dirs_exist_ok=True)

    def down(self):
        if self.mounted:
            try:
                self.kill(FULL)
            except ProcessLookupError:
                pass  # it has ended by itself
            subprocess.run(["umount", self.mounted], check=True)
        super().down()


def network(build):
    return SmallDiskNetwork(build, "--no-load")


def fill(net, leave_mib):
    """Ballast until only so much is free; 0: to the last byte."""
    with open(net.mounted + "/ballast", "ab", buffering=0) as file:
        while True:
            space = os.statvfs(net.mounted)
            free = space.f_bavail * space.f_frsize - (leave_mib << 20)
            if free <= 0:
                return
            try:
                file.write(bytes(min(free, 1 << 20)))
            except OSError:
                return


def status(net):
    return net.status()[0][f"validator-{FULL + 1}"]


def test_the_disk_of_one_validator_fills_up_under_load(net):
    if os.geteuid() != 0:
        raise e2e.Skip("only root can mount a small disk")
    net.kill(FULL)
    net.mount()
    path = net.cluster["nodes"][FULL]["dir"] + "/config.toml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "disk_low_mb = 512" in text, text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("disk_low_mb = 512", f"disk_low_mb = {LOW_MIB}"))
    net.start(FULL)
    net.wait_agreed()
    # Enough to use up what the node has set aside: a segment of its log, the database's own log.
    work = crash_e2e.Load(net, 300, "--rate", "800")
    assert status(net)["accepting"]

    fill(net, LOW_MIB - 4)
    e2e.wait_until(lambda: not status(net)["accepting"], 10, lambda: status(net))
    address = net.cluster["nodes"][FULL]["grpc"]
    code, out, err = net.run("--json", "--node", f"validator-{FULL + 1}={address}", "--as",
                             "regulator-1", "org", "create", "--name", "Street", "--parent",
                             "district", "--kind", "STREET")
    assert code == 3 and "REASON_DISK_LOW" in out, (code, out, err)
    height = status(net)["height"]
    work.wait_for_proofs(work.proofs() + 200, 30)
    e2e.wait_until(lambda: status(net)["height"] > height, 10, lambda: status(net))

    fill(net, 0)
    net.wait_gone(FULL, seconds=90)
    assert "No space left on device" in net.log_tail(FULL), net.log_tail(FULL)
    process = net.start(FULL)
    assert process.wait(timeout=30) == 3, net.log_tail(FULL)
    assert "The disk is full: give it space and start again" in net.log_tail(FULL, 600)
    work.wait_for_proofs(work.proofs() + 200, 30)

    os.remove(net.mounted + "/ballast")
    net.start(FULL)
    work.wait_for_proofs(work.proofs() + 200, 30)
    work.stop()
    net.wait_agreed(seconds=60)
    assert status(net)["accepting"]
    crash_e2e.check(net, work)


if __name__ == "__main__":
    e2e.main(globals())
