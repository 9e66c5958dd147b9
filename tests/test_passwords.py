"""Passwords are found wherever they stand, and never shown; names stay in their folder."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.checks import check_file_name
from ragx.parts import PartsError, bind
from ragx.passwords import check_no_password, has_password, passwords

WORDS = st.text("abcXYZ019-_", min_size=1, max_size=12)


@given(scheme=st.sampled_from(["postgresql", "https", "mysql+pymysql"]), user=WORDS, word=WORDS, host=WORDS)
def test_a_password_in_an_address_is_found_also_encoded(scheme: str, user: str, word: str, host: str) -> None:
    address = f"{scheme}://{user}:{word}@{host}:5432/shop"
    assert has_password(address)
    assert has_password(quote(address, safe=""))
    assert has_password(quote(quote(address, safe=""), safe=""))
    assert has_password(f"SELECT * FROM dblink('{address}')")
    assert not has_password(f"{scheme}://{user}@{host}:5432/shop")
    assert not has_password(f"{scheme}://{host}/shop?user={user}")


@pytest.mark.parametrize("name", ["password", "PASSWORD", "passwd", "pwd", "api_key", "apikey", "secret", "PGPASSWORD"])
def test_a_parameter_that_is_one_is_found(name: str) -> None:
    assert has_password(f"postgresql://host/shop?{name}=hunter2")
    assert has_password(f"host=h user=u {name} = hunter2")


@pytest.mark.parametrize("name", ["password", "api_key", "wandb_api_key"])
def test_a_setting_that_is_one_is_found(name: str) -> None:
    assert passwords("tracker", {"mode": "online", name: "hunter2"}) != []
    assert passwords("tracker", {"mode": "online", name: ""}) == []


@pytest.mark.parametrize(
    "text",
    [
        *("sqlite:shop.db", "C:/data/shop.db", "SELECT user FROM events WHERE password IS NOT NULL", "user_id:token"),
        *("postgresql://me@host:5432/shop", "layer.heads=2", "runs/shop", "2020-01-01T12:30:00", "", "a@b.c"),
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert not has_password(text)


def test_a_config_is_refused_before_anything_else_and_the_password_is_not_shown() -> None:
    uri = "postgresql://me:hunter2@host/shop"
    node = {"_target_": "no.such.reader", "uri": uri, "inner": [{"query": "x", "password": "hunter2"}]}
    with pytest.raises(PartsError) as refused:
        bind({"dataset": node}, {"dataset": ()})
    first, second = str(refused.value).splitlines()
    assert first.startswith("dataset.uri: expected no password, since configs are written into run folders")
    assert second.startswith("dataset.inner[0].password: expected no password")
    assert "hunter2" not in first + second
    with pytest.raises(ValueError, match=r"^dataset\.uri: expected no password") as option:
        check_no_password(["seed=1", f"dataset.uri={uri}"])
    assert "hunter2" not in str(option.value)


@given(st.text(max_size=300))
def test_a_name_that_passes_stays_in_its_folder(name: str) -> None:
    try:
        check_file_name("name", name)
    except ValueError as error:
        assert "name: expected a name of at most 255 bytes without slashes" in str(error)
        return
    assert (Path("runs") / name).parent == Path("runs")
    assert name not in (".", "..", "")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/", "a\\b", "a\0b", "a\nb", "x" * 256, None, 7])
def test_a_name_that_leads_elsewhere_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="name: expected a name"):
        check_file_name("name", name)
