"""A second maker of what docs/spec/custody.md says of dealings and wrapped keys, by other code.

    dhc_custody.py CHAIN CONSENT GRANT OBJECT KEY SECRET COEFFICIENTS

SECRET and the COEFFICIENTS of its polynomial (the secret's first, joined by commas) are scalars,
32 bytes, little-endian; all but CHAIN are hex. Answers the commitments, then the wrapped key, a line
of hex each. For tests only: it takes no care to hide what it computes with.
"""

import hashlib
import hmac
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# RFC 9496, section 4: the field, Edwards' d, a root of -1, and what encoding needs.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def positive(x):
    return P - x if x & 1 else x


def sqrt_ratio(u, v):
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    flipped, flipped_i = check == -u % P, check == -u * ROOT % P
    if flipped or flipped_i:
        r = r * ROOT % P
    return check == u % P or flipped, positive(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, (-1 - D) % P)[1]


def encode(point):
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    inverse = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t % P
    if t * z_inverse % P & 1:
        x, y, den = y * ROOT % P, x * ROOT % P, den1 * INVSQRT_A_MINUS_D % P
    else:
        den = den2
    if x * z_inverse % P & 1:
        y = -y % P
    return positive(den * (z - y) % P).to_bytes(32, "little")


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def generator():
    y = 4 * pow(5, P - 2, P) % P
    x = sqrt_ratio((y * y - 1) % P, (D * y * y + 1) % P)[1]
    return (x, y, 1, x * y % P)


def wrap(key, secret, context):
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    wrapping = hmac.new(extracted, context + b"\x01", hashlib.sha256).digest()
    return AESGCM(wrapping).encrypt(bytes(12), key, context)


def main():
    chain = int(sys.argv[1])
    consent, grant, object_id, key, secret = (bytes.fromhex(word) for word in sys.argv[2:7])
    for coefficient in sys.argv[7].split(","):
        scalar = int.from_bytes(bytes.fromhex(coefficient), "little")
        print(encode(multiply(scalar, generator())).hex())
    context = b"DHC-CUSTODY/1 key" + chain.to_bytes(8, "big") + consent + grant + object_id
    print(wrap(key, secret, context).hex())


main()
