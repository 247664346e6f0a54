#!/usr/bin/env python3
"""What a broker costs: memory for each idle device, and messages a second. Only Python's standard library; Linux.

measure.py PID[,PID…] HOST:PORT [--tls] [--user NAME --password PASSWORD] [--devices 500] [--contacts 10] [--messages 20000]

An idle device is what a Kith keeps at its broker: three sessions (live; mail and door persistent), five topics for each contact and
the door. Then one connection publishes with QoS 1 what another receives with QoS 1, in envelopes of 1 KiB, at most 64 of them
unacknowledged. PID is the broker's (all nodes of a cluster, separated by commas), to read its memory from /proc.
"""
import argparse, os, socket, ssl, struct, time, uuid

LEAVES = ["offer", "answer", "iceCandidate", "presence"]


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def packet(first, body):
    length, out = len(body), bytes([first])
    while True:
        low, length = length & 127, length >> 7
        out += bytes([low | (128 if length else 0)])
        if not length:
            return out + body


class Client:
    def __init__(self, options, clean):
        sock = socket.create_connection(options.place)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if options.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock)
        self.sock, self.kept = sock, b""
        flags = (2 if clean else 0) | (0xC0 if options.user else 0)
        login = text(options.user) + text(options.password) if options.user else b""
        self.sock.sendall(packet(0x10, text("MQTT") + bytes([4, flags, 0, 0]) + text(uuid.uuid4().hex[:20]) + login))
        first, body = self.read()
        if first >> 4 != 2 or body[1]:
            raise SystemExit(f"the broker does not let us in: {body!r}")

    def take(self, count):
        while len(self.kept) < count:
            more = self.sock.recv(1 << 16)
            if not more:
                raise SystemExit("the broker hung up")
            self.kept += more
        out, self.kept = self.kept[:count], self.kept[count:]
        return out

    def read(self):
        first, length, shift = self.take(1)[0], 0, 0
        while True:
            byte = self.take(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first, self.take(length)

    def subscribe(self, topics, qos):
        for start in range(0, len(topics), 16):
            some = topics[start : start + 16]
            self.sock.sendall(packet(0x82, b"\0\1" + b"".join(text(topic) + bytes([qos]) for topic in some)))
            first, body = self.read()
            if first >> 4 != 9 or 0x80 in body[2:]:
                raise SystemExit("the broker refuses a subscription")


def resident(pids):
    pages = sum(int(open(f"/proc/{pid}/statm").read().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pids")
    parser.add_argument("place")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--contacts", type=int, default=10)
    parser.add_argument("--messages", type=int, default=20000)
    options = parser.parse_args()
    host, port = options.place.rsplit(":", 1)
    options.place = (host, int(port))
    pids = options.pids.split(",")

    before, start, held = resident(pids), time.time(), []
    for _ in range(options.devices):
        inboxes = [f"user/{uuid.uuid4()}" for _ in range(options.contacts)]
        for clean, qos, topics in (
            (True, 0, [f"{inbox}/{leaf}" for inbox in inboxes for leaf in LEAVES]),
            (False, 1, [f"{inbox}/mailbox" for inbox in inboxes]),
            (False, 1, [f"user/{uuid.uuid4()}/contactRequest"]),
        ):
            client = Client(options, clean)
            client.subscribe(topics, qos)
            held.append(client)
    took = time.time() - start
    each = (resident(pids) - before) / options.devices
    print(f"{options.devices} idle devices with {options.contacts} contacts each: {each / 1024:.0f} KiB a device,"
          f" {took / options.devices * 1000:.1f} ms to connect one")

    mailbox = f"user/{uuid.uuid4()}/mailbox"
    reader, writer = Client(options, True), Client(options, True)
    reader.subscribe([mailbox], 1)
    sent = confirmed = received = 0
    start = time.time()
    while received < options.messages:
        while sent < options.messages and sent - confirmed < 64:
            number = struct.pack(">H", sent % 65535 + 1)
            writer.sock.sendall(packet(0x32, text(mailbox) + number + bytes(1024)))
            sent += 1
        if confirmed < sent:
            confirmed += writer.read()[0] >> 4 == 4
        while received < confirmed:
            first, body = reader.read()
            if first >> 4 == 3:
                at = 2 + struct.unpack(">H", body[:2])[0]
                reader.sock.sendall(packet(0x40, body[at : at + 2]))
                received += 1
    rate = options.messages / (time.time() - start)
    print(f"{rate:.0f} messages of 1 KiB a second, QoS 1 both ways, from one connection to another")


main()
