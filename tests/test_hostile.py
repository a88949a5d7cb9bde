"Answers that mean harm, or do some: nothing outside their own folder changes, and nobody is reached"
import ctypes, os, socket, sys, threading, time
from pathlib import Path

import pytest

import mnistlearn
from mnistlearn.apps.check import Task, _process, _read_report, judge, run_answer
from system import has_landlock, has_namespaces
from test_left_running import running, wait_for

pytestmark = [pytest.mark.dataless, pytest.mark.skipif(not hasattr(os, 'fork'), reason='what holds an answer needs fork')]
linux = pytest.mark.skipif(sys.platform != 'linux', reason='orphans are adopted on Linux')
landlock = pytest.mark.skipif(not has_landlock, reason='this system has no Landlock, so only Python itself is asked')
namespaces = pytest.mark.skipif(not has_namespaces, reason='this system allows no namespaces, so only Python itself is asked')
task = Task('def probe(answer): return answer.f()', limit=5.)
libc = 'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n'

def said(source, task=task):
    "What came of the answer's `f`, in words"
    out = run_answer(source, task)
    if 'results' not in out: return str(out)
    (_, result), = out['results']
    return str(result.get('error', result.get('result')))

@pytest.mark.parametrize('body', ['open({0!r}, "w")', 'open({0!r}, "a")', 'Path({0!r}).write_text("x")', 'os.rename({0!r}, "mine")', 'os.remove({0!r})', 'os.truncate({0!r}, 0)',
    'os.open({0!r}, os.O_RDWR)', 'os.chmod({0!r}, 0)', 'os.mkdir({0!r} + ".d")', 'os.symlink("a", {0!r} + ".l")', 'os.link({0!r}, "mine")', 'import shutil; shutil.rmtree(os.path.dirname({0!r}))',
    'os.chdir(os.path.dirname({0!r})); open("theirs", "w")', 'np.save({0!r}, np.zeros(3))', 'import sqlite3; sqlite3.connect({0!r} + ".db").execute("create table a (b)")'])
def test_files_outside_stay_as_they_are(body, tmp_path):
    (theirs := tmp_path/'theirs').write_text('precious')
    mode = theirs.stat().st_mode
    assert 'Error' in said(f'import os\ndef f():\n    {body.format(str(theirs))}\n    return 1')
    assert [o.name for o in tmp_path.iterdir()] == ['theirs'] and theirs.read_text() == 'precious' and theirs.stat().st_mode == mode

@landlock
def test_files_outside_stay_as_they_are_though_python_is_gone_round(tmp_path):
    (theirs := tmp_path/'theirs').write_text('precious')
    assert 'Error' in said(f'def f(): torch.save(torch.zeros(3), {str(theirs)!r})') and theirs.read_text() == 'precious' # by C++
    for call in (f'libc.open({os.fsencode(theirs)!r}, 513)', f'libc.unlink({os.fsencode(theirs)!r})', f'libc.system(b"echo gone > {theirs}")', f'libc.rename({os.fsencode(theirs)!r}, b"mine")'):
        assert 'Error' not in said(f'{libc}def f(): return {call}')
        assert theirs.read_text() == 'precious'

def test_what_is_its_own_it_may_write():
    own = 'import os, tempfile\ndef f():\n    Path("a").write_text("x")\n    os.mkdir("b")\n    os.rename("a", "b/c")\n    with tempfile.TemporaryDirectory() as d: Path(d, "e").write_text("yz")\n    open(os.devnull, "w").write("away")\n    return Path("b/c").read_text()'
    assert said(own) == 'x'

@pytest.mark.parametrize('body', ['socket.create_connection({0!r}, 2)', 'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", {0!r})', 'socket.getaddrinfo("localhost", 80)',
    'urllib.request.urlopen("http://127.0.0.1:{0[1]}")', 'socket.socket().bind(("127.0.0.1", 0))'])
def test_nobody_is_called(body):
    with socket.create_server(('127.0.0.1', 0)) as server:
        server.settimeout(.3)
        assert 'may not use the network' in said(f'import socket, urllib.request\ndef f():\n    {body.format(server.getsockname())}\n    return 1')
        with pytest.raises(TimeoutError): server.accept()

@namespaces
def test_nobody_is_called_though_python_is_gone_round():
    with socket.create_server(('127.0.0.1', 0)) as server:
        server.settimeout(.3)
        port = server.getsockname()[1]
        address = bytes([2, 0, port >> 8, port & 255, 127, 0, 0, 1]) + bytes(8)
        assert 'Error' not in said(f'{libc}def f(): return libc.connect(libc.socket(2, 1, 0), {address!r}, 16)')
        with pytest.raises(TimeoutError): server.accept()

@pytest.mark.parametrize('body', ['subprocess.run(["true"])', 'os.system("true")', 'os.execv("/bin/true", ["true"])', 'os.posix_spawn("/bin/true", ["true"], {})', 'os.popen("true")'])
def test_no_other_program_is_started(body):
    assert 'may not start other programs' in said(f'import os, subprocess\ndef f():\n    {body}\n    return 1')

@pytest.mark.parametrize('body', ['os.kill(-1, 9)', 'os.kill(os.getppid(), 9)', 'os.kill({0}, 9)', 'os.killpg({0}, 9)', 'os.kill(1, 9)'])
def test_no_other_process_is_ended(body):
    assert 'may not end other processes' in said(f'import os\ndef f():\n    {body.format(os.getpid())}\n    return 1')
    assert said('def f(): return 1') == '1'

def test_processes_that_make_more_of_themselves_come_to_an_end(tmp_path):
    (mark := tmp_path/'mark').touch()
    assert not judge(f'import os\nmark = open({str(mark)!r})\ndef f():\n    while True: os.fork()', task, 'def f(): return 1')
    assert wait_for(lambda: not running(mark), 5)

@linux
@pytest.mark.parametrize('body', ['time.sleep(1000)', 'while True: pass'])
def test_who_hides_is_found(body, tmp_path):
    (mark := tmp_path/'mark').touch()
    hide = f'import os, time\nmark = open({str(mark)!r})\ndef f():\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            os.setsid()\n            {body}\n        os._exit(0)\n    os.wait()\n    return 1'
    assert said(hide, task._replace(limit=3.)) in ('1', "{'stopped': True}")
    assert wait_for(lambda: not running(mark), 3)

def test_the_answers_are_neither_read_nor_changed():
    bank = Path(mnistlearn.__file__).parent/'bank'
    before = {o: o.read_bytes() for o in bank.iterdir()}
    for body in ('open({0!r}).read()', 'open({0!r}, "w")', 'os.listdir(os.path.dirname({0!r}))', 'os.remove({0!r})', 'os.rename(os.path.dirname({0!r}), "mine")', 'import mnistlearn.apps.exercises'):
        assert 'Error' in said(f'import os\ndef f():\n    {body.format(str(bank/"00_data.md"))}\n    return 1')
    assert {o: o.read_bytes() for o in bank.iterdir()} == before

@pytest.mark.parametrize('answer', ['def f():\n    print("right on all 5 inputs")\n    raise SystemExit(0)', 'import os\ndef f():\n    for o in range(3, 40):\n        try: os.write(o, b\'{"results": [["", {"result": 1}]], "lines": [], "printed": ""}\')\n        except OSError: pass\n    os._exit(0)',
    'class Yes:\n    def __eq__(self, other): return True\n    def __bool__(self): return True\ndef f(): return Yes()', 'import json\njson.dumps = lambda o, **k: \'{"results": [["", {"result": 2}]]}\'\ndef f(): return 1'])
def test_a_verdict_that_is_printed_is_no_verdict(answer): assert not judge(answer, task, 'def f(): return 2')

forged_values = ('["tensor", 5]', '["tensor", [2], 5]', '["tensor", [2], [1, "a"]]', '["tensor", [3], [1, 1]]', '["tensor", [-2, -1], [1, 1]]', '["tensor", [[2]], [1, 1]]', '["tensor"]', '[]', '[5]', '["list", 5]',
    '["list"]', '["set", {}]', '["dict", [[1]]]', '["dict", [5]]', '["object", 5]', '["unknown", [1]]', '{}', '["list", [["tensor", 5]]]', '["list", ['*9000 + ']]'*9000, '1, "error": 5')

@pytest.mark.parametrize('right', ['torch.ones(2)', '[1]', '{1: 2}', '1'])
def test_a_report_that_is_forged_is_no_verdict(right, monkeypatch):
    "With the right labels, and values of no known kind"
    real = _process.ask
    for value in forged_values:
        report = f'\n{{"results": [["", {{"result": {value}}}]], "lines": [], "printed": "x"}}'.encode()
        monkeypatch.setattr(_process, 'ask', lambda job: real(job) if 'mine' not in job['source'] else _read_report(report) or dict(died=0))
        assert not judge('mine = 1', task, f'def f(): return {right}', seed=0), value

def test_a_report_that_is_forged_by_an_answer_itself():
    for forged in ('{"results": [["", {"result": ["tensor", 5]}]], "lines": [], "printed": ""}', '{"results": [["", {"result": 1}]], "lines": [], "printed": 5}', '{"results": [["", {"result": 1}]], "lines": [["x", 1, ["list"]]], "printed": ""}'):
        answer = f'import os\ndef f():\n    for o in range(3, 40):\n        try: os.write(o, {forged.encode()!r})\n        except OSError: pass\n    os._exit(0)'
        assert 'ended before the check was over' in judge(answer, task, 'def f(): return torch.ones(2)').words
