"""Requests to addresses that others chose: none reaches the studio's own network, waits for ever or reads without end."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.kit import outgoing_client
from backend.kit.clock import now
from backend.kit.outgoing_client import NO_ANSWER, NOT_REACHED, OutgoingClient
from backend.kit.outgoing_rules import ANYWHERE, OutgoingRules, allowed_hosts, is_inner
from tests.servers.webhook_receiver import ENDLESS, HANG, Reply, receiving

PUBLIC = "93.184.216.34"
OPEN = OutgoingRules()
LOOPBACK = OutgoingRules(allowed_hosts(["127.0.0.0/8"]))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.31.0.1", "192.0.0.8",
        "192.0.2.1", "192.168.1.1", "198.19.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fc00::1", "fd12::1", "fe80::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "64:ff9b::7f00:1",
        "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2001:0:4136:e378::1",
    ],
)  # fmt: skip
def test_inner_addresses_are_refused(address: str) -> None:
    assert is_inner(ip_address(address))
    assert not OPEN.permits("hooks.example", 443, [address])
    assert not OPEN.permits("hooks.example", 443, [PUBLIC, address]), "one of them refuses all"
    assert ANYWHERE.permits("n8n", 5678, [address])


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_open_on_the_port_of_https(address: str) -> None:
    assert OPEN.permits("hooks.example", 443, [address])
    assert not OPEN.permits("hooks.example", 80, [address])
    assert not OPEN.permits("hooks.example", 6379, [address])
    assert OutgoingRules(plain_http=True).permits("hooks.example", 80, [address])
    assert not OPEN.permits("hooks.example", 443, [])


@given(st.ip_addresses())
def test_what_python_calls_no_global_address_is_never_open(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert not OPEN.permits("hooks.example", 443, [str(address)])


def test_the_operator_allows_hosts_by_name_or_network() -> None:
    rules = OutgoingRules(allowed_hosts(["n8n.lan:5678", "*.office.example", "192.168.7.0/24", "[fd00::7]:8443"]))
    assert rules.permits("n8n.lan", 5678, ["192.168.1.4"])
    assert not rules.permits("n8n.lan", 6379, ["192.168.1.4"])
    assert rules.permits("a.office.example", 8080, ["10.0.0.9"])
    assert rules.permits("evil.example", 5678, ["192.168.7.9"])
    assert not rules.permits("evil.example", 443, ["192.168.8.9"])
    assert rules.permits("x.example", 8443, ["fd00::7"])
    assert not rules.permits("n8n.lan", 5678, ["169.254.169.254"]), "an allowed name that turns to the metadata service"
    assert not rules.permits("n8n.lan", 5678, ["192.168.1.4", "224.0.0.1"])
    for entry in ("n8n.lan:", "n8n.lan:0", "n8n.lan:99999", "a b", "http://n8n.lan", "10.0.0.0/99", ":5678"):
        with pytest.raises(Invalid, match="not a host"):
            allowed_hosts([entry])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("n8n.example.com", "whole address"),
        ("ftp://n8n.example.com/", "whole address"),
        ("https://", "whole address"),
        ("https://a b.example/", "whole address"),
        ("https://[::1", "whole address"),
        ("https://n8n.example:99999/", "whole address"),
        ("https://ada:secret@n8n.example/", "name and password"),
        ("http://n8n.example/", "https://"),
        ("https://n8n.example:8443/", "Port 8443"),
        ("https://127.0.0.1/", "inside"),
        ("https://[::ffff:10.0.0.1]/", "inside"),
        ("https://localhost/", "inside"),
    ],
)
def test_a_url_that_can_never_work_is_refused_when_it_is_entered(url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        OPEN.check_url(url)


def test_urls_that_the_rules_take() -> None:
    OPEN.check_url("https://hooks.example.com/a?b=c")
    OutgoingRules(allowed_hosts(["n8n.lan:5678"])).check_url("http://n8n.lan:5678/webhook/a")
    LOOPBACK.check_url("http://127.0.0.1:5678/a")
    OutgoingRules(plain_http=True).check_url("http://hooks.example/")


def test_a_blocked_address_and_an_unreachable_one_read_the_same() -> None:
    with receiving() as receiver, OutgoingClient(OPEN, timeout_s=5) as client:
        blocked = client.send("POST", f"{receiver.url}/a")
    with OutgoingClient(LOOPBACK, timeout_s=5) as client:
        closed = client.send("POST", f"{receiver.url}/a")
    unknown = OutgoingClient(OPEN, timeout_s=5, resolve=_nowhere).send("POST", "https://nowhere.example/")
    assert blocked == closed == unknown == outgoing_client.Answer(None, NOT_REACHED)
    assert receiver.taken == []


def test_each_connection_checks_what_it_connects_to() -> None:
    looked_up: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return [PUBLIC] if len(looked_up) == 1 else ["127.0.0.1"]

    with receiving() as receiver:
        rules = OutgoingRules(allowed_hosts([f"{PUBLIC}:{receiver.port}"]))
        with OutgoingClient(rules, timeout_s=0.2, resolve=rebinding) as client:
            client.send("POST", f"http://hooks.example:{receiver.port}/")
            answer = client.send("POST", f"http://hooks.example:{receiver.port}/")
    assert answer.error == NOT_REACHED
    assert len(looked_up) == 2, "once a connection: what was checked is what is connected to"
    assert receiver.taken == []


def test_the_name_is_kept_for_host_and_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = _certificate(tmp_path, "hooks.example")
    rules = LOOPBACK
    with receiving(ssl_certfile=certificate, ssl_keyfile=certificate) as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        with OutgoingClient(rules, timeout_s=5, resolve=lambda *_: ["127.0.0.1"]) as client:
            assert "certificate is not valid" in client.send("POST", url).error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with OutgoingClient(rules, timeout_s=5, resolve=lambda *_: ["127.0.0.1"]) as client:
            assert client.send("POST", url, content=b"{}").status == 200
            wrong_name = client.send("POST", f"https://other.example:{receiver.port}/")
    assert "certificate is not valid" in wrong_name.error
    [request] = receiver.taken
    assert request.headers["host"] == f"hooks.example:{receiver.port}"


def test_answers_are_bounded_in_time_and_size() -> None:
    redirect = Reply(302, {"location": "http://127.0.0.1/admin"})
    cookie = Reply(200, {"set-cookie": "a=b; Path=/"}, b"Taken.")
    with receiving(cookie, redirect, Reply(ENDLESS), Reply(HANG)) as receiver:
        url = f"{receiver.url}/hook"
        with OutgoingClient(LOOPBACK, timeout_s=0.6) as client:
            taken = client.send("POST", url, content=b"{}")
            redirected = client.send("POST", url)
            endless = client.send("POST", url, max_answer_bytes=1000)
            hanging = client.send("POST", url)
    assert (taken.status, taken.text, taken.is_cut, taken.is_success) == (200, "Taken.", False, True)
    assert taken.latency_s is not None
    assert (redirected.status, redirected.is_success) == (302, False)
    assert (endless.status, len(endless.text), endless.is_cut) == (200, 1000, True)
    assert (hanging.status, hanging.error) == (None, "It did not answer within 0.6 seconds.")
    assert {request.path for request in receiver.taken} == {"/hook"}, "no redirect is followed"
    assert not any("cookie" in request.headers for request in receiver.taken)


def test_an_answer_that_drips_ends_with_the_deadline() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.02):
                connection.sendall(b"x-more: yes\r\n")

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    with OutgoingClient(LOOPBACK, timeout_s=0.3) as client:
        answer = client.send("POST", f"http://127.0.0.1:{listening.getsockname()[1]}/")
    stop.set()
    dripping.join()
    listening.close()
    assert answer.error == "It did not answer within 0.3 seconds."


def test_a_look_up_that_hangs_and_a_connection_that_closes() -> None:
    released = threading.Event()

    def hanging(_host: str, _port: int) -> list[str]:
        released.wait(10)
        return [PUBLIC]

    with OutgoingClient(OPEN, timeout_s=0.2, resolve=hanging) as client:
        assert client.send("POST", "https://slow.example/").error == NOT_REACHED
    released.set()
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
    with OutgoingClient(LOOPBACK, timeout_s=5) as client:
        assert client.send("POST", f"http://127.0.0.1:{listening.getsockname()[1]}/").error == NO_ANSWER
        assert client.send("POST", "http://[broken").error == NOT_REACHED
    listening.close()


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with receiving() as receiver, OutgoingClient(LOOPBACK, timeout_s=5) as client:
        assert client.send("POST", f"{receiver.url}/a").status == 200


def _nowhere(_host: str, _port: int) -> list[str]:
    raise socket.gaierror("no such name")


def _certificate(folder: Path, name: str) -> Path:
    """A certificate that signs itself, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path
