"""Who opened what, by day: the figures of adoption are sums of these rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantModel


class PageUse(TenantModel):
    """How often a person opened a page of the client on a day; `page` is `sign_in` for signing in, and with a colon what a page
    or a program's reading was about (`metric:nrr`): counted beside the page itself.

    `mark` is 0 for a page. For a sign-in it is when its session began, so that each is there once however many processes
    saw it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=90)
    day = models.DateField(help_text="Where the client is")
    mark = models.BigIntegerField(default=0)
    role = models.CharField(max_length=20, help_text="The person's role at that time")
    is_firm_staff = models.BooleanField(default=False)
    times = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "user", "page", "day", "mark"], name="page_use_once")
        ]
        indexes: ClassVar = [models.Index(fields=["client", "day"], name="page_use_day")]

    def __str__(self) -> str:
        return f"{self.page} on {self.day}"
