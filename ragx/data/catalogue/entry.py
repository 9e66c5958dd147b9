"""What the catalogue says of a dataset and of each of its files."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CatalogueFile:
    """One file of a dataset.

    Args:
        path: path below a data folder.
        sha256: checksum of the file as it was checked; packing again may change it.
        content_sha256: checksum of what a ``.gz`` holds, and of the file itself otherwise.
        size: bytes of that content.
        source: where it comes from, in words.
        url: address of that content, or None where it is not offered as such.
    """

    path: str
    sha256: str
    content_sha256: str
    size: int
    source: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """One dataset, under the name of its config.

    Args:
        name: name of the config in ``conf/dataset``.
        num_users: users after reading with that config.
        num_items: items likewise.
        num_interactions: interactions likewise.
        licence: what its publishers allow, as far as they say.
        note: what it is.
        files: its files.
    """

    name: str
    num_users: int
    num_items: int
    num_interactions: int
    licence: str
    note: str
    files: tuple[CatalogueFile, ...]
