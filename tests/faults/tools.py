"A disk that is full or can't be written, and what is left in a folder when all is over"
import ctypes, os, re, resource, signal
from contextlib import contextmanager, suppress
from pathlib import Path

def only_sources(stderr):
    "Nothing but where images came from, and that joblib's watcher has cleaned up after a process that was killed"
    stderr = re.sub(r'.*/resource_tracker\.py:\d+: UserWarning: .*(\n  warnings\.warn\($)?', '', stderr, flags=re.M)
    return all(re.match(r"mnist_\w+ from [\w$' ]+: ", o) for o in stderr.split('\n') if o)

def lives_in(home):
    "The environment of a program that finds nothing but what is in this home"
    return dict(HOME=str(home), FASTAI_HOME=str(home/'.fastai'), XDG_CACHE_HOME=str(home/'.cache'), no_proxy='127.0.0.1')

@contextmanager
def full_after(n):
    "No file of this process gets longer than `n` bytes: what would be written beyond them is refused, as on a full disk"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n, before[1]))
    try: yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

def mount(folder, read_only=False, size=None):
    """A file system of its own on `folder`, which only this process and its children see, and which is gone with them. With `read_only`, what
    is in `folder` stays there to be read. An `OSError` where the system does not allow it"""
    libc, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
    def checked(result):
        if result: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    new_mounts, new_user, private, bind, remount, only_read = 0x20000, 0x10000000, 0x44000, 0x1000, 0x20, 0x1
    checked(libc.unshare(new_mounts | (new_user if user else 0)))
    if user:
        Path('/proc/self/setgroups').write_text('deny')
        Path('/proc/self/uid_map').write_text(f'{user} {user} 1')
        Path('/proc/self/gid_map').write_text(f'{group} {group} 1')
    checked(libc.mount(b'none', b'/', None, private, None))
    at = os.fsencode(folder)
    if read_only:
        checked(libc.mount(at, at, None, bind, None))
        checked(libc.mount(at, at, None, bind | remount | only_read, None))
    else: checked(libc.mount(b'tmpfs', at, b'tmpfs', 0, f'size={size}'.encode()))

def left_in(folder):
    "Files and folders that somebody has begun and not finished"
    return sorted(str(o) for o in Path(folder).rglob('*') if o.name.endswith('.part') or o.name.startswith('tmp'))

def seen_of(process):
    "What a process has open, and its place and environment: as much of it as can be read"
    for read in (lambda: [(process/'environ').read_bytes()], lambda: [os.fsencode(os.readlink(process/'cwd'))]):
        with suppress(OSError): yield from read()
    with suppress(OSError):
        for o in os.listdir(process/'fd'):
            with suppress(OSError): yield os.fsencode(os.readlink(process/'fd'/o))

def living_in(folder):
    "Processes that have `folder` as their place, in their environment or in an open file"
    mark, found = os.fsencode(folder), {}
    for o in Path('/proc').glob('[0-9]*'):
        if int(o.name) == os.getpid() or not any(mark in s for s in seen_of(o)): continue
        with suppress(OSError): found[int(o.name)] = (o/'cmdline').read_text()[:200] # otherwise it has ended
    return found
