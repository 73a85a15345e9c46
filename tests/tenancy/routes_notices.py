"""The access matrix of what people are told."""

from typing import Any

from portal.accounts.models import User
from portal.notices.kinds import Kind
from portal.notices.models import Notice
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_CLIENT
from tests.tenancy.matrix import Route


def a_notice(client: Client) -> dict[str, Any]:
    """Something that Ana was told."""
    user, _ = User.objects.get_or_create(email="ana@example.com")
    notice_add(client=client, users=[user], kind=Kind.TASK, text="Map fields is yours", path=f"/c/{client.slug}/")
    return {"notice_id": Notice.objects.latest("pk").pk}


NOTICE_ROUTES = [
    Route("notices", VIEW_CLIENT, status=(200,)),
    Route("notices_count", VIEW_CLIENT, status=(200,)),
    Route("notices_read_all", VIEW_CLIENT, "post", status=(302,)),
    Route("notice_open", VIEW_CLIENT, "post", a_notice, status=(302,)),
]
OTHER_NOTICE_ROUTES = {
    "notice_settings": "person: tests/notices/test_choices.py",
    "notices_fewer": "public: tests/notices/test_choices.py",
}
