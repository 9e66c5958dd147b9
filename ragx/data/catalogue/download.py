"""Files of the catalogue, fetched whole or not at all."""

import gzip
import hashlib
import http.client
import shutil
import tempfile
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from ragx.checks import check
from ragx.data.catalogue.entry import CatalogueFile
from ragx.data.source import first_line

PIECE = 1 << 18


def fetch(file: CatalogueFile, folder: Path, *, timeout: float = 30.0) -> Path:
    """Download a file below ``folder`` and return its path; an unfinished or wrong download leaves nothing behind.

    Args:
        file: what to fetch; a name in ``.gz`` is packed on the way.
        folder: data folder.
        timeout: seconds without an answer after which it is given up.

    Raises:
        ValueError: it cannot be fetched, is larger than the catalogue says, or has another checksum.
    """
    target = folder / file.path
    check(file.url is not None, f"{file.path}: not offered for download as such: {file.source} It goes to {target}.")
    assert file.url is not None
    scratch: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as packed:
            scratch = Path(packed.name)
        _receive(file, scratch, timeout)
        if target.suffix == ".gz":
            _pack(scratch)
        scratch.chmod(0o644)
        scratch.replace(target)
    except (OSError, http.client.HTTPException) as error:
        raise ValueError(
            f"{file.path} could not be downloaded from {file.url} ({first_line(error)}). "
            f"Fetch it elsewhere and put it at {target}."
        ) from None
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
    return target


def _receive(file: CatalogueFile, scratch: Path, timeout: float) -> None:
    assert file.url is not None
    digest = hashlib.sha256()
    got = 0
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with (
        urllib.request.urlopen(file.url, timeout=timeout) as answer,
        scratch.open("wb") as out,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        bar = progress.add_task(file.path, total=file.size)
        while piece := answer.read(PIECE):
            got += len(piece)
            check(
                got <= file.size,
                f"{file.path}: expected {file.size:,} bytes from {file.url}, got more; nothing was kept.",
            )
            digest.update(piece)
            out.write(piece)
            progress.update(bar, completed=got)
    check(
        digest.hexdigest() == file.content_sha256,
        f"{file.path}: expected SHA-256 {file.content_sha256} from {file.url}, got {digest.hexdigest()} "
        f"in {got:,} of {file.size:,} bytes; nothing was kept.",
    )


def _pack(scratch: Path) -> None:
    packed = scratch.with_name(f"{scratch.name}.gz")
    try:
        with (
            scratch.open("rb") as plain,
            packed.open("wb") as out,
            gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as pack,
        ):
            shutil.copyfileobj(plain, pack)
        packed.replace(scratch)
    finally:
        packed.unlink(missing_ok=True)
