"""The words that tell bubblewrap about one confinement. They go through a descriptor, never on a command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from tre.domain.errors import BadInput
from tre.sandbox.confinement import Confinement
from tre.sandbox.interpreter import Interpreter

USER_INSIDE: Final = 1000
LAUNCHER_INSIDE: Final = "/opt/tre/launcher.py"
SYSTEM_FOLDERS: Final = ("/lib", "/lib64", "/lib32", "/bin", "/sbin")
SYSTEM_FILES: Final = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/fonts")
# Source: the read-only and the masked paths of the Open Container Initiative's default runtime configuration.
KERNEL_SETTINGS: Final = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")
KERNEL_MEMORY: Final = (
    "/proc/kcore",
    "/proc/keys",
    "/proc/key-users",
    "/proc/timer_list",
    "/proc/sched_debug",
)
RESERVED: Final = ("/", "/usr", "/proc", "/dev", "/tmp", "/etc", "/opt")  # noqa: S108 - a place inside


@dataclass(slots=True)
class Words:
    """The growing list of words; knows which folders exist already."""

    words: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    contents: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, *words: str) -> None:
        """Append `words` as they are."""
        self.words.extend(words)

    def parents_of(self, inside: str) -> None:
        """Make the folders above `inside`; bubblewrap itself would close them to other accounts."""
        for parent in reversed(PurePosixPath(inside).parents):
            if str(parent) not in self.folders:
                self.folders.add(str(parent))
                self.add("--perms", "0755", "--dir", str(parent))

    def bind(self, option: str, outside: Path, inside: str) -> None:
        """Show `outside` at `inside`."""
        self.parents_of(inside)
        self.folders.add(inside)
        self.add(option, str(outside), inside)

    def content(self, inside: str, content: bytes) -> None:
        """Show bytes as a read-only file; they reach bubblewrap through a descriptor put in by `filled`."""
        self.parents_of(inside)
        self.contents.append((len(self.words) + 3, content))
        self.add("--perms", "0444", "--ro-bind-data", "", inside)

    def filled(self, descriptors: list[int]) -> bytes:
        """The words as bubblewrap reads them, with `descriptors` for the contents in order."""
        words = list(self.words)
        for (place, _), number in zip(self.contents, descriptors, strict=True):
            words[place] = str(number)
        return b"".join(word.encode() + b"\0" for word in words)


def words_for(confinement: Confinement, interpreter: Interpreter, *, is_root: bool) -> Words:
    """Say the whole confinement in bubblewrap's words.

    Raises:
        BadInput: a place inside is not absolute, not plain, or belongs to the sandbox itself.
    """
    words = Words(folders={"/"})
    _namespaces(words, confinement, is_root=is_root)
    _system(words, confinement, is_root=is_root)
    for inside, target in interpreter.links.items():
        words.parents_of(inside)
        words.add("--symlink", target, inside)
    for outside, inside in interpreter.mounts.items():
        words.bind("--ro-bind", outside, inside)
    for inside, content in interpreter.files.items():
        words.content(inside, content)
    words.content(LAUNCHER_INSIDE, Path(__file__).with_name("launcher.py").read_bytes())
    _places(words, "--ro-bind", confinement.read_only)
    _places(words, "--bind", confinement.writable)
    for inside, content in confinement.files.items():
        words.content(_checked(inside), content)
    words.add("--remount-ro", "/dev", "--remount-ro", "/")
    return words


def _namespaces(words: Words, confinement: Confinement, *, is_root: bool) -> None:
    words.add("--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try")
    words.add("--die-with-parent", "--new-session", "--hostname", "workspace", "--cap-drop", "ALL")
    if not confinement.network:
        words.add("--unshare-net")
    if is_root:
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):  # the launcher uses, then loses them
            words.add("--cap-add", capability)
    else:
        words.add("--unshare-user", "--disable-userns", "--uid", str(USER_INSIDE), "--gid", str(USER_INSIDE))


def _system(words: Words, confinement: Confinement, *, is_root: bool) -> None:
    words.bind("--ro-bind", Path("/usr"), "/usr")
    for name in SYSTEM_FOLDERS:
        folder = Path(name)
        if folder.is_symlink():
            words.add("--symlink", str(folder.readlink()), name)
        elif folder.is_dir():
            words.bind("--ro-bind", folder, name)
    for name in SYSTEM_FILES + (("/etc/resolv.conf", "/etc/services") if confinement.network else ()):
        if Path(name).exists():
            words.bind("--ro-bind", Path(name).resolve(), name)
    user = (confinement.account or 0) if is_root else USER_INSIDE
    words.content("/etc/passwd", f"workspace:x:{user}:{user}::/home:/bin/sh\n".encode())
    words.content("/etc/group", f"workspace:x:{user}:\n".encode())
    words.content("/etc/hosts", b"127.0.0.1 localhost workspace\n::1 localhost\n")
    words.content("/etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")
    size = str(confinement.limits.temporary_bytes)
    words.add("--proc", "/proc", "--dev", "/dev")
    if is_root:
        _guard_kernel_settings(words)
    for place in ("/dev/shm", "/tmp"):  # noqa: S108 - a place inside
        words.add("--perms", "1777", "--size", size, "--tmpfs", place)
        words.folders.add(place)


def _guard_kernel_settings(words: Words) -> None:
    """Root may write these by its number alone, without a capability; bubblewrap looks at the folder's mode only."""
    for place in KERNEL_SETTINGS:
        if Path(place).exists():
            words.add("--ro-bind", place, place)
    for place in KERNEL_MEMORY:
        if Path(place).exists():
            words.add("--ro-bind", "/dev/null", place)


def _places(words: Words, option: str, places: Mapping[Path, str]) -> None:
    for outside, inside in sorted(places.items(), key=lambda item: item[1]):
        words.bind(option, outside, _checked(inside))


def _checked(inside: str) -> str:
    path = PurePosixPath(inside)
    is_plain = path.is_absolute() and ".." not in path.parts and str(path) == inside and "\0" not in inside
    is_ours = inside.startswith(("/opt/tre/venv", "/opt/tre/python", "/opt/tre/source", "/proc/", "/dev/"))
    if not is_plain or is_ours or inside in RESERVED:
        raise BadInput(
            "sandbox_place", f"{inside!r} cannot be a place inside the sandbox; choose another one."
        )
    return inside
