"""Changes that have not happened: the files stay here, and only their digests are told."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Union

from . import _files
from ._errors import SluiceError
from ._files import StrPath

#: Names of products, each with `=FILE` where its file is at hand; or products with the files that they would hold, None
#: for what would differ wholly.
Supposed = Union[str, Sequence[str], Mapping[str, Union[StrPath, Iterable[StrPath], None]]]


def changed(supposed: Supposed, allow_missing: bool) -> list[dict[str, object]]:
    """What `POST /api/v1/plan` takes as `changed`; a product that is named several times has all its files."""
    files: dict[str, list[str]] = {}
    if isinstance(supposed, Mapping):
        for ref, paths in supposed.items():
            files[ref] = [] if paths is None else _files.as_list(paths)
            if paths is not None and not files[ref]:
                raise _no_file(ref)
    else:
        for word in [supposed] if isinstance(supposed, str) else supposed:
            ref, is_named, path = word.partition("=")
            files.setdefault(ref, []).extend(_named(ref, path) if is_named else [])
    return [_product(ref, paths, allow_missing) for ref, paths in files.items()]


def _product(ref: str, paths: list[str], allow_missing: bool) -> dict[str, object]:
    product: dict[str, object] = {"ref": ref}
    if not paths:
        return product
    found, is_tree = _files.find(paths)
    product["files"] = [{"path": file.path, "size": file.size, "sha256": _files.digest(file.source)} for file in found]
    if is_tree:
        product["tree"] = True
    if allow_missing:
        product["allowMissing"] = True
    return product


def _named(ref: str, path: str) -> list[str]:
    """A path as it is, or the files of its folder whose names a pattern fits: `plate.*.exr`, `plate.####.exr`."""
    if not path:
        raise _no_file(ref)
    folder, name = os.path.split(path)
    if os.path.exists(path) or not any(sign in name for sign in "*?[#"):
        return [path]
    pattern = name.replace("#", "*")
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        names = []
    found = [os.path.join(folder, one) for one in names if fnmatch.fnmatchcase(one, pattern)]
    if not found:
        raise SluiceError(
            "publish.fileMissing",
            f"no file fits '{_files.printable(name)}'",
            os.path.abspath(folder or "."),
            "look at the path",
        )
    return found


def _no_file(ref: str) -> SluiceError:
    return SluiceError(
        "usage", "no file is named for a changed product", f"changed '{ref}'", "name its file, or leave it out"
    )
