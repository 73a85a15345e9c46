"""Passwords in tests: hashed as in production, but each only once for a test process, for its cost is the point of the hash."""

from functools import cache

from django.contrib.auth.hashers import Argon2PasswordHasher


class RememberingArgon2(Argon2PasswordHasher):
    """Argon2 that gives one password one hash, and compares a pair that it has compared before from memory."""

    def encode(self, password: str, salt: str) -> str:
        return encoded_once(password)

    def verify(self, password: str, encoded: str) -> bool:
        return verified_once(password, encoded)


@cache
def encoded_once(password: str) -> str:
    hasher = Argon2PasswordHasher()
    return hasher.encode(password, hasher.salt())


@cache
def verified_once(password: str, encoded: str) -> bool:
    return Argon2PasswordHasher().verify(password, encoded)
