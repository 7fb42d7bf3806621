"""Which addresses the studio may send to when somebody else chose the URL. Pure.

A workspace's URL must not reach what only this machine or its network can reach (server-side request forgery). Only the
operator can allow inner hosts, never a workspace (docs/contracts/webhooks.md, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from backend.errors import Invalid
from backend.language import tr_lazy

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_INNER = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2001:db8::/32",
        "2002::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""Private, shared, loopback, link-local, documentation, multicast; and what holds an IPv4 address (NAT64, 6to4, Teredo)."""
_BY_NAME = tuple(
    ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
"""Inner addresses that an allowed name may resolve to. Others (metadata services at 169.254…) are allowed by network only."""
_SECURE_PORT, _PLAIN_PORT = 443, 80


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """`name`: lower case, `*.lan` for all below it; or `network`. `port` None: any."""

    name: str
    network: Network | None
    port: int | None

    def fits_name(self, host: str, port: int) -> bool:
        if not self.name or self.port not in (None, port):
            return False
        return host == self.name or (self.name.startswith("*.") and host.endswith(self.name[1:]))

    def fits_address(self, address: Address, port: int) -> bool:
        return self.network is not None and self.port in (None, port) and address in self.network


@dataclass(frozen=True, slots=True)
class OutgoingRules:
    """`allowed`: by the operator, beside public addresses. `plain_http`: whether http (port 80) is taken as well as https.
    `anywhere`: no limits, for URLs that the operator chose."""

    allowed: tuple[AllowedHost, ...] = ()
    plain_http: bool = False
    anywhere: bool = False

    def check_url(self, url: str) -> None:
        """Raises Invalid for a URL that can never be sent to, without looking its name up."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        if parts.scheme not in ("http", "https") or not host or any(letter.isspace() for letter in url):
            raise Invalid(tr_lazy("Give a whole address, for example https://n8n.example.com/webhook/studio."))
        if parts.username is not None or parts.password is not None:
            raise Invalid(tr_lazy("Leave name and password out of the address. Messages are signed instead."))
        port = port or (_SECURE_PORT if parts.scheme == "https" else _PLAIN_PORT)
        if self.anywhere or self._allows_name(host, port):
            return
        literal = _as_address(host)
        if literal is not None and self._allows_address(literal, port):
            return
        may_be_allowed = literal is None and any(entry.network and entry.port in (None, port) for entry in self.allowed)
        if parts.scheme == "http" and not self.plain_http and not may_be_allowed:
            raise Invalid(tr_lazy("The address must begin with https://."))
        if not may_be_allowed and port not in self._ports():
            raise Invalid(
                tr_lazy(
                    "Port {port} is not open for messages. Leave the port out, or ask the operator to allow this host.",
                    port=port,
                )
            )
        if host == "localhost" or host.endswith(".localhost") or (literal is not None and is_inner(literal)):
            raise Invalid(tr_lazy("This address is inside the studio's own network. Only the operator can allow it."))

    def permits(self, host: str, port: int, addresses: Sequence[str]) -> bool:
        """Whether a connection to `host` may be made, which resolved to `addresses`: one of them that may not be reached
        refuses all."""
        if self.anywhere:
            return True
        named = self._allows_name(host.lower().rstrip("."), port)
        return bool(addresses) and all(self._permits_address(ip_address(address), port, named) for address in addresses)

    def _permits_address(self, address: Address, port: int, named: bool) -> bool:
        if self._allows_address(address, port):
            return True
        if is_inner(address):
            return named and any(_unmapped(address) in network for network in _BY_NAME)
        return named or port in self._ports()

    def _allows_name(self, host: str, port: int) -> bool:
        return any(entry.fits_name(host.lower().rstrip("."), port) for entry in self.allowed)

    def _allows_address(self, address: Address, port: int) -> bool:
        return any(entry.fits_address(_unmapped(address), port) for entry in self.allowed)

    def _ports(self) -> tuple[int, ...]:
        return (_SECURE_PORT, _PLAIN_PORT) if self.plain_http else (_SECURE_PORT,)


ANYWHERE = OutgoingRules(anywhere=True)


def allowed_hosts(entries: Sequence[str]) -> tuple[AllowedHost, ...]:
    """Reads `n8n.lan`, `*.lan`, `n8n.lan:5678`, `192.168.1.7:5678`, `[fd00::7]:5678`, `192.168.0.0/16`. Raises Invalid."""
    return tuple(_allowed_host(entry.strip().lower()) for entry in entries if entry.strip())


def is_inner(address: Address) -> bool:
    """Whether it is not an address of the public internet."""
    address = _unmapped(address)
    in_list = any(address in network for network in _INNER if network.version == address.version)
    return in_list or not address.is_global or address.is_multicast


def _unmapped(address: Address) -> Address:
    """`::ffff:10.0.0.1` is 10.0.0.1 for the system that connects."""
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _allowed_host(entry: str) -> AllowedHost:
    if network := _as_network(entry):
        return AllowedHost("", network, None)
    host, separator, port = entry.rpartition(":")
    if not separator:
        host, port = entry, ""
    valid_port = not separator or (port.isdigit() and 0 < int(port) < 65_536)
    host = host.removeprefix("[").removesuffix("]")
    letters = set(host.removeprefix("*."))
    if not valid_port or not letters or not all(letter.isalnum() or letter in ".-_:" for letter in letters):
        raise Invalid(tr_lazy("“{entry}” is not a host. Write n8n.lan, n8n.lan:5678 or 192.168.0.0/16.", entry=entry[:80]))
    number = int(port) if port else None
    if network := _as_network(host):
        return AllowedHost("", network, number)
    return AllowedHost(host.rstrip("."), None, number)


def _as_network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _as_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
