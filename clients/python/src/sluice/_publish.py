"""Publishing: finds the files, brings their bytes to the store, and sends one command that may be repeated."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Union
from urllib.parse import quote

from . import _decoding, _files
from ._answers import Published
from ._backoff import Backoff
from ._errors import SluiceError
from ._fields import Fields
from ._files import LocalFile, StrPath
from ._transport import ATTEMPTS, Transport, is_passing

#: `Limits.inlineFileBytes` of the server, over all files of a command: small publishes take one request.
_INLINE_BYTES = 256 * 1024
_INLINE_FILES = 16
#: The server reads every byte once more before it answers; a slow disk does that at least this fast.
_BYTES_PER_SECOND = 10 * 1024 * 1024
#: Uploads end when the server restarts; then everything is brought again, so often.
_UPLOADS = 5

#: One path, several, or several for each representation.
FilesToPublish = Union[StrPath, Iterable[StrPath], Mapping[str, Union[StrPath, Iterable[StrPath]]]]


@dataclass(frozen=True)
class NewVersion:
    """A version of one product that is to be published.

    Files that differ only in the last number before the extension are one sequence; a directory is a tree. `files`
    may be a mapping from the name of a representation to its files; without names the extension is the name.
    """

    ref: str
    files: FilesToPublish
    #: Names the one representation; not beside a mapping.
    representation: str | None = None
    #: What it was made from: references, or paths of published files.
    made_from: str | Sequence[str] = ()
    note: str | None = None
    #: A short name, such as the one in the edit.
    label: str | None = None
    #: A tag to move to the new version.
    tag: str | None = None
    #: Brings only the changed frames; the rest is carried from `base`, or from the latest version.
    patch: bool = False
    base: str | None = None
    allow_missing: bool = False
    #: Records the files where they lie, below a root of the server; nothing is copied.
    in_place: bool = False
    #: With `in_place`: `now` or `later`, when the bytes are read; by their size where it is not said.
    hashing: str | None = None


@dataclass(frozen=True)
class _Group:
    """One representation with its files."""

    name: str | None
    files: list[LocalFile]
    is_tree: bool


def new_command() -> str:
    """An id by which the server knows a call that arrives again."""
    return str(uuid.uuid4())


def publish(
    transport: Transport,
    versions: Sequence[NewVersion],
    references: Callable[[Iterable[str]], list[str]],
    command: str | None,
) -> tuple[Published, ...]:
    """All versions, or none. Whoever calls again with the same command gets the first answer."""
    command = command or new_command()
    groups = [[] if version.in_place else _groups(version) for version in versions]
    sources = [references(_texts(version.made_from)) for version in versions]
    every = [file for groups_of_one in groups for group in groups_of_one for file in group.files]
    total = sum(file.size for file in every)
    # What the server reads before it answers, where this machine can see how much it is.
    read = sum(_size(path) for one in versions if one.in_place and one.hashing != "later" for path in _in_place(one))
    uploads = _UPLOADS
    while True:
        upload: str | None = None
        try:
            if total <= _INLINE_BYTES and len(every) <= _INLINE_FILES:
                brought = [_inline(file) for file in every]
            else:
                upload, brought = _Upload(transport).bring(every)
            entries = iter(brought)
            body: dict[str, object] = {
                "command": command,
                "products": [_product(*one, entries) for one in zip(versions, groups, sources)],
            }
            if upload is not None:
                body["upload"] = upload
            answer = transport.call("POST", "publish", body=body, repeat=True, wait=(total + read) / _BYTES_PER_SECOND)
            return answer.each("published", _decoding.published)
        except SluiceError as error:
            uploads -= 1
            if error.code == "upload.unknown" and uploads > 0:
                continue
            if upload is not None and not is_passing(error):
                _discard(transport, upload)
            raise


def _groups(version: NewVersion) -> list[_Group]:
    if isinstance(version.files, Mapping):
        if version.representation is not None:
            raise SluiceError(
                "usage",
                "a representation is named twice",
                f"product '{version.ref}'",
                "give either a mapping of representations, or `representation`",
            )
        named: list[tuple[str | None, StrPath | Iterable[StrPath]]] = list(version.files.items())
    else:
        named = [(version.representation, version.files)]
    groups = [_Group(name, *_files.find(_files.as_list(paths))) for name, paths in named]
    if not groups or not all(group.files for group in groups):
        raise SluiceError(
            "publish.nothing",
            f"the publish of '{version.ref}' has no files",
            f"product '{version.ref}'",
            "name at least one file",
        )
    return groups


def _product(
    version: NewVersion, groups: list[_Group], sources: list[str], entries: Iterator[dict[str, object]]
) -> dict[str, object]:
    product: dict[str, object] = {"ref": version.ref, "representations": []}
    optional = {
        "note": version.note,
        "label": version.label,
        "tag": version.tag,
        "base": version.base,
        "patch": version.patch or None,
        "allowMissing": version.allow_missing or None,
        "from": sources or None,
        "inPlace": _in_place(version) if version.in_place else None,
        "hash": version.hashing,
    }
    product.update({name: value for name, value in optional.items() if value is not None})
    representations: list[dict[str, object]] = []
    if version.in_place and version.representation is not None:
        representations.append({"name": version.representation, "files": []})
    for group in groups:
        representation: dict[str, object] = {"files": [{"path": file.path, **next(entries)} for file in group.files]}
        if group.name is not None:
            representation["name"] = group.name
        if group.is_tree:
            representation["tree"] = True
        representations.append(representation)
    product["representations"] = representations
    return product


def _in_place(version: NewVersion) -> list[str]:
    """Absolute paths: the server has to see the files under the same names."""
    if isinstance(version.files, Mapping):
        raise SluiceError(
            "usage",
            "files in place are one representation",
            f"product '{version.ref}'",
            "name the files, and the representation apart",
        )
    return [os.path.abspath(path) for path in _files.as_list(version.files)]


def _size(path: str) -> int:
    """Bytes of a file, or of all below a folder; 0 for what is not seen from here."""
    if os.path.isdir(path):
        return sum(_size(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _texts(made_from: str | Sequence[str]) -> list[str]:
    return [made_from] if isinstance(made_from, str) else list(made_from)


def _inline(file: LocalFile) -> dict[str, object]:
    content = b"".join(_files.pieces(file.source))
    return {
        "content": base64.b64encode(content).decode("ascii"),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


class _Upload:
    """Brings files to the server's store: through the door where this machine sees it, else as streams."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def bring(self, files: list[LocalFile]) -> tuple[str, list[dict[str, object]]]:
        """The upload, and what the command says of each file, in order."""
        opened = self._transport.call("POST", "uploads", repeat=True)
        upload = opened.text("upload")
        try:
            through = _door(opened)
            brought: list[dict[str, object]] = []
            for index, file in enumerate(files):
                if through is not None:
                    name = str(index)
                    digest = self._copy(file, through, name, upload)
                else:
                    name, digest = self._stream(upload, index, file)
                brought.append({"upload": name, "size": file.size, "sha256": digest})
            return upload, brought
        except SluiceError as error:
            if not is_passing(error):
                _discard(self._transport, upload)
            raise

    def _copy(self, file: LocalFile, folder: str, name: str, upload: str) -> str:
        try:
            return _files.copy(file.source, os.path.join(folder, name))
        except SluiceError:
            if os.path.isdir(folder):
                raise
            raise SluiceError(
                "upload.unknown",
                f"there is no upload '{upload}' any more",
                "upload",
                "begin a new one; uploads end when the server restarts",
            ) from None

    def _stream(self, upload: str, index: int, file: LocalFile) -> tuple[str, str]:
        """A broken connection is tried again under another name: the first try may still be arriving."""
        backoff = Backoff(most=4.0)
        attempt = 0
        deadline: float | None = None
        while True:
            name = f"{index}-{attempt}"
            attempt += 1
            sent = _SentFile(file)
            try:
                answer = self._transport.upload(
                    f"uploads/{quote(upload, safe='')}/files",
                    [("path", name)],
                    sent.pieces,
                    file.size,
                    file.size / _BYTES_PER_SECOND,
                )
            except SluiceError as error:
                deadline = deadline or time.monotonic() + self._transport.timeout
                if attempt >= ATTEMPTS or not is_passing(error) or time.monotonic() > deadline:
                    raise
                if not self._transport.pause(backoff.next()):
                    raise
                continue
            if answer.text("sha256") != sent.digest:
                raise SluiceError(
                    "publish.digestMismatch",
                    f"'{file.path}' arrived with other bytes than were sent",
                    f"file '{file.path}': sent {sent.digest}, arrived {answer.text('sha256')}",
                    "publish again; if it happens again, look at the network or the disk",
                )
            return name, sent.digest


class _SentFile:
    """Hashes what is sent, and sends no more and no less than was announced."""

    def __init__(self, file: LocalFile) -> None:
        self._file = file
        self.digest = ""

    def pieces(self) -> Iterator[bytes]:
        digest, left = hashlib.sha256(), self._file.size
        for piece in _files.pieces(self._file.source):
            left -= len(piece)
            if left < 0:
                break
            digest.update(piece)
            yield piece
        if left != 0:
            raise SluiceError(
                "publish.digestMismatch",
                f"'{self._file.path}' changed while it was read",
                self._file.source,
                "publish it again when its writer has finished",
            )
        self.digest = digest.hexdigest()


def _door(opened: Fields) -> str | None:
    """The folder to write into, where this machine sees the store: it can read the marker that the server laid there.

    A marker has chance in it; without one a server could name any folder of this machine.
    """
    directory, marker = opened.text("directory"), opened.text("marker")
    if len(marker) < 16:
        return None
    try:
        with open(opened.text("markerFile"), encoding="utf-8") as file:
            seen = file.read(1024)
    except (OSError, ValueError):
        return None
    return directory if seen == marker and os.access(directory, os.W_OK) else None


def _discard(transport: Transport, upload: str) -> None:
    with contextlib.suppress(SluiceError):
        transport.forget(f"uploads/{quote(upload, safe='')}")
