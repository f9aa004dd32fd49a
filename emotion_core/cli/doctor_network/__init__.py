"""``doctor --network``: what a browser elsewhere would meet."""

import os
from collections.abc import Iterator, Mapping

from emotion_core.cli.common import UsageError
from emotion_core.cli.doctor_network.relays import relay_checks
from emotion_core.cli.doctor_network.web import Address, web_checks
from emotion_core.cli.doctor_report import Check

__all__ = ["network_checks"]

#: What Streamlit calls the name by which browsers reach it.
_SERVED_AS_ENV = "STREAMLIT_BROWSER_SERVER_ADDRESS"
_HERE = "http://127.0.0.1:8000"


def network_checks(url: str = "", environment: Mapping[str, str] | None = None) -> Iterator[Check]:
    """Looks at everything between a browser and the app, one after the other.

    Args:
        url: by which people open the app; empty: the name that the app is told to have, else this
            machine's own address.
        environment: with the variables of the app; the process's own unless given.

    Raises:
        UsageError: that is no address.
    """
    values = os.environ if environment is None else environment
    served_as = values.get(_SERVED_AS_ENV, "").strip()
    address = _address(url.strip() or (f"https://{served_as}" if served_as else _HERE))
    yield from web_checks(address)
    yield from relay_checks(is_elsewhere=not address.is_local, environment=values)


def _address(text: str) -> Address:
    try:
        address = Address(text if "://" in text else f"https://{text}")
        if "://" not in text and address.is_local:
            address = Address(f"http://{text}")
        if address.url.scheme in ("http", "https") and address.host and " " not in text:
            return address
    except ValueError:
        pass
    raise UsageError(
        f"wanted the address of the app, such as https://faces.example.org, received {text[:200]!r}"
    )
