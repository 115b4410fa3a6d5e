"""What somebody would try who wants out of a sandbox. Read by the test beside it, which runs all of them.

The code of an attempt gives `true` when it has got something. What happens outside (a message that arrives, a file that
changes) is judged there, whatever the code says of itself. `w` holds what there is to reach.
"""

from __future__ import annotations

from typing import NamedTuple


class Attempt(NamedTuple):
    """One attempt.

    Attributes:
        aim: What it is after, as the table in the documentation calls it.
        open: Whether it succeeds where there are no walls; then the test proves that it would.
        weak: Whether Landlock does not claim to hold it.
    """

    aim: str
    what: str
    code: str
    open: bool = False
    weak: bool = False


NETWORK, FILES, OTHERS, KERNEL, RESOURCES, LANGUAGE = (
    "network",
    "files",
    "other processes",
    "the kernel",
    "resources",
    "the interpreter",
)

_C = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
_S = "import socket\n"

PROCESS: tuple[Attempt, ...] = (
    Attempt(
        NETWORK, "TCP to this machine", _S + "socket.create_connection(('127.0.0.1', w['tcp']), 2)\nTrue", open=True
    ),
    Attempt(NETWORK, "TCP over IPv6", _S + "socket.create_connection(('::1', w['tcp6']), 2)\nTrue", open=True),
    Attempt(
        NETWORK,
        "TCP to another machine",
        _S + "s = socket.socket()\ns.setblocking(False)\ns.connect_ex(('192.0.2.1', 80)) in (0, 115)",
        open=True,
    ),
    Attempt(
        NETWORK,
        "UDP to this machine",
        _S + "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', w['udp']))\nNone",
        open=True,
    ),
    Attempt(
        NETWORK,
        "a name looked up",
        _S + "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.connect(('192.0.2.53', 53))\ns.send(b'x') == 1",
        open=True,
    ),
    Attempt(
        NETWORK,
        "a unix socket by its path",
        _S + "s = socket.socket(socket.AF_UNIX)\ns.connect(w['unix'])\nTrue",
        open=True,
    ),
    Attempt(
        NETWORK,
        "an abstract unix socket",
        _S + "s = socket.socket(socket.AF_UNIX)\ns.connect('\\0' + w['abstract'])\nTrue",
        open=True,
    ),
    Attempt(NETWORK, "a raw socket", _S + "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\nTrue"),
    Attempt(NETWORK, "a packet socket", _S + "socket.socket(17, socket.SOCK_RAW, 0)\nTrue"),
    Attempt(
        NETWORK, "the machine around a virtual machine (vsock)", _S + "socket.socket(40, socket.SOCK_STREAM)\nTrue"
    ),
    Attempt(NETWORK, "the kernel's ciphers (AF_ALG)", _S + "socket.socket(38, socket.SOCK_SEQPACKET)\nTrue"),
    Attempt(NETWORK, "listening", _S + "s = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nTrue", open=True),
    Attempt(FILES, "read /etc/shadow", "open('/etc/shadow').read() != ''"),
    Attempt(FILES, "read /etc/passwd", "open('/etc/passwd').read() != ''", open=True),
    Attempt(FILES, "read a file of the user", "open(w['secret']).read() == 'hunter2'", open=True),
    Attempt(
        FILES,
        "read it by a relative path",
        "open('../' * 20 + w['secret']).read() == 'hunter2'",
        open=True,
    ),
    Attempt(FILES, "list a folder of the user", "import os\n'secret.txt' in os.listdir(w['home'])", open=True),
    Attempt(FILES, "see that a file is there", "import os\nos.stat(w['secret']).st_size == 7", open=True, weak=True),
    Attempt(FILES, "write a file", "open(w['home'] + '/planted', 'w').write('x')\nNone", open=True),
    Attempt(FILES, "write over a file", "open(w['victim'], 'w').write('x')\nNone", open=True),
    Attempt(FILES, "empty a file by opening it", "import os\nos.open(w['victim'], os.O_TRUNC)\nNone", open=True),
    Attempt(FILES, "empty a file", "import os\nos.truncate(w['victim'], 0)\nNone", open=True),
    Attempt(FILES, "delete a file", "import os\nos.unlink(w['victim'])\nNone", open=True),
    Attempt(FILES, "move a file", "import os\nos.rename(w['victim'], w['victim'] + '2')\nNone", open=True),
    Attempt(FILES, "make a folder", "import os\nos.mkdir(w['home'] + '/planted')\nNone", open=True),
    Attempt(FILES, "open a file to everybody", "import os\nos.chmod(w['victim'], 0o777)\nNone", open=True),
    Attempt(FILES, "change the time of a file", "import os\nos.utime(w['victim'], (1, 1))\nNone", open=True),
    Attempt(FILES, "give a file away", "import os\nos.chown(w['victim'], os.getuid(), os.getgid())\nTrue", open=True),
    Attempt(
        FILES,
        "follow a symbolic link",
        "import os\nos.symlink(w['secret'], 'link')\nopen('link').read() == 'hunter2'",
        open=True,
    ),
    Attempt(
        FILES,
        "follow a hard link",
        "import os\nos.link(w['secret'], w['home'] + '/planted')\nNone",
        open=True,
    ),
    Attempt(
        FILES,
        "change Python's own library",
        "import os\nfile = open(os.__file__, 'a')\nTrue",
    ),
    Attempt(FILES, "plant a module in it", "import os\nopen(os.path.dirname(os.__file__) + '/planted.py', 'w')\nTrue"),
    Attempt(
        FILES,
        "make a device and read it",
        "import os, stat\nos.mknod('disk', stat.S_IFBLK | 0o600, os.makedev(254, 0))\nopen('disk', 'rb')\nTrue",
    ),
    Attempt(FILES, "read the disk", "any(open('/dev/' + one, 'rb') for one in ('vda', 'sda', 'nvme0n1', 'mem'))"),
    Attempt(FILES, "read /sys", "import os\n'lo' in os.listdir('/sys/class/net')", open=True),
    Attempt(FILES, "write to /proc/sys", "open('/proc/sys/kernel/core_pattern', 'a')\nTrue"),
    Attempt(
        FILES,
        "use a descriptor that was left open",
        "import os\nos.read(w['fd'], 1) == b'x'",
    ),
    Attempt(
        OTHERS,
        "read the environment of another process",
        "b'hunter2' in open(f\"/proc/{w['other']}/environ\", 'rb').read()",
        open=True,
    ),
    Attempt(OTHERS, "read a secret from its own environment", "import os\n'hunter2' in str(dict(os.environ))"),
    Attempt(
        OTHERS,
        "see what else runs",
        "import os\nlen([one for one in os.listdir('/proc') if one.isdigit()]) > 2",
        open=True,
    ),
    Attempt(
        OTHERS, "see Podium's files through /proc", "import os\nos.listdir(f\"/proc/{w['podium']}/root/etc\") != []"
    ),
    Attempt(OTHERS, "signal Podium", "import os\nos.kill(w['podium'], 0)\nTrue", open=True),
    Attempt(OTHERS, "kill another process", "import os\nos.kill(w['other'], 9)\nNone", open=True),
    Attempt(
        OTHERS,
        "kill it through a descriptor",
        "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(w['other']), 9)\nNone",
        open=True,
    ),
    Attempt(OTHERS, "kill its parent", "import os\nos.getppid() > 1 and os.kill(os.getppid(), 0) is None", open=True),
    Attempt(OTHERS, "trace another process", _C + "libc.ptrace(16, w['other'], 0, 0) == 0"),
    Attempt(
        OTHERS,
        "read the memory of another process",
        _C + "libc.process_vm_readv(w['podium'], None, 0, None, 0, 0) == 0",
        open=True,
    ),
    Attempt(
        OTHERS,
        "slow another process down",
        "import os\nos.setpriority(os.PRIO_PROCESS, w['other'], 19)\nTrue",
        open=True,
    ),
    Attempt(
        OTHERS,
        "change the limits of another",
        "import resource\nresource.prlimit(w['other'], resource.RLIMIT_CORE)\nTrue",
        open=True,
    ),
    Attempt(OTHERS, "share memory with others", _C + "libc.shmget(w['shared'], 0, 0) >= 0", open=True),
    Attempt(OTHERS, "start a process", "import os\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nTrue", open=True),
    Attempt(OTHERS, "start a program", "import subprocess\nsubprocess.run(['/bin/true']).returncode == 0", open=True),
    Attempt(OTHERS, "become a setuid program", "import os\nos.execv('/usr/bin/su', ['su', '--version'])\nTrue"),
    Attempt(KERNEL, "become another user", "import os\nos.setuid(os.getuid() + 1 if os.getuid() else 1)\nTrue"),
    Attempt(KERNEL, "join another group", "import os\nos.setgroups([0, 4])\nTrue"),
    Attempt(KERNEL, "a new user namespace", _C + "libc.unshare(0x10000000) == 0", open=True),
    Attempt(KERNEL, "a new mount namespace", _C + "libc.unshare(0x20000) == 0"),
    Attempt(
        KERNEL,
        "a new namespace by clone3",
        _C + "libc.syscall(435, 0, 0) < 0 and ctypes.get_errno() not in (1, 38)",
        open=True,
    ),
    Attempt(KERNEL, "mount something", _C + "libc.mount(b'none', b'/tmp', b'tmpfs', 0, 0) == 0"),
    Attempt(KERNEL, "mount by the new calls", _C + "libc.syscall(430, b'tmpfs', 0) >= 0"),
    Attempt(KERNEL, "unmount something", _C + "libc.umount2(b'/tmp', 2) == 0"),
    Attempt(KERNEL, "change the root", "import os\nos.chroot('.')\nTrue"),
    Attempt(
        KERNEL,
        "join the namespaces of others",
        "import os\nos.open(f\"/proc/{w['podium']}/ns/net\", 0) >= 0",
        open=True,
    ),
    Attempt(
        KERNEL,
        "a kernel program (bpf)",
        _C + "libc.syscall(w['bpf'], 99, 0, 0) < 0 and ctypes.get_errno() != 1",
        open=True,
    ),
    Attempt(KERNEL, "io_uring", _C + "libc.syscall(425, 0, 0) < 0 and ctypes.get_errno() not in (1, 38)", open=True),
    Attempt(KERNEL, "userfaultfd", _C + "libc.syscall(w['userfaultfd'], 1) >= 0"),
    Attempt(
        KERNEL,
        "performance counters",
        _C + "libc.syscall(w['perf'], 0, 0, 0, 0, 0) < 0 and ctypes.get_errno() != 1",
        open=True,
    ),
    Attempt(KERNEL, "keys of the session", _C + "libc.syscall(w['keyctl'], 0, -3, 0) >= 0", open=True),
    Attempt(KERNEL, "another personality", _C + "libc.personality(0x0040000) != -1", open=True),
    Attempt(KERNEL, "load a module", _C + "libc.syscall(w['init_module'], 0, 0, 0) < 0 and ctypes.get_errno() != 1"),
    Attempt(
        KERNEL, "restart the machine", _C + "libc.syscall(w['reboot'], 0, 0, 0, 0) < 0 and ctypes.get_errno() != 1"
    ),
    Attempt(KERNEL, "rename the machine", "import socket\nsocket.sethostname(socket.gethostname())\nTrue"),
    Attempt(KERNEL, "the kernel's messages", _C + "libc.klogctl(10, 0, 0) >= 0"),
    Attempt(
        KERNEL,
        "a file by its number",
        _C + "libc.syscall(w['open_by_handle'], -1, 0, 0) < 0 and ctypes.get_errno() != 1",
    ),
    Attempt(KERNEL, "type into the terminal (TIOCSTI)", "import fcntl\nfcntl.ioctl(0, 0x5412, b'x')\nTrue"),
    Attempt(KERNEL, "open the terminal", "open('/dev/tty')\nTrue"),
    Attempt(KERNEL, "leave a core dump", "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (1, 1))\nTrue"),
    Attempt(
        KERNEL, "raise its own limits", "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))\nTrue"
    ),
    Attempt(RESOURCES, "memory at once", "len(b'x' * (4 * 10**9)) > 0"),
    Attempt(
        RESOURCES, "memory bit by bit", "held = []\nfor n in range(10**4):\n    held.append(bytearray(10**6))\nTrue"
    ),
    Attempt(RESOURCES, "memory by mmap", "import mmap\nlen([mmap.mmap(-1, 10**8) for _ in range(50)]) == 50"),
    Attempt(RESOURCES, "a fork bomb", "import os\nwhile True:\n    os.fork()"),
    Attempt(
        RESOURCES,
        "a thread bomb",
        "import threading as t, time\nfor _ in range(9999):\n    t.Thread(target=time.sleep, args=(60,)).start()\nTrue",
    ),
    Attempt(RESOURCES, "a loop without end", "while True:\n    pass"),
    Attempt(RESOURCES, "waiting without end", "import time\nwhile True:\n    time.sleep(600)"),
    Attempt(
        RESOURCES,
        "deaf to signals",
        "import signal\nfor n in (2, 15, 24, 14):\n    signal.signal(n, lambda *_: None)\nwhile True:\n    pass",
    ),
    Attempt(RESOURCES, "one huge file", "open('big', 'wb').write(b'x' * 10**8) == 10**8"),
    Attempt(
        RESOURCES,
        "many files",
        "size = 0\nfor n in range(40):\n    size += open(f'f{n}', 'wb', 0).write(b'x' * 10**6)\nsize > 3 * 10**7",
        weak=True,
    ),
    Attempt(RESOURCES, "printing without end", "while True:\n    print('x' * 10**6)"),
    Attempt(RESOURCES, "a huge result", "'x' * (3 * 10**7)"),
    Attempt(RESOURCES, "a deep result", "x = []\nfor _ in range(10**5):\n    x = [x]\nx"),
    Attempt(RESOURCES, "a result that is none", "import os\nos.write(1, b'{\"value\": true')\nos._exit(0)"),
    Attempt(
        RESOURCES,
        "threads that stay",
        "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f).start()\nFalse",
    ),
)

MONTY: tuple[Attempt, ...] = tuple(
    Attempt(LANGUAGE, what, code)
    for what, code in (
        ("classes of a tuple", "len(().__class__.__bases__[0].__subclasses__()) > 0"),
        ("a class by a name that is put together", "getattr((), '__cl' + 'ass__').__mro__ != ()"),
        ("globals of a function", "(lambda: 0).__globals__['__builtins__'] is not None"),
        ("code of a function", "(lambda: 0).__code__.co_code != b''"),
        ("a class in a format text", "'{0.__class__.__mro__}'.format(1) != ''"),
        ("self of a builtin", "print.__self__ is not None"),
        ("builtins by name", "__builtins__ is not None"),
        ("the module builtins", "import builtins\nbuiltins.open('/etc/passwd').read() != ''"),
        ("import by a function", "__import__('os').system('id') == 0"),
        ("import in eval", "eval(\"__import__('os').system('id')\") == 0"),
        ("import in exec", "exec('import subprocess')\nTrue"),
        ("a command by os", "import os\nos.system('id') == 0"),
        ("a process by os", "import os\nos.fork() >= 0"),
        ("subprocess", "import subprocess\nTrue"),
        ("ctypes", "import ctypes\nTrue"),
        ("sockets", "import socket\nTrue"),
        ("importlib", "import importlib\nTrue"),
        ("pickle", "import pickle\nTrue"),
        ("signals", "import signal\nTrue"),
        ("modules that are loaded", "import sys\nsys.modules['os'] is not None"),
        ("frames", "import sys\nsys._getframe().f_back is not None"),
        (
            "frames of an exception",
            "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    t = e.__traceback__.tb_frame\nt is not None",
        ),
        ("frame of a generator", "(x for x in [1]).gi_frame.f_globals != {}"),
        ("a class by type()", "type('X', (object,), {'__del__': print}) is not None and False"),
        ("compile", "compile('import os', 'x', 'exec') is not None"),
        ("a file of the system", "open('/etc/passwd').read() != ''"),
        ("a file of the user", "open(w['secret']).read() == 'hunter2'"),
        ("a file by a relative path", "open('../' * 20 + w['secret']).read() == 'hunter2'"),
        ("a file by pathlib", "from pathlib import Path\nPath(w['secret']).read_text() == 'hunter2'"),
        ("a link to a file", "import os\nos.symlink(w['secret'], '/link')\nopen('/link').read() == 'hunter2'"),
        ("write a file outside", "open(w['home'] + '/planted', 'w').write('x')\nNone"),
        ("a folder of the user", "import os\n'secret.txt' in os.listdir(w['home'])"),
        ("its environment by /proc", "open('/proc/self/environ').read() != ''"),
        (
            "the environment",
            "import os\n'hunter2' in str(dict(os.environ)) or os.getenv('PODIUM_TEST_SECRET') is not None",
        ),
        ("a debugger", "breakpoint()\nTrue"),
        ("input", "input() is not None"),
        ("memory at once", "len('x' * 10**10) > 0"),
        ("memory as a list", "len([0] * 10**10) > 0"),
        ("memory bit by bit", "held = []\nwhile True:\n    held.append('x' * 1000 + str(len(held)))"),
        ("memory by a range", "len(list(range(10**11))) > 0"),
        ("a power", "2 ** 10**10 > 0"),
        ("a factorial", "x = 1\nfor n in range(1, 10**7):\n    x = x * n\nTrue"),
        ("digits of a number", "int('9' * 10**7) > 0"),
        ("a loop without end", "while True:\n    pass"),
        ("a loop inside a builtin", "sum(range(10**13)) > 0"),
        ("a search inside a builtin", "max(x * x for x in range(10**12)) > 0"),
        ("recursion", "def f(n):\n    return f(n + 1)\nf(0)"),
        ("recursion by repr", "x = []\nfor _ in range(10**5):\n    x = [x]\nrepr(x)\nFalse"),
        ("a regular expression", "import re\nre.match('(a*)*b', 'a' * 10**5) is not None"),
        ("a deep result", "x = []\nfor _ in range(10**4):\n    x = [x]\nx"),
        ("printing without end", "while True:\n    print('x' * 1000)"),
        ("sleeping without end", "import time\nwhile True:\n    time.sleep(1000)"),
        ("many files", "for n in range(100):\n    open(f'/f{n}', 'w').write('x' * 10**6)\nTrue"),
    )
)
