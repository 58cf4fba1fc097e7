"""Keys of the environment, cookies that are worth nothing once their key is gone, and no open door without a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.faces.web.keys import COOKIE_SECONDS, Keys
from agent.faces.web.settings import Settings

ANNA, BEN = "anna-key-0123456789", "ben-key-01234567890"


def keys(**more: str) -> Keys:
    return Keys.of_environment({"CAIBAO_API_KEYS": f"anna:{ANNA}, ben:{BEN}", **more})


def test_a_key_is_its_users_and_no_other_text_is() -> None:
    found = keys()
    assert (found.user_of_key(ANNA), found.user_of_key(BEN)) == ("anna", "ben")
    assert not any(map(found.user_of_key, ("", "anna", ANNA[:-1], ANNA + " ", ANNA.upper(), "错的密钥")))


def test_keys_without_names_are_numbered() -> None:
    assert Keys.of_environment({"CAIBAO_API_KEYS": ANNA}).names == {"user1": ANNA}


@pytest.mark.parametrize(
    "given,reason",
    [
        ("anna:short", "至少16"),
        (f"an na:{ANNA}", "名字不能用"),
        (f"local:{ANNA}", "名字不能用"),
        (f"anna:{ANNA},anna:{BEN}", "相同"),
        (f"anna:{ANNA},ben:{ANNA}", "相同"),
        ("anna:密钥密钥密钥密钥密钥密钥密钥密钥密钥", "至少16"),
    ],
)
def test_a_wrong_entry_is_named_by_number_and_never_repeated(given: str, reason: str) -> None:
    with pytest.raises(CaibaoError, match=reason) as raised:
        Keys.of_environment({"CAIBAO_API_KEYS": given})
    assert ANNA not in str(raised.value) and "项" in str(raised.value)


def test_only_editors_may_change_what_all_share_where_there_are_keys() -> None:
    found = keys(CAIBAO_EDITORS="ben")
    assert [found.may_edit(user) for user in ("anna", "ben")] == [False, True] and Keys().may_edit("local")
    with pytest.raises(CaibaoError, match="carl"):
        keys(CAIBAO_EDITORS="carl")


def test_a_cookie_is_its_users_until_it_is_too_old_or_the_key_is_another() -> None:
    found = keys()
    cookie = found.cookie("anna", now=1000)
    assert found.user_of_cookie(cookie, now=1000) == "anna"
    assert found.user_of_cookie(cookie, now=1001 + COOKIE_SECONDS) is None
    changed = Keys.of_environment({"CAIBAO_API_KEYS": f"anna:{ANNA}-new,ben:{BEN}"})
    assert changed.user_of_cookie(cookie, now=1000) is None
    assert ANNA not in cookie


@pytest.mark.parametrize("change", [("anna", "ben"), (".2593", ".9593"), ("", "x")])
def test_a_changed_cookie_is_nobodys(change: tuple[str, str]) -> None:
    cookie = keys().cookie("anna", now=1000)
    forged = cookie.replace(*change, 1) if change[0] else cookie + change[1]
    assert forged != cookie and keys().user_of_cookie(forged, now=1000) is None


@pytest.mark.parametrize("cookie", ["", ".", "..", "anna", "anna..", "anna.²." + "0" * 64, "anna.9" + "9" * 40 + ".0"])
def test_what_is_no_cookie_is_nobodys(cookie: str) -> None:
    assert keys().user_of_cookie(cookie) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.com", "", "128.0.0.1"])
def test_no_address_but_this_machines_own_is_served_without_a_key(host: str, tmp_path: Path) -> None:
    with pytest.raises(CaibaoError, match="CAIBAO_API_KEYS"):
        Settings(tmp_path, host)
    Settings(tmp_path, host, keys=keys())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.3.2.1"])
def test_this_machines_own_addresses_need_no_key(host: str, tmp_path: Path) -> None:
    Settings(tmp_path, host)
