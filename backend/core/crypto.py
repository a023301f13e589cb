"""
Sealing (加密), blind indexes (盲索引), masks (脱敏) of personal data; signatures (签名).

A sealed value is `suite | key number | nonce | ciphertext and tag`. The context,
`table.column.row`, is bound as associated data, so a ciphertext copied to another row or column
does not open.
"""

import functools
import hashlib
import hmac
import os

import orjson
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_INTL, _GUOMI = 1, 2
_NONCE, _TAG = 12, 16
_ED25519 = 1


class SealBroken(Exception):
    """The value was altered, or moved from where it was sealed."""


@functools.lru_cache(maxsize=16)
def _aes(number: int) -> AESGCM:
    return AESGCM(settings.FIELD_KEYS[number])


def seal(text: str, *, context: str) -> bytes:
    """Encrypt `text` (AES-256-GCM, or SM4-GCM where CIPHER_SUITE=guomi) for `table.column.row`."""
    return seal_bytes(text.encode(), context=context)


def seal_bytes(plain: bytes, *, context: str) -> bytes:
    """Encrypt bytes, such as a file's, as `seal` does."""
    number = max(settings.FIELD_KEYS)
    nonce, bound = os.urandom(_NONCE), context.encode()
    if settings.CIPHER_SUITE == "guomi":
        cipher = Cipher(algorithms.SM4(settings.FIELD_KEYS[number][:16]), modes.GCM(nonce))
        sealer = cipher.encryptor()
        sealer.authenticate_additional_data(bound)
        body = sealer.update(plain) + sealer.finalize() + sealer.tag
        return bytes((_GUOMI, number)) + nonce + body
    return bytes((_INTL, number)) + nonce + _aes(number).encrypt(nonce, plain, bound)


def unseal(blob: bytes | memoryview, *, context: str) -> str:
    """
    Decrypt what `seal` made for the same context, whichever suite and key it names.

    :raises SealBroken: altered, or sealed for another place.
    """
    return unseal_bytes(blob, context=context).decode()


def unseal_bytes(blob: bytes | memoryview, *, context: str) -> bytes:
    """
    Decrypt what `seal_bytes` made for the same context.

    :raises SealBroken: altered, or sealed for another place.
    """
    blob = bytes(blob)
    suite, number = blob[0], blob[1]
    nonce, body, bound = blob[2 : 2 + _NONCE], blob[2 + _NONCE :], context.encode()
    try:
        if suite == _GUOMI:
            mode = modes.GCM(nonce, body[-_TAG:])
            opener = Cipher(algorithms.SM4(settings.FIELD_KEYS[number][:16]), mode).decryptor()
            opener.authenticate_additional_data(bound)
            return opener.update(body[:-_TAG]) + opener.finalize()
        return _aes(number).decrypt(nonce, body, bound)
    except InvalidTag:
        raise SealBroken(context) from None


def seal_json(value: object, *, context: str) -> bytes:
    return seal(orjson.dumps(value).decode(), context=context)


def unseal_json(blob: bytes | memoryview, *, context: str) -> object:
    return orjson.loads(unseal(blob, context=context))


def digest(value: str, *, index: str) -> bytes:
    """Return the keyed blind index of a normalised value: equal values meet, nothing else shows."""
    name = "sm3" if settings.CIPHER_SUITE == "guomi" else "sha256"
    return hmac.digest(settings.INDEX_KEY, f"{index}:{value}".encode(), name)


def token_digest(token: str) -> bytes:
    """Digest of a random secret of ours: 32 random bytes need no key and no salt."""
    return hashlib.sha256(token.encode()).digest()


@functools.lru_cache(maxsize=16)
def _signer(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(settings.SIGNING_KEYS[number])


def signing_key(number: int) -> Ed25519PublicKey:
    """Return the public half of a signing key, for who checks without our secrets."""
    return _signer(number).public_key()


def sign(message: bytes, *, purpose: str) -> bytes:
    """
    签名: return `algorithm | key number | signature` (Ed25519) over a message of one purpose.

    A signature made for one purpose (`signoff`, `document`) proves nothing for another.
    """
    number = max(settings.SIGNING_KEYS)
    return bytes((_ED25519, number)) + _signer(number).sign(_bound(message, purpose))


def verifies(message: bytes, signature: bytes | memoryview, *, purpose: str) -> bool:
    """验签: say whether `sign` made this signature for this very message and purpose."""
    made = bytes(signature)
    if len(made) != 66 or made[0] != _ED25519 or made[1] not in settings.SIGNING_KEYS:
        return False
    try:
        signing_key(made[1]).verify(made[2:], _bound(message, purpose))
    except InvalidSignature:
        return False
    return True


def _bound(message: bytes, purpose: str) -> bytes:
    return purpose.encode() + b"\0" + message


def mask_name(name: str) -> str:
    """姓*名: keep the first and, from three characters on, the last."""
    if len(name) <= 1:
        return "*"
    return name[0] + "*" * max(len(name) - 2, 1) + (name[-1] if len(name) > 2 else "")


def mask_id_number(number: str) -> str:
    """512***********012X: three in front, four behind."""
    return number[:3] + "*" * max(len(number) - 7, 1) + number[-4:]


def mask_phone(phone: str) -> str:
    """138****1234."""
    return phone[:3] + "****" + phone[-4:] if len(phone) >= 7 else "****"
