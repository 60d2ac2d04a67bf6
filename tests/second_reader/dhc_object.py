"""A second reader and writer of DHC-OBJECT/1, made from docs/spec/object.md alone.

It shares no code with the product, so that a mistake in one of them, or in the specification,
shows as a difference. It keeps a whole object in memory and is for tests only.

    dhc_object.py open KEY FILE             what the object holds, as JSON
    dhc_object.py range KEY FILE START END  those bytes of the content, as JSON
    dhc_object.py recover KEY FILE          key and salt out of the owner's box, as JSON; KEY: the vault's
    dhc_object.py seal KEY OBJECT SALT ENTRIES FILE
        ENTRIES: JSON {"entries": [{"path", "bytes", "meta"}], "meta"}; answers the tree's root

Keys, ids, salts and bytes are hex. An object that is not what was sealed ends with code 1 and the
reason on standard error.
"""

import base64
import hashlib
import hmac
import json
import sys
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MAGIC = b"DHC-OBJECT/1"
SUITE = 1
FRAME_LOG2 = 20
FRAME = 1 << FRAME_LOG2
TAG = 16
HEADER = 142
BOX = 93
BOXED = 0x80
MAX_MANIFEST_FRAMES = 64
LEAST_MANIFEST = 4096
LINKS = 1024
RAW, DAG_PB = 0x55, 0x70
CONTENT, MANIFEST = 0, 1


class Corrupt(Exception):
    """The object is not what was sealed."""


def padme(length):
    if length < 2:
        return length
    e = length.bit_length() - 1
    s = e.bit_length()
    unit = 1 << max(e - s, 0)
    return (length + unit - 1) // unit * unit


class Keys:
    def __init__(self, dek, salt, object_id):
        self.object_id = object_id
        prk = hmac.new(salt, dek, hashlib.sha256).digest()

        def expand(label, length):
            info = b"DHC-OBJECT/1 " + label + b"\0" + bytes([SUITE]) + object_id
            return HKDFExpand(hashes.SHA256(), length, info).derive(prk)

        self.parts = {CONTENT: expand(b"content", 39), MANIFEST: expand(b"manifest", 39)}
        self.header = expand(b"header", 32)
        self.commitment = expand(b"commitment", 32)

    def _frame(self, part, index, last):
        key, prefix = self.parts[part][:32], self.parts[part][32:]
        counter = index.to_bytes(4, "big")
        nonce = prefix + counter + bytes([1 if last else 0])
        return AESGCM(key), nonce, self.object_id + bytes([part]) + counter

    def seal(self, part, plaintext):
        pieces = [plaintext[i : i + FRAME] for i in range(0, len(plaintext), FRAME)] or [b""]
        sealed = []
        for index, piece in enumerate(pieces):
            cipher, nonce, aad = self._frame(part, index, index + 1 == len(pieces))
            sealed.append(cipher.encrypt(nonce, piece, aad))
        return sealed

    def open(self, part, index, last, frame):
        cipher, nonce, aad = self._frame(part, index, last)
        try:
            return cipher.decrypt(nonce, frame, aad)
        except InvalidTag:
            raise Corrupt(f"frame {index} of part {part}") from None


@dataclass
class Extent:
    frames: int
    last: int

    def lengths(self):
        return [FRAME] * (self.frames - 1) + [self.last]

    @classmethod
    def of(cls, frames):
        return cls(len(frames), len(frames[-1]) - TAG)

    @classmethod
    def read(cls, field):
        extent = cls(int.from_bytes(field[:4], "big"), int.from_bytes(field[4:], "big"))
        if extent.frames < 1 or extent.last > FRAME or (extent.last == 0 and extent.frames > 1):
            raise Corrupt("header")
        return extent

    def bytes(self):
        return self.frames.to_bytes(4, "big") + self.last.to_bytes(4, "big")


def header_of(keys, salt, content, manifest):
    start = MAGIC + bytes([SUITE, FRAME_LOG2]) + keys.object_id + salt + keys.commitment
    fields = start + content.bytes() + manifest.bytes()
    return fields + hmac.new(keys.header, fields, hashlib.sha256).digest()


def split_header(data):
    header = data[:HEADER]
    if len(header) != HEADER or header[:12] != MAGIC or header[13] != FRAME_LOG2:
        raise Corrupt("header")
    if header[12] & ~BOXED != SUITE:
        raise Corrupt("header")
    boxed = data[HEADER : HEADER + BOX] if header[12] & BOXED else b""
    return header, boxed


def recover(vault, data):
    header, boxed = split_header(data)
    object_id = header[14:30]
    if len(boxed) != BOX or boxed[0] != 1:
        raise Corrupt("box")
    try:
        plain = AESGCM(vault).decrypt(boxed[1:13], boxed[13:], b"DHC-OBJECT/1 owner" + object_id)
    except InvalidTag:
        raise Corrupt("box") from None
    return {"key": plain[:32].hex(), "salt": plain[32:].hex()}


class Object:
    def __init__(self, dek, data):
        header, self.box = split_header(data)
        self.object_id, salt = header[14:30], header[30:62]
        self.keys = Keys(dek, salt, self.object_id)
        if not hmac.compare_digest(self.keys.commitment, header[62:94]):
            raise Corrupt("key")
        mac = hmac.new(self.keys.header, header[:110] + self.box, hashlib.sha256).digest()
        if not hmac.compare_digest(mac, header[110:]):
            raise Corrupt("header")
        self.content, manifest = Extent.read(header[94:102]), Extent.read(header[102:110])
        if manifest.frames > MAX_MANIFEST_FRAMES:
            raise Corrupt("header")
        at, self.frames = HEADER + len(self.box), {}
        for part, extent in ((CONTENT, self.content), (MANIFEST, manifest)):
            for index, length in enumerate(extent.lengths()):
                self.frames[part, index] = data[at : at + length + TAG]
                at += length + TAG
        if at != len(data):
            raise Corrupt("layout")
        self.manifest = self._manifest(manifest)

    def _part(self, part, extent, indices):
        return b"".join(
            self.keys.open(part, i, i + 1 == extent.frames, self.frames[part, i]) for i in indices
        )

    def _manifest(self, extent):
        plain = self._part(MANIFEST, extent, range(extent.frames))
        length = int.from_bytes(plain[:8], "big")
        text, padding = plain[8 : 8 + length], plain[8 + length :]
        if len(text) != length or len(plain) != padme(max(8 + length, LEAST_MANIFEST)):
            raise Corrupt("manifest")
        if any(padding):
            raise Corrupt("manifest")
        manifest = json.loads(text)
        at = 0
        for entry in manifest["entries"]:
            if entry["offset"] != at:
                raise Corrupt("manifest")
            at += entry["length"]
        if at != manifest["length"] or padme(at) != sum(self.content.lengths()):
            raise Corrupt("manifest")
        return manifest

    def range(self, start, end):
        """Decrypts the frames of the range and no other."""
        if start >= end:
            return b""
        first, last = start // FRAME, (end - 1) // FRAME
        plain = self._part(CONTENT, self.content, range(first, last + 1))
        return plain[start - first * FRAME : end - first * FRAME]

    def entries(self):
        for entry in self.manifest["entries"]:
            content = self.range(entry["offset"], entry["offset"] + entry["length"])
            if "0x" + hashlib.sha256(content).hexdigest() != entry["sha256"]:
                raise Corrupt("entry")
            yield entry, content


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    """A field of protobuf: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def cid(codec, block):
    return varint(1) + varint(codec) + bytes([0x12, 0x20]) + hashlib.sha256(block).digest()


def root_of(blocks):
    """The CID of the tree over an object's leaves, in base32."""
    # Of each child: its CID, the file bytes below it, and the bytes of all blocks below it.
    level = [(cid(RAW, block), len(block), len(block)) for block in blocks]
    while len(level) > 1:
        above = []
        for start in range(0, len(level), LINKS):
            children = level[start : start + LINKS]
            links = b"".join(
                field(2, field(1, name) + field(2, b"") + field(3, total))
                for name, _, total in children
            )
            size = sum(child[1] for child in children)
            sizes = b"".join(field(4, child[1]) for child in children)
            node = links + field(1, field(1, 2) + field(3, size) + sizes)
            total = len(node) + sum(child[2] for child in children)
            above.append((cid(DAG_PB, node), size, total))
        level = above
    return "b" + base64.b32encode(level[0][0]).decode().lower().rstrip("=")


def seal(dek, object_id, salt, asked):
    content, entries = b"", []
    for entry in asked["entries"]:
        plain = bytes.fromhex(entry["bytes"])
        entries.append(
            {
                "path": entry["path"],
                "offset": len(content),
                "length": len(plain),
                "sha256": "0x" + hashlib.sha256(plain).hexdigest(),
                "meta": entry["meta"],
            }
        )
        content += plain
    manifest = {"length": len(content), "entries": entries, "meta": asked["meta"]}
    text = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode()
    text = len(text).to_bytes(8, "big") + text
    text += bytes(padme(max(len(text), LEAST_MANIFEST)) - len(text))
    content += bytes(padme(len(content)) - len(content))
    keys = Keys(dek, salt, object_id)
    frames, ends = keys.seal(CONTENT, content), keys.seal(MANIFEST, text)
    header = header_of(keys, salt, Extent.of(frames), Extent.of(ends))
    return [header, *frames, *ends]


def main(words):
    verb, dek = words[0], bytes.fromhex(words[1])
    if verb == "seal":
        object_id, salt = bytes.fromhex(words[2]), bytes.fromhex(words[3])
        with open(words[4], encoding="utf-8") as file:
            blocks = seal(dek, object_id, salt, json.load(file))
        with open(words[5], "wb") as file:
            file.write(b"".join(blocks))
        return {"root": root_of(blocks)}
    with open(words[2], "rb") as file:
        data = file.read()
    if verb == "recover":
        return recover(dek, data)
    sealed = Object(dek, data)
    if verb == "range":
        return {"bytes": sealed.range(int(words[3]), int(words[4])).hex()}
    if verb != "open":
        raise SystemExit(__doc__)
    lengths = [HEADER + len(sealed.box)] + [len(sealed.frames[key]) for key in sorted(sealed.frames)]
    blocks, at = [], 0
    for length in lengths:
        blocks.append(data[at : at + length])
        at += length
    return {
        "object": sealed.object_id.hex(),
        "root": root_of(blocks),
        "meta": sealed.manifest["meta"],
        "entries": [
            {"path": entry["path"], "meta": entry["meta"], "bytes": content.hex()}
            for entry, content in sealed.entries()
        ],
    }


if __name__ == "__main__":
    try:
        json.dump(main(sys.argv[1:]), sys.stdout)
    except Corrupt as corrupt:
        sys.exit(f"corrupt: {corrupt}")
