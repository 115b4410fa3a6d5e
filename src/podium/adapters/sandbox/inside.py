"""What runs inside a sandbox before the program does: it takes away what is left, then runs it. A script by itself.

It is started as `python -I -S inside.py key=value … run` (Python source comes in on stdin, the result goes out on
stdout) or `… exec program argument …`. In this order, since each step may need what the next takes away:

1. **limits** (`as`, `cpu`, `fsize`, `nofile`, `nproc`): nobody in the sandbox can raise them again; no core dumps.
2. **parent**: it dies when Podium does.
3. **uid**: root becomes nobody; without it, root loses all capabilities.
4. **landlock** and **seccomp**: where bubblewrap has not already built the walls.

Start-up is what a person waits for, so nothing is imported that is not needed: `json` alone would double it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` alone takes as long as all the rest
    from typing import Any

    Json = Any

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 1, 38, 4
_LANDLOCK = 444
"""The first of the three numbers, the same on all machines."""
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, read a folder
_REFER_TRUNCATE = 1 << 13 | 1 << 14
_ALL_FILES = (1 << 15) - 1
_ALL_NET = 1 << 0 | 1 << 1
_ALL_SCOPES = 1 << 0 | 1 << 1
_SIGKILL = 9


def main(arguments: list[str]) -> None:
    """Lower the limits, close the doors, run the program."""
    settings: dict[str, list[str]] = {}
    while arguments and arguments[0] not in ("run", "exec"):
        key, _, value = arguments.pop(0).partition("=")
        settings.setdefault(key, []).append(value)
    import os  # noqa: PLC0415 - see the module's rules

    os.closerange(3, 1024)  # what was needed to start, and whatever else came along
    _limit(settings)
    if "weak" in settings:
        _close(settings)
    elif "uid" in settings:
        _become(int(settings["uid"][0]))
    if arguments[0] == "exec":
        os.execv(arguments[1], arguments[1:])  # noqa: S606 - that is what it is for
    _run()


def _limit(settings: dict[str, list[str]]) -> None:
    import resource  # noqa: PLC0415 - see the module's rules

    names = {
        "as": resource.RLIMIT_AS,
        "cpu": resource.RLIMIT_CPU,
        "fsize": resource.RLIMIT_FSIZE,
        "nofile": resource.RLIMIT_NOFILE,
        "nproc": resource.RLIMIT_NPROC,
    }
    for name, limit in names.items():
        if name in settings:
            value = int(settings[name][0])
            resource.setrlimit(limit, (value, value))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _become(uid: int) -> None:
    import os  # noqa: PLC0415 - see the module's rules

    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _close(settings: dict[str, list[str]]) -> None:
    """Build the weaker walls out of what any process may do to itself.

    Raises:
        OSError: when the kernel refuses one of them; the program is not run.
    """
    import ctypes  # noqa: PLC0415 - see the module's rules

    libc = ctypes.CDLL(None, use_errno=True)

    def must(*arguments: object) -> int:
        answer = libc.syscall(*arguments) if isinstance(arguments[0], int) else libc.prctl(*arguments[1:])
        if answer < 0:
            raise OSError(ctypes.get_errno(), "the sandbox cannot be closed", str(arguments[:2]))
        return answer

    must("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    must("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _drop_capabilities(ctypes, must, int(settings["capset"][0]))
    _restrict_files(ctypes, must, settings)
    must("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
    program = bytes.fromhex(settings["seccomp"][0])
    held = ctypes.create_string_buffer(program)

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    steps = Filter(len(program) // 8, ctypes.addressof(held))
    must("prctl", 22, 2, ctypes.byref(steps), 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _drop_capabilities(ctypes: Any, must: Any, number: int) -> None:  # noqa: ANN401 - imported late
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    must(ctypes.c_long(number).value, ctypes.byref(header), ctypes.byref(nothing))


def _restrict_files(ctypes: Any, must: Any, settings: dict[str, list[str]]) -> None:  # noqa: ANN401 - imported late
    import os  # noqa: PLC0415 - see the module's rules

    abi = int(settings["weak"][0])
    attributes = (ctypes.c_uint64 * 3)(_ALL_FILES, _ALL_NET if abi >= 4 else 0, _ALL_SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = must(_LANDLOCK, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for key, rights in (("read", _READ), ("write", _ALL_FILES & ~(1 << 6 | 1 << 9 | 1 << 10 | 1 << 11))):
        for path in settings.get(key, ()):
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            may = (
                rights if os.fstat(folder).st_mode & 0o040000 else rights & ((1 << 0) | (1 << 1) | (1 << 2) | (1 << 14))
            )
            rule = (ctypes.c_uint8 * 12)()
            rule[0:8] = may.to_bytes(8, sys.byteorder)
            rule[8:12] = folder.to_bytes(4, sys.byteorder)
            must(_LANDLOCK + 1, rules, 1, ctypes.byref(rule), ctypes.c_uint32(0))
            os.close(folder)
    must(_LANDLOCK + 2, rules, ctypes.c_uint32(0))
    os.close(rules)


def _run() -> None:
    """Run the source that comes in on stdin, and write what came of it."""
    import os  # noqa: PLC0415 - see the module's rules

    request = _decoder()(sys.stdin.buffer.read().decode(), 0)[0]
    out = os.dup(1)
    os.dup2(2, 1)  # what it prints goes another way than what it gives
    for name, text in request["files"].items():
        with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123 - see the module's rules
            file.write(text)
    reply = _outcome(request)
    sys.stdout.flush()
    encoded = "".join(_encoder()(reply, 0)).encode()
    while encoded:
        encoded = encoded[os.write(out, encoded) :]
    os._exit(0)  # threads that it left do not keep it


def _outcome(request: dict[str, Json]) -> dict[str, Json]:
    try:
        value = _execute(request["source"], {"__name__": "__main__", **request["inputs"]})
        files = {name: _text(name) for name in request["keep"]}
    except SyntaxError as error:
        return {"syntax": str(error.msg), "line": error.lineno or 0}
    except BaseException as error:  # noqa: BLE001 - whatever it raises is its own
        return {"raised": type(error).__name__, "message": str(error)[:2000], "line": _line(error)}
    try:
        "".join(_encoder()(value, 0))
    except (TypeError, ValueError, RecursionError) as error:
        return {"refused": f"is none: {error}"}
    return {"value": value, "files": files}


def _execute(source: str, names: dict[str, Json]) -> Json:
    """Run the source; the value of its last line, when that is an expression, is the result."""
    import _ast  # noqa: PLC0415 - see the module's rules

    tree: Any = compile(source, "code", "exec", _ast.PyCF_ONLY_AST)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], _ast.Expr) else None
    if last is not None:
        tree.body.pop()
    exec(compile(tree, "code", "exec"), names)  # noqa: S102 - that is what it is for
    if last is None:
        return None
    return eval(compile(_ast.Expression(body=last.value), "code", "eval"), names)  # noqa: S307 - as above


def _text(name: str) -> str:
    with open(name, encoding="utf-8") as file:  # noqa: PTH123 - see the module's rules
        return file.read()


def _line(error: BaseException) -> int:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "code":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _encoder() -> Any:  # noqa: ANN401 - of the standard library, untyped
    """Return what `json.dumps` is made of, without what it imports; NaN is refused, keys must be text."""
    import _json  # noqa: PLC0415 - see the module's rules

    def refuse(value: object) -> object:
        raise TypeError(f"`{type(value).__name__}` is no JSON")

    return _json.make_encoder({}, refuse, _json.encode_basestring_ascii, None, ":", ",", False, False, False)  # noqa: FBT003


def _decoder() -> Any:  # noqa: ANN401 - as above
    import _json  # noqa: PLC0415 - see the module's rules

    class Rules:
        strict, object_hook, object_pairs_hook, memo = True, None, None, None
        parse_float, parse_int, parse_constant = float, int, float

    rules: Any = Rules()
    return _json.make_scanner(rules)


if __name__ == "__main__":
    main(sys.argv[1:])
