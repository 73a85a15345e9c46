from tests.api.test_schemathesis import *
from tests.api.conftest import *
import threading
def test_q(api, known, capsys, monkeypatch):
    from django.db import connection
    import portal.accounts.api_tokens as m
    orig = m.api_token_presented
    from portal.tenancy.scope import bearer_context
    def spy(h):
        r = orig(h)
        print("spy", threading.get_ident(), id(connection._connections if hasattr(connection,'_connections') else connection), connection.in_atomic_block, connection.connection, r, connection.closed_in_transaction)
        return r
    monkeypatch.setattr(m, "api_token_presented", spy)
    with capsys.disabled():
        print("main", threading.get_ident(), connection.in_atomic_block, connection.connection)
        op = operations()[0]
        case = op.Case(path_parameters={"client_slug": "northwind"})
        for _ in range(2):
            a = case.call(headers={"Authorization": f"Bearer {api.token}"})
            print(a.status_code, a.content[:200])
