"""Who may ask: whoever knows the token; without a token, programs on this machine alone."""

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from emotion_core.api.problems import Problem
from emotion_core.paths import API_TOKEN_ENV

# A proxy on this machine connects from loopback, whoever stands behind it.
_FORWARDED = (
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    "x-forwarded-server", "x-forwarded-port", "x-real-ip", "x-client-ip", "true-client-ip",
    "cf-connecting-ip", "x-original-forwarded-for", "x-envoy-external-address",
)  # fmt: skip


def check_origin(headers: Headers) -> None:
    """Refuses what a page elsewhere lets a browser send.

    A page can send a form with files anywhere, without asking first. It could not read the answer,
    but a job would have been begun.

    Raises:
        Problem: the request comes from a page of another place.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    foreign = site is not None and site not in ("same-origin", "none")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        foreign = True
    if foreign:
        raise Problem(
            403,
            "cross_site",
            "This request comes from a web page of another place. The HTTP interface is for "
            "programs; a page cannot use it from elsewhere.",
        )


def check_token(headers: Headers, token: str) -> None:
    """Compares the token in constant time.

    Raises:
        Problem: none was sent, or another one.
    """
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    # Compared always, so that a missing one takes as long as a wrong one.
    right = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode())
    if scheme.lower() == "bearer" and right:
        return
    what = "the token is not the right one" if sent else "no token was sent"
    raise Problem(
        401,
        "unauthorized",
        f"Wanted the header 'Authorization: Bearer TOKEN'; {what}. Whoever runs the server set it "
        f"as {API_TOKEN_ENV}.",
        headers={"WWW-Authenticate": 'Bearer realm="Emotion Lens"'},
    )


def check_local(headers: Headers, address: str) -> None:
    """Lets only this machine in, for servers without a token.

    Raises:
        Problem: the client is elsewhere, or may be.
    """
    proxies = [name for name in _FORWARDED if name in headers]
    if is_loopback(address) and not proxies and _is_local_name(headers.get("host", "")):
        return
    what = (
        f"It came through a proxy ({proxies[0]})"
        if proxies
        else "It came under another name than this machine's own"
        if is_loopback(address)
        else "It came from elsewhere"
    )
    raise Problem(
        403,
        "local_only",
        f"This server has no token, so it answers programs on its own machine alone. {what}. "
        f"Whoever runs it can set {API_TOKEN_ENV}.",
    )


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own; False for what is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _is_local_name(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)
