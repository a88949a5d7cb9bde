"Programs that start at once: each is a copy of one process, which has imported what they use"
import atexit, multiprocessing, os, runpy, sys, tempfile, threading
from pathlib import Path
from types import SimpleNamespace

context = multiprocessing.get_context('forkserver' if 'forkserver' in multiprocessing.get_all_start_methods() else 'spawn')
context.set_forkserver_preload(['mnistlearn.all', 'mnistlearn.apps.cli', 'mnistlearn.apps.course', 'mnistlearn.apps.exercises',
                                'accelerate', 'fastai.metrics', 'fastai.optimizer', 'torch._dynamo'])

def _run(script, args, cwd, env, *files):
    multiprocessing.set_start_method(None, force=True) # as any program has it
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None # what was found before is not this program's
    for i, o in enumerate(files, 1): os.dup2(os.open(o, os.O_WRONLY), i)
    sys.argv = [script, *args]
    try: runpy.run_path(script, run_name='__main__')
    finally: # what every program does at its end, but such a copy would not
        threading._shutdown()
        atexit._run_exitfuncs()

class Program:
    "A file of Python that runs in a process of its own; what it prints goes to the files `out` and `err`"
    def __init__(self, script, *args, cwd, **env):
        self.folder = tempfile.TemporaryDirectory()
        self.out, self.err = files = [Path(self.folder.name)/o for o in ('out', 'err')]
        for o in files: o.touch()
        self.process = context.Process(target=_run, args=(str(script), [str(o) for o in args], cwd, {**os.environ, **env}, *files))
        self.process.start()
        atexit.register(self.process.kill) # at the latest; else pytest would wait for it at its own end
        self.pid, self.kill = self.process.pid, self.process.kill

    def wait(self, timeout=240):
        "Its end, as `subprocess.run` gives it"
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.kill()
            raise TimeoutError(f'{self.process} went on for {timeout} seconds')
        return SimpleNamespace(returncode=self.process.exitcode, stdout=self.out.read_text(), stderr=self.err.read_text())
