"""Checks the test vectors against docs/protocol.md, from which alone this program was written.

It shares no line and no library with Kith: BLAKE3, CBOR, HPKE, Ed25519, X25519 and HKDF are those of PyPI packages.
Prints one line a group and ends with 0 only if everything agrees.
"""

import base64
import hashlib
import heapq
import io
import json
import sys
import uuid
from pathlib import Path

import cbor2
from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

HERE = Path(__file__).parent
CLASSES = [1024, 4096, 16384, 65536]
raw = lambda key: key.public_bytes(Encoding.Raw, PublicFormat.Raw)
unhex = bytes.fromhex


class Refused(Exception):
    """Something that the page says must be refused."""


def ensure(holds, what):
    if not holds:
        raise Refused(what)


def read(name):
    return json.loads((HERE / f"{name}.json").read_text())


# ---------------------------------------------------------------- 1. encoding


def check_item(data, at, depth):
    """Walks one item of deterministic CBOR; returns where it ends."""
    ensure(depth <= 12, "too deep")
    ensure(at < len(data), "cut off")
    major, low = data[at] >> 5, data[at] & 31
    start = at
    at += 1
    if low < 24:
        value = low
    else:
        ensure(low <= 27, "indefinite or reserved")
        width = 1 << (low - 24)
        ensure(at + width <= len(data), "cut off")
        value = int.from_bytes(data[at : at + width], "big")
        at += width
        if major != 7:
            ensure(value >= {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[width], "longer than needed")
    if major in (0, 1):
        return at
    if major in (2, 3):
        ensure(at + value <= len(data), "cut off")
        if major == 3:
            try:
                data[at : at + value].decode("utf-8")
            except UnicodeDecodeError as error:
                raise Refused("not UTF-8") from error
        return at + value
    if major == 4:
        for _ in range(value):
            at = check_item(data, at, depth + 1)
        return at
    if major == 5:
        last = -1
        for _ in range(value):
            ensure(at < len(data) and data[at] >> 5 == 0, "a key that is no unsigned integer")
            end = check_item(data, at, depth + 1)
            key = cbor2.loads(data[at:end])
            ensure(key > last, "keys out of order")
            last = key
            at = check_item(data, end, depth + 1)
        return at
    ensure(major == 7 and at == start + 1 and value in (20, 21, 22), "a tag, a float or a simple value")
    return at


def decode(data):
    ensure(check_item(data, 0, 0) == len(data), "bytes after the end")
    return cbor2.load(io.BytesIO(data))


def encode(value):
    """Maps with ascending integer keys, shortest integers: what cbor2 calls canonical is the same for these."""
    return cbor2.dumps(value, canonical=True)


# ---------------------------------------------------------------- 1. hashes and signatures


def derive(context, data, length=32):
    return blake3(data, derive_key_context=context).digest(length=length)


def verify(key, context, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, context.encode() + b"\0" + message)
    except (InvalidSignature, ValueError) as error:
        raise Refused(f"a signature of {context}") from error


def uuid8(data):
    data = bytearray(data[:16])
    data[6] = data[6] & 0x0F | 0x80
    data[8] = data[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(data)))


# ---------------------------------------------------------------- 2. identity


def read_list(data, signature):
    ensure(len(data) <= 1024, "a long device list")
    body = decode(data)
    verify(body[0], "kith/device-list/1", data, signature)
    keys = [device[0] for device in body[2]]
    ensure(1 <= len(keys) <= 8 and len(set(keys)) == len(keys), "devices")
    return body


def read_card(data):
    ensure(len(data) <= 2048, "a long card")
    card = decode(data)
    body = decode(card[0])
    devices = read_list(body[2], body[3])
    ensure(body[4] in [device[0] for device in devices[2]], "a card of a device that is not in the list")
    verify(body[4], "kith/card/1", card[0], card[1])
    ensure(len(body[8]) <= 4, "brokers")
    return body, devices


def read_link(text, own):
    """The card and the token, or the name of the fault."""
    text = text.strip()
    if not text.startswith("kith:"):
        return "foreign"
    if len(text) > 2785:
        return "oversize"
    encoded = text[5:]
    if not encoded:
        return "truncated"

    def stated(data):
        return 3 + 16 + int.from_bytes(data[1:3], "big") + 16 if len(data) >= 3 else None

    def undo(part):
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(data).decode().rstrip("=") != part:
            raise ValueError
        return data

    try:
        data = undo(encoded)
    except ValueError:
        try:
            begin = undo(encoded[: len(encoded) // 4 * 4])
        except ValueError:
            return "tampered"
        length = stated(begin)
        return "truncated" if length is None or len(encoded) < -(-length * 4 // 3) else "tampered"
    body, check = data[:-16], data[-16:]
    if len(data) < 16 or derive("kith 2026 link check", body, 16) != check:
        length = stated(data)
        return "truncated" if length is None or len(data) < length else "tampered"
    if body[0] > 1:
        return "newer"
    try:
        card, devices = read_card(body[19:])
    except Refused:
        return "tampered"
    if devices[0] == own:
        return "own"
    return card, devices, body[3:19]


def check_identity(vectors):
    for name in ("alice", "bob"):
        person = vectors[name]
        root = Ed25519PrivateKey.from_private_bytes(unhex(person["rootSecret"]))
        device = Ed25519PrivateKey.from_private_bytes(unhex(person["deviceSecret"]))
        assert raw(root.public_key()).hex() == person["rootKey"]
        assert raw(device.public_key()).hex() == person["deviceKey"]
        for kind in ("rendezvous", "card", "working"):
            secret = X25519PrivateKey.from_private_bytes(unhex(person[f"{kind}Secret"]))
            assert raw(secret.public_key()).hex() == person[f"{kind}Key"], kind
        assert uuid8(derive("kith 2026 user id", unhex(person["rootKey"]))) == person["userId"]
        assert uuid8(derive("kith 2026 device id", unhex(person["deviceKey"]))) == person["deviceId"]

        # What the code has made is what the page says, byte for byte.
        certificate = {0: unhex(person["deviceKey"]), 1: unhex(person["rendezvousKey"])}
        listed = encode({0: unhex(person["rootKey"]), 1: 1, 2: [certificate]})
        assert listed.hex() == person["deviceList"]
        assert root.sign(b"kith/device-list/1\0" + listed).hex() == person["deviceListSignature"]
        body = encode({
            0: 1, 1: 1, 2: listed, 3: unhex(person["deviceListSignature"]), 4: unhex(person["deviceKey"]), 5: unhex(person["cardKey"]),
            6: person["cardCounter"], 7: person["name"], 8: person["brokers"],
        })
        card = encode({0: body, 1: device.sign(b"kith/card/1\0" + body)})
        assert card.hex() == person["card"]
        inside = bytes([1]) + len(card).to_bytes(2, "big") + unhex(person["token"]) + card
        whole = inside + derive("kith 2026 link check", inside, 16)
        assert "kith:" + base64.urlsafe_b64encode(whole).decode().rstrip("=") == person["link"]
        read_body, devices, token = read_link(person["link"], b"")
        assert (read_body[7], devices[0].hex(), token.hex()) == (person["name"], person["rootKey"], person["token"])

    roots = sorted(unhex(vectors[name]["rootKey"]) for name in ("alice", "bob"))
    number = derive("kith 2026 safety number", b"".join(roots), 60)
    groups = [f"{int.from_bytes(number[at:at + 5], 'big') % 100_000:05}" for at in range(0, 60, 5)]
    assert " ".join(groups) == vectors["safetyNumber"]
    assert derive("kith 2026 direct conversation", b"".join(roots)).hex() == vectors["directConversation"]
    pinned = vectors["pinnedBroker"]
    digest = hashlib.sha256(unhex(pinned["certificate"])).digest()
    assert pinned["typed"] == "wss://Broker.example:443/mqtt#sha256=" + digest.hex()
    pin = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert pinned["address"] == "wss://broker.example/mqtt#sha256=" + pin
    for bad in vectors["badLinks"]:
        fault = read_link(bad["link"], unhex(vectors[bad["reader"]]["rootKey"]))
        assert fault == bad["error"], (bad["link"][:40], fault, bad["error"])
    return len(vectors["badLinks"]) + 3


# ---------------------------------------------------------------- 3 to 6. signaling


def inbox(own, theirs, sender, recipient):
    shared = X25519PrivateKey.from_private_bytes(own).exchange(X25519PublicKey.from_public_bytes(theirs))
    info = sender + recipient + (0).to_bytes(8, "big")
    return uuid8(HKDF(algorithm=hashes.SHA256(), length=16, salt=b"kith/inbox", info=info).derive(shared))


MESSAGES = {0: ("contactRequest", 0), 1: ("presence", 1), 3: ("mailbox", 1), 4: ("presence", 0)}
SIGNALS = {0: "offer", 1: "answer", 2: "iceCandidate", 3: "offer"}
GENERATION = {0: 3, 1: 3, 2: 4, 3: 2}
SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305)


def open_envelope(data, topic, person):
    ensure(len(data) in CLASSES, "a length that no envelope has")
    version, kind, encapsulated, sealed = data[0], data[1], data[2:34], data[34:]
    ensure(version == 1 and kind in (0, 1), "version or key kind")
    secret = unhex(person["cardSecret" if kind == 0 else "workingSecret"])
    key = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(secret))
    context = SUITE.create_recipient_context(encapsulated, key, info=b"kith/envelope")
    padded = context.open(sealed, aad=bytes([version, kind]) + topic.encode())
    length = int.from_bytes(padded[:4], "big")
    content, zeros = padded[4 : 4 + length], padded[4 + length :]
    ensure(not any(zeros) and len(content) == length, "padding")
    ensure(len(data) == min(size for size in CLASSES if size >= length + 54), "a class that is too large")
    inner = decode(content)
    recipient = unhex(person["deviceKey"])
    bound = bytes([version, kind]) + len(topic).to_bytes(2, "big") + topic.encode() + encapsulated + recipient + inner[2]
    verify(inner[0], "kith/envelope/1", bound, inner[1])
    message = decode(inner[2])
    place, wanted = MESSAGES.get(message[0], (None, 1))
    if message[0] == 2:
        place = SIGNALS[message[1][2][0]]
    ensure(topic.endswith("/" + place) and kind == wanted, "a message out of place")
    return inner[0], inner[2], message


def check_message(message):
    kind, fields = message
    if kind == 0:
        card, devices = read_card(fields[1])
        assert len(fields[0]) == 16 and len(fields[3][0]) == 32 and fields[3][1] >= 0 and len(fields.get(2, bytes(16))) == 16
    elif kind == 1:
        assert len(fields[0]) == len(fields[1]) == 16 and len(fields.get(2, bytes(16))) == 16
    elif kind == 2:
        assert len(fields[0]) == len(fields[1]) == 16
        signal, values = fields[2]
        assert len(values[0]) == 16 and values[1] >= 0
        assert 0 <= values[GENERATION[signal]] < 1 << 32 and len(values) == GENERATION[signal] + 1
        if signal == 3:
            pass
        elif signal == 2:
            assert len(values[2]) <= 16 and values[3] in (True, False)
            assert all(len(candidate[0]) <= 512 for candidate in values[2])
        else:
            fingerprints = [line for line in values[2].splitlines() if line.startswith("a=fingerprint:")]
            sections = [line for line in values[2].splitlines() if line.startswith("m=")]
            assert len(fingerprints) == 1 and fingerprints[0].startswith("a=fingerprint:sha-256 ")
            assert len(sections) == 1 and sections[0].startswith("m=application ")
    elif kind == 3:
        assert len(fields[2]) <= 512 and sum(map(len, fields[2])) <= 49_152
        for frame in fields[2]:
            check_frame(decode(frame))
        if 3 in fields:
            read_card(fields[3][1])
    else:
        assert kind == 4 and len(fields[0][0]) == 32


def check_signaling(vectors, people):
    alice, bob = people["alice"], people["bob"]
    a, b = unhex(alice["deviceKey"]), unhex(bob["deviceKey"])
    to_bob = inbox(unhex(alice["rendezvousSecret"]), unhex(bob["rendezvousKey"]), a, b)
    assert to_bob == inbox(unhex(bob["rendezvousSecret"]), unhex(alice["rendezvousKey"]), a, b) == vectors["inboxes"]["aliceToBob"]
    assert inbox(unhex(bob["rendezvousSecret"]), unhex(alice["rendezvousKey"]), b, a) == vectors["inboxes"]["bobToAlice"]
    assert vectors["doorOfBob"] == f"user/{bob['userId']}/contactRequest"
    for session, client in vectors["clientIdsOfAlice"].items():
        text = f"kith/client/{session}/{vectors['clientIdBroker']}".encode()
        made = blake3(text, key=unhex(alice["clientSecret"])).digest()[:13]
        assert base64.b32encode(made).decode().rstrip("=").lower() == client

    lengths = set()
    for case in vectors["envelopes"]:
        data = unhex(case["envelope"])
        device, message, read_message = open_envelope(data, case["topic"], bob)
        assert device == a and message.hex() == case["message"] and len(data) == case["length"], case["name"]
        check_message(read_message)
        lengths.add(len(data))
        if case["topic"] != vectors["doorOfBob"]:
            assert case["topic"].startswith(f"user/{to_bob}/")
        # On another topic, for somebody else, or with a byte changed, it does not open.
        changed = data[:100] + bytes([data[100] ^ 1]) + data[101:]
        for wrong in ((data, case["topic"] + "x", bob), (data, case["topic"], alice), (changed, case["topic"], bob)):
            try:
                open_envelope(*wrong)
            except Exception:  # The library has several names for it.
                continue
            raise AssertionError(f"{case['name']} opens where it must not")
    assert lengths == set(CLASSES)
    return len(vectors["envelopes"])


# ---------------------------------------------------------------- 7. conversations


def read_entry(entry):
    header_bytes, signature = entry[0], entry[1]
    ensure(len(header_bytes) <= 2048, "a long header")
    header = decode(header_bytes)
    verify(header[1], "kith/entry/1", header_bytes, signature)
    after = header[6]
    ensure((header[4] == 0) == (5 not in header), "previous")
    ensure(len(after) <= 16 and after == sorted(set(after)), "after")
    ensure(header[7] < 1 << 48 and header[10] <= 24_576, "time or length")
    ensure((2 in entry) == (3 in entry), "salt without body")
    if 3 in entry:
        ensure(len(entry[3]) == header[10] and blake3(entry[2] + entry[3]).digest() == header[11], "body")
    return derive("kith 2026 entry id", header_bytes), header


def check_frame(frame):
    kind, fields = frame
    if kind == 0:
        assert 1_000 <= fields[0] <= 60_000 and fields[1] >= 0
    elif kind == 1:
        read_entry(fields)
    elif kind == 2:
        names = [(log[0], log[1]) for log in fields[1]]
        assert names == sorted(set(names)) and len(names) <= 256 and fields[2] in (True, False)
        for log in fields[1]:
            assert (log[2] > 0) == (3 in log) and len(log[5]) <= 16
            check_ranges(log[4])
    elif kind == 3:
        assert fields[3]
        check_ranges(fields[3])
    elif kind == 4:
        assert len(fields[0]) <= 512 and all(len(entry) == 32 for entry in fields[0])
    elif kind == 5:
        assert len(fields[2]) <= 4096
        if fields[0] == 1:
            card, _ = read_card(fields[2])
            assert card[6] == fields[1]
        elif fields[0] == 2:
            read = decode(fields[2])
            assert len(read[0]) == 32 and len(read[1]) == 32
        elif fields[0] == 3:
            typing = decode(fields[2])
            assert len(typing[0]) == 32 and typing[1] in (True, False)
        elif fields[0] == 5:
            held = decode(fields[2])
            assert len(held[0]) <= 16 and len(held[1]) <= 96 and all(len(key) == 32 for key in held[0] + held[1])
        else:
            raise AssertionError(f"an unknown state {fields[0]}")
    else:
        raise AssertionError(f"an unknown frame {kind}")


FLAG_LETTERS = range(0x1F1E6, 0x1F200)
CHANGERS = {0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)}
PICTURES = {
    *(0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139, 0x24C2, 0x3030, 0x303D, 0x3297, 0x3299),
    *range(0x2190, 0x2200),
    *range(0x2300, 0x2400),
    *range(0x25A0, 0x27C0),
    *range(0x2900, 0x2980),
    *range(0x2B00, 0x2C00),
    *range(0x1F000, 0x1FB00),
} - CHANGERS - set(FLAG_LETTERS)


def is_one_emoji(text):
    if len(text.encode()) > 64:
        return False
    points = [ord(letter) for letter in text]
    if any(point in FLAG_LETTERS for point in points):
        return len(points) == 2 and all(point in FLAG_LETTERS for point in points)
    if text[:1] and text[0] in "0123456789#*":
        return points[1:] == [0xFE0F, 0x20E3]
    for picture in text.split("\u200d"):
        first, *rest = [ord(letter) for letter in picture] or [0]
        if first not in PICTURES or not set(rest) <= CHANGERS:
            return False
    return True


def check_body(case):
    body = decode(unhex(case["body"]))
    assert encode(body) == unhex(case["body"])
    if case["kind"] in (1, 2):
        assert body[0] == case["text"] and body.get(1) == case.get("forwarded") and 1 <= len(body[0].encode()) <= 16_384
    elif case["kind"] == 3:
        assert body == {}
    elif case["kind"] == 4:
        assert (body[0], body[1]) == (case["emoji"], case["on"]) and is_one_emoji(body[0])
    else:
        raise AssertionError(f"an unknown kind {case['kind']}")


def check_ranges(ranges):
    assert len(ranges) <= 32 and all(part[1] > 0 for part in ranges)
    assert all(one[0] + one[1] < other[0] for one, other in zip(ranges, ranges[1:]))


def check_entries(vectors, people):
    conversation = unhex(people["directConversation"])
    for case in vectors["entries"]:
        author = people[case["author"]]
        entry = decode(unhex(case["entry"]))
        made, header = read_entry(entry)
        assert made.hex() == case["id"]
        assert (header[0].hex(), header[1].hex(), header[2]) == (author["rootKey"], author["deviceKey"], conversation)
        assert header[8] == 1 and decode(entry[3])[0] == case["text"]
        swapped = {**entry, 3: entry[3][:-1] + bytes([entry[3][-1] ^ 1])}
        forged = {**entry, 0: entry[0][:-1] + bytes([entry[0][-1] ^ 1])}
        for wrong in (swapped, forged):
            try:
                read_entry(wrong)
            except Refused:
                continue
            raise AssertionError("a changed entry was taken")
    erased = decode(unhex(vectors["erased"]["entry"]))
    assert read_entry(erased)[0].hex() == vectors["erased"]["id"] and 3 not in erased
    kinds = set()
    for case in vectors["frames"]:
        frame = decode(unhex(case["frame"]))
        check_frame(frame)
        assert encode(frame) == unhex(case["frame"]), case["name"]
        kinds.add(frame[0])
    assert kinds == set(range(6))
    for case in vectors["bodies"]:
        check_body(case)
    assert {case["kind"] for case in vectors["bodies"]} == {1, 2, 3, 4}
    for case in vectors["emoji"]:
        assert is_one_emoji(case["emoji"]) == case["accepted"], case["emoji"]
    for case in vectors["bulk"]:
        piece = decode(unhex(case["piece"]))
        assert (piece[0].hex(), piece[1], piece[2].hex()) == (case["blob"], case["offset"], case["bytes"])
        assert encode(piece) == unhex(case["piece"]) and 1 <= len(piece[2]) <= 65_486
    lists = [vectors[name] for name in ("entries", "frames", "bulk", "bodies", "emoji")]
    return 1 + sum(len(cases) for cases in lists)


def check_order(cases):
    for case in cases:
        key = {entry["id"]: (entry["time"], entry["author"], entry["id"]) for entry in case["entries"]}
        waits = {entry["id"]: set(entry["parents"]) for entry in case["entries"]}
        ready = [key[name] for name, parents in waits.items() if not parents]
        heapq.heapify(ready)
        order = []
        while ready:
            placed = heapq.heappop(ready)[2]
            order.append(placed)
            for name, parents in waits.items():
                if placed in parents:
                    parents.remove(placed)
                    if not parents:
                        heapq.heappush(ready, key[name])
        assert order == case["order"]
    return len(cases)


class Group:
    """The rules of §7.5, each as a question of its own."""

    def __init__(self, conversation, entries):
        self.conversation = conversation
        self.header, self.body, self.past, self.beside = {}, {}, {}, set()
        for entry in entries:
            made, header = read_entry(entry)
            self.header[made] = header
            parents = ([header[5]] if 5 in header else []) + header[6]
            self.past[made] = set(parents).union(*(self.past[parent] for parent in parents))
            where = bytes(32) if made == conversation else conversation
            assert header[2] == where
            if header[8] == 16:
                body = self.read(decode(entry[3]))
            seen = [self.body[other] for other in self.saw(made)]
            known = made == conversation or any(card[1][0] == header[0] for _, _, cards in seen for card in cards)
            if not known or self.past[made] & self.beside:
                self.beside.add(made)
            elif header[8] == 16:
                self.body[made] = body
        # Entries stand in an order in which nobody comes before what they have seen.
        self.rank = {}
        for made in self.body:
            below = [self.rank[other] for other in self.saw(made)]
            turns = max((rank[0] for rank in below), default=0) + self.is_own_promotion(made)
            self.rank[made] = (turns, max((rank[1] + 1 for rank in below), default=0), made)
        self.known = {}

    @staticmethod
    def read(body):
        kind, fields = body
        cards = fields[3] if kind == 0 else [fields[0]] if kind == 1 else []
        cards = [read_card(card) for card in cards]
        if kind in (2, 3):
            cut = [(last[0], last[1]) for last in fields[1 if kind == 2 else 0]]
            assert cut == sorted(set(cut)) and len(cut) <= 240
        return kind, fields, cards

    def saw(self, made):
        return self.past[made] & self.body.keys()

    def author(self, made):
        return self.header[made][0]

    def cards(self):
        return [card for _, _, cards in self.body.values() for card in cards]

    def device(self, made):
        author, device = self.header[made][0], self.header[made][1]
        return any(devices[0] == author and device in [one[0] for one in devices[2]] for _, devices in self.cards())

    def about(self, made):
        kind, fields, cards = self.body[made]
        if kind == 1:
            return cards[0][1][0]
        return self.author(made) if kind == 3 else fields[0] if kind in (2, 4, 5) else None

    def is_own_promotion(self, made):
        return self.body[made][0] == 4 and self.about(made) == self.author(made)

    def grantee(self, made):
        return self.author(made) if self.body[made][0] == 0 else self.about(made) if self.body[made][0] == 4 else None

    def once(self, question, *of):
        key = (question.__name__, *of)
        if key not in self.known:
            self.known[key] = question(*of)
        return self.known[key]

    def grant(self, made):
        return self.once(self.takes_effect, made)

    def takes_effect(self, made):
        if self.body[made][0] == 0:
            return made == self.conversation and self.device(made)
        if self.body[made][0] != 4:
            return False
        if not self.is_own_promotion(made):
            return self.counts(made) and self.seat(self.about(made), made) is not None
        grants = [grant for grant in self.saw(made) if self.grantee(grant) and self.grant(grant)]
        takes = lambda grant: any(self.takes(taking, grant) for taking in self.saw(made))
        seats = [(self.seat(root, made), root) for root in self.people()]
        first = min((seat, root) for seat, root in seats if seat)[1] if any(seat for seat, _ in seats) else None
        return (
            self.device(made)
            and all(takes(grant) for grant in grants)
            and first == self.author(made)
            and not any(self.takes(taking, made) and made not in self.saw(taking) for taking in self.body)
        )

    def takes(self, taking, grant):
        if self.body[taking][0] not in (2, 3, 5) or self.about(taking) != self.grantee(grant):
            return False
        if taking in self.saw(grant) or not self.device(taking):
            return False
        own = self.about(taking) == self.author(taking)
        return own or any(self.rank[by] < self.rank[grant] and self.works(taking, by) for by in self.body)

    def works(self, made, by):
        return self.once(self.counts_by, made, by)

    def counts_by(self, made, by):
        kind = self.body[made][0]
        if kind in (0, 3) or self.about(made) == self.author(made) or by not in self.saw(made):
            return False
        if not self.device(made) or self.grantee(by) != self.author(made) or not self.grant(by):
            return False
        held = lambda grant: not any(self.takes(taking, grant) and made not in self.saw(taking) for taking in self.body)
        if not held(by):
            return False
        if kind not in (2, 5):
            return True
        senior = [other for other in self.body if self.rank[other] < self.rank[by] and self.grantee(other) == self.about(made)]
        return not any(made not in self.saw(other) and self.grant(other) and held(other) for other in senior)

    def counts(self, made):
        kind = self.body[made][0]
        if kind == 0 or self.is_own_promotion(made):
            return self.grant(made)
        if self.about(made) == self.author(made):
            return self.device(made) and self.seat(self.author(made), made) is not None
        return any(self.works(made, by) for by in self.body)

    def people(self):
        return {devices[0] for _, devices in self.cards()}

    def seats(self, root, among):
        found = []
        for made in among:
            kind, _, cards = self.body[made]
            listed = [card[1][0] for card in cards]
            brings = kind == 0 or (kind == 1 and self.author(made) != root)
            if brings and root in listed and self.counts(made):
                found.append((self.rank[made][1], made, listed.index(root)))
        return found

    def ends(self, root, among):
        ends = [made for made in among if self.body[made][0] in (2, 3) and self.about(made) == root and self.device(made)]
        return [made for made in ends if self.author(made) == root or self.counts(made)]

    def seat(self, root, by=None):
        among = self.body if by is None else self.saw(by)
        ends = self.ends(root, among)
        held = [seat for seat in self.seats(root, among) if all(end in self.saw(seat[1]) for end in ends)]
        return min(held, default=None)

    def text_counts(self, made):
        header = self.header[made]
        if made in self.beside or not self.device(made):
            return False
        for _, seat, _ in self.seats(header[0], self.saw(made)):
            ends = [end for end in self.ends(header[0], self.body) if end not in self.saw(seat)]
            if all(self.is_within(made, end) for end in ends):
                return True
        return False

    def is_within(self, made, end):
        header = self.header[made]
        cut = self.body[end][1][1 if self.body[end][0] == 2 else 0]
        # Nobody has two branches in these vectors.
        return any((last[0], last[1]) == (header[1], header[3]) and header[4] <= last[2] for last in cut)

    def office(self, root):
        held = [made for made in self.body if self.grantee(made) == root and self.grant(made)]
        held = [made for made in held if not any(self.takes(taking, made) for taking in self.body)]
        return min(held, key=self.rank.get, default=None)

    def last_words(self, kind, field):
        said = [made for made in self.body if self.body[made][0] == kind and field in self.body[made][1] and self.counts(made)]
        last = [made for made in said if not any(made in self.saw(later) for later in said)]
        return sorted(last, key=lambda made: (self.header[made][7], self.author(made), made))


def check_groups(cases):
    checked = 0
    for case in cases:
        conversation = unhex(case["conversation"])
        group = Group(conversation, [decode(unhex(entry["entry"])) for entry in case["entries"]])
        assert uuid8(derive("kith 2026 group id", conversation)) == case["groupId"]
        for entry in case["entries"]:
            made = unhex(entry["id"])
            counts = group.counts(made) if made in group.body else group.text_counts(made)
            assert counts == entry["counts"], entry["id"]
            checked += 1
        seats = sorted((group.seat(root), root) for root in group.people() if group.seat(root))
        members = [(root.hex(), seat[1].hex(), group.office(root)) for seat, root in seats]
        expected = [(member["root"], member["since"], member["admin"]) for member in case["members"]]
        assert [(root, since, admin and admin.hex()) for root, since, admin in members] == expected
        created = group.body[conversation][1]
        names, hues, words = group.last_words(6, 0), group.last_words(6, 1), group.last_words(7, 0)
        assert case["name"] == (group.body[names[-1]][1][0] if names else created[0])
        assert case["hue"] == (group.body[hues[-1]][1][1] if hues else created[1])
        assert case["history"] == (all(group.body[made][1][0] for made in words) if words else created[2])
    assert checked > 100
    return checked


def check_encoding(cases):
    for case in cases:
        try:
            decode(unhex(case["cbor"]))
            accepted = True
        except Refused:
            accepted = False
        assert accepted == case["accepted"], case["cbor"]
    return len(cases)


def main():
    people = read("identity")
    for name, count in [
        ("encoding", check_encoding(read("encoding"))),
        ("identity", check_identity(people)),
        ("signaling", check_signaling(read("signaling"), people)),
        ("entries", check_entries(read("entries"), people)),
        ("order", check_order(read("order"))),
        ("groups", check_groups(read("groups"))),
    ]:
        print(f"{name}: {count} cases agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
