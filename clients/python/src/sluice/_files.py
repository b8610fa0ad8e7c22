"""Files on this machine: found, hashed and copied as the command line does it."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Union

from ._errors import SluiceError

StrPath = Union[str, "os.PathLike[str]"]

_PIECE = 1024 * 1024
#: `PathRule` and `Limits.referenceBytes` of the server.
_PATH_BYTES = 2048


@dataclass(frozen=True)
class LocalFile:
    """A file that is to be published, and its path in the version."""

    source: str
    path: str
    size: int


def as_list(paths: StrPath | Iterable[StrPath]) -> list[str]:
    """One path or many, as texts."""
    if isinstance(paths, (str, os.PathLike)):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def find(arguments: list[str]) -> tuple[list[LocalFile], bool]:
    """The files of a publish, and whether they are a tree.

    Named files are called by their name, those of a directory by their path in it. Raises `publish.fileMissing`,
    `publish.nothing`, `publish.outside`, `path.invalid`.
    """
    files: list[LocalFile] = []
    is_tree = False
    for argument in arguments:
        path = os.path.abspath(argument)
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            raise SluiceError(
                "publish.fileMissing",
                f"the file '{printable(argument)}' is not there",
                path,
                "look at the path; nothing was published",
            ) from None
        if stat.S_ISDIR(status.st_mode):
            is_tree = True
            before = len(files)
            prefix = os.path.basename(path) + "/" if len(arguments) > 1 else ""
            files.extend(_walk(path, path, prefix))
            if len(files) == before:
                raise SluiceError(
                    "publish.nothing", f"the directory '{argument}' has no files", path, "publish one that has"
                )
        else:
            files.append(_file(path, status, os.path.basename(path)))
    return files, is_tree


def pieces(path: str) -> Iterator[bytes]:
    """The bytes of a file, a mebibyte at a time."""
    try:
        with open(path, "rb", buffering=0) as file:
            while True:
                piece = file.read(_PIECE)
                if not piece:
                    return
                yield piece
    except (OSError, ValueError) as error:
        raise _denied("read", path, error) from None


def digest(path: str) -> str:
    """SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    for piece in pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def copy(source: str, target: str) -> str:
    """Copies and hashes in one pass; the target must not be there yet."""
    digest = hashlib.sha256()
    reading = pieces(source)
    try:
        with open(target, "xb", buffering=0) as file:
            for piece in reading:
                digest.update(piece)
                left = memoryview(piece)
                while left:
                    left = left[file.write(left) :]
    except OSError as error:
        raise _denied("write", target, error) from None
    return digest.hexdigest()


def printable(text: str) -> str:
    """Text from outside made fit for a message: no control characters, not longer than a line."""
    shown = re.sub(r"[\x00-\x1f\x7f]", "\ufffd", text[:80]).encode("utf-8", "replace").decode()
    return shown + "…" if len(text) > 80 else shown


def _walk(folder: str, root: str, prefix: str) -> Iterator[LocalFile]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        raise SluiceError(
            "publish.fileMissing",
            f"the directory '{printable(folder)}' may not be read",
            folder,
            "give yourself the right to read it",
        ) from None
    for name in names:
        path = os.path.join(folder, name)
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                _require_inside(path, root)
                status = os.stat(path)
                if not stat.S_ISREG(status.st_mode):
                    raise SluiceError(
                        "publish.outside",
                        f"the link '{printable(path)}' leads to a directory",
                        path,
                        "put the files themselves there",
                    )
        except OSError:
            raise SluiceError(
                "publish.fileMissing",
                f"the link '{printable(path)}' leads nowhere",
                path,
                "mend or remove the link",
            ) from None
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(path, root, f"{prefix}{name}/")
        else:
            yield _file(path, status, prefix + name)


def _require_inside(link: str, root: str) -> None:
    """A link out of the directory would publish what nobody meant."""
    inside, whole = os.path.realpath(link), os.path.realpath(root)
    if os.path.lexists(inside) and not inside.startswith(whole.rstrip(os.sep) + os.sep):
        raise SluiceError(
            "publish.outside",
            f"the link '{printable(link)}' leads out of the directory, to {printable(inside)}",
            link,
            "copy the file into the directory, or leave the link out",
        )


def _file(path: str, status: os.stat_result, name: str) -> LocalFile:
    if not stat.S_ISREG(status.st_mode):
        raise SluiceError(
            "path.invalid",
            f"'{printable(path)}' is neither a file nor a directory",
            path,
            "leave sockets, pipes and devices out",
        )
    if not os.access(path, os.R_OK):
        raise SluiceError(
            "publish.fileMissing",
            f"the file '{printable(path)}' may not be read",
            path,
            "give yourself the right to read it",
        )
    _require_name(name)
    return LocalFile(path, name, status.st_size)


def _require_name(name: str) -> None:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise SluiceError(
            "path.invalid",
            f"'{printable(name)}' cannot be read under that name (is it UTF-8?)",
            printable(name),
            "rename it",
        ) from None
    if size > _PATH_BYTES:
        raise SluiceError(
            "path.invalid",
            "a file's path is too long",
            f"'{printable(name)}'",
            "give each file a relative path of at most 2,048 bytes",
        )
    for part in name.split("/"):
        if part in ("", ".", "..") or re.search(r"[\x00-\x1f\x7f\\]", part) or len(part.encode()) > 255:
            raise SluiceError(
                "path.invalid",
                f"'{printable(part)}' cannot be part of a file's path in a version",
                f"'{printable(name)}'",
                "use plain relative paths without '..' or control characters",
            )


def _denied(what: str, path: str, error: Exception) -> SluiceError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return SluiceError(
            "store.full", "the disk is full", path, "free some space and publish again; nothing was half-done"
        )
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return SluiceError("store.denied", f"cannot {what} '{printable(path)}': {words}", path, "look at the file's rights")
