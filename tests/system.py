"What this system can do for who runs somebody else's code"
import os, sys, tempfile

from mnistlearn.base.sandbox import keep_writes_in, run_apart

def _holds(protect):
    "Tried in a copy of this process, since it stays for good"
    pid = os.fork()
    if pid: return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    try: os._exit(0 if protect() else 1)
    finally: os._exit(2)

has_landlock = sys.platform == 'linux' and _holds(lambda: keep_writes_in(tempfile.gettempdir()))
has_namespaces = sys.platform == 'linux' and _holds(lambda: run_apart(lambda: None))
