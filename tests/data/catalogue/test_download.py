"""Downloads from a server of the test's own: whole or not at all."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ragx.data.catalogue import root
from ragx.data.catalogue.download import fetch
from ragx.data.catalogue.entry import CatalogueFile
from ragx.data.catalogue.root import find_file

CONTENT = b"0 1 2\n1 2\n" * 1000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    served = tmp_path / "served"
    served.mkdir()
    (served / "train.txt").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/train.txt"
        finally:
            server.shutdown()
            thread.join()


def described(url: str | None, **options: Any) -> CatalogueFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    plain = {"path": "mine/train.txt.gz", "sha256": "", "content_sha256": digest, "size": len(CONTENT), "url": url}
    return CatalogueFile(**{**plain, "source": "a shop.", **options})


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_content_is_packed_and_the_same_each_time(address: str, tmp_path: Path) -> None:
    first, second = (fetch(described(address), tmp_path / name) for name in ("one", "two"))
    assert gzip.decompress(first.read_bytes()) == CONTENT
    assert first.read_bytes() == second.read_bytes()
    assert leftovers(tmp_path / "one") == ["train.txt.gz"]
    plain = fetch(described(address, path="mine/train.txt"), tmp_path / "one")
    assert plain.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content_sha256": "0" * 64}, r"expected SHA-256 0000.* in 10,000 of 10,000 bytes; nothing was kept"),
        ({"size": 9_999}, r"expected 9,999 bytes from http.*got more; nothing was kept"),
        ({"size": 10_001, "content_sha256": "1"}, r"in 10,000 of 10,001 bytes"),
        ({"url": "http://127.0.0.1:9/x"}, r"could not be downloaded from http://127.0.0.1:9/x \(.*put it at "),
        ({"url": None}, r"not offered for download as such: a shop\. It goes to .*train\.txt\.gz"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    options: dict[str, Any], message: str, address: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        fetch(described(**{"url": address, **options}), tmp_path / "cache")
    assert leftovers(tmp_path / "cache") == []


def test_a_page_that_is_not_there_leaves_what_was(address: str, tmp_path: Path) -> None:
    kept = fetch(described(address), tmp_path)
    with pytest.raises(ValueError, match="404"):
        fetch(described(f"{address}.bak"), tmp_path)
    assert gzip.decompress(kept.read_bytes()) == CONTENT


def test_files_here_come_before_a_download(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "mine/train.txt.gz"
    monkeypatch.setattr(root, "catalogued", lambda path: described(address) if path == name else None)
    monkeypatch.setenv("RAGX_DATA", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="was not found"):
        find_file(name, download=False)
    with pytest.raises(ValueError, match=r"scripts/download\.py"):
        find_file(name, tmp_path / "elsewhere")
    assert find_file(name) == tmp_path / "cache" / "ragx" / name
    (tmp_path / "named" / "mine").mkdir(parents=True)
    (tmp_path / "named" / name).write_bytes(b"")
    assert find_file(name) == tmp_path / "named" / name
    monkeypatch.setattr(root, "catalogued", lambda path: described(None))
    with pytest.raises(ValueError, match=r"Looked for .*\. Put it there.*not offered for download as such: a shop\."):
        find_file("mine/other.txt")
