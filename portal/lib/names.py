"""What the domain name system says about a name that somebody else typed."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import dns.exception
import dns.nameserver
import dns.resolver

SECONDS: Final = 3.0


def txt_values(name: str, servers: Sequence[str] = ()) -> list[str]:
    """The TXT records of a name, each as one text; none where the name or the answer is missing, within three seconds.

    `servers` are addresses of resolvers, with a port where it is not 53; without any, those that this machine uses.
    """
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        places = [urlsplit(f"//{server}") for server in servers]
        resolver.nameservers = [
            dns.nameserver.Do53Nameserver(place.hostname or "", place.port or 53) for place in places
        ]
    resolver.lifetime = SECONDS
    try:
        answer = resolver.resolve(f"{name}.", "TXT", search=False)
    except dns.exception.DNSException:
        return []
    return [b"".join(row.strings).decode("ascii", "replace") for row in answer]
