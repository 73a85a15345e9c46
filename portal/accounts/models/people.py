"""People."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """People are found by their e-mail address, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do hangs on memberships, never on the person."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True, default="")
    locale = models.CharField(max_length=10, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="Unused: there is no admin site")
    session_epoch = models.PositiveIntegerField(default=0, help_text="Raised to end every session of the person")
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
            # Django and guardian let such a person do everything, everywhere: here nobody may.
            models.CheckConstraint(condition=models.Q(is_superuser=False, is_staff=False), name="user_is_no_superuser"),
        ]

    def __str__(self) -> str:
        return self.email

    def get_session_auth_hash(self) -> str:
        """What a session is held to: it ends when the password changes or the epoch is raised."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under secret keys that were replaced."""
        return (f"{fallback}.{self.session_epoch}" for fallback in super().get_session_auth_fallback_hash())

    def get_full_name(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = (self.name or self.email.split("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in words[:2]).upper()
